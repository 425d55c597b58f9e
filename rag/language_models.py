"""Which language models a choice stands for: one that writes, and one that judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rag.address import PREFIX
from rag.models import resolve_generator
from rag.once import Once
from rag.types import Generator, Judge, Message
from rag.weights import Weights

NO_GENERATOR = "none"
Load = Callable[[], tuple[Generator | None, Judge | None]]


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


def find_language_models(choice: str | None, lazy: bool = False) -> Load:
    """Find the weights, or ask the server, that ``choice`` names; what is returned loads them.

    So a choice that cannot be had is an error before an index is built for it. ``choice`` is
    "none", what starts with "openai:" (see ``rag.address``), or what ``resolve_generator`` takes.
    With ``lazy`` what writes is not loaded before it does.
    """
    if choice == NO_GENERATOR:
        return lambda: (None, None)
    if choice is not None and choice.startswith(PREFIX):
        from rag.remote import connect

        server = connect(choice)
        return lambda: (server, _judge())
    weights = resolve_generator(choice)
    return lambda: (LazyGenerator(weights) if lazy else _load(weights), _judge())


def _load(weights: Weights) -> Generator:
    from rag.generator import load_generator

    return load_generator(weights)


def _judge() -> Judge | None:
    from rag.judge import load_judge

    return load_judge()
