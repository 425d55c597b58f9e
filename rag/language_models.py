"""Which generator a choice stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rag.address import PREFIX
from rag.models import resolve_generator
from rag.once import Once
from rag.types import Generator, Message
from rag.weights import Weights

NO_GENERATOR = "none"


class LazyGenerator:
    """Is loaded when it first writes: most answers are quotes, and need none.

    Raises ModelError at once where its weights do not convert, or not fit into memory.
    """

    def __init__(self, weights: Weights) -> None:
        from rag.generator import prepare

        prepare(weights)
        self.name = weights.name
        self._model = Once(partial(_load, weights))

    def generate(self, messages: Sequence[Message], max_new_tokens: int) -> str:
        """What the generator says. Raises ModelError where it does not load."""
        return self._model().generate(messages, max_new_tokens)


def find_generator(choice: str | None, lazy: bool = False) -> Callable[[], Generator | None]:
    """Find the weights, or ask the server, that ``choice`` names; what is returned loads them.

    So a choice that cannot be had is an error before an index is built for it. ``choice`` is
    "none", what starts with "openai:" (see ``rag.address``), or what ``resolve_generator`` takes.
    With ``lazy`` it is not loaded before it writes.
    """
    if choice == NO_GENERATOR:
        return lambda: None
    if choice is not None and choice.startswith(PREFIX):
        from rag.remote import connect

        server = connect(choice)
        return lambda: server
    weights = resolve_generator(choice)
    return partial(LazyGenerator if lazy else _load, weights)


def _load(weights: Weights) -> Generator:
    from rag.generator import load_generator

    return load_generator(weights)
