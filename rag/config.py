"""Every setting in one place, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rag.errors import UsageError

INDEXES = Path("indexes")  # folder of all indexes, in the working folder
_BOUNDS = {
    "chunk_chars": (200, 4000),
    "top_k": (1, 50),
    "max_words": (5, 400),
    "quote_words": (0, 400),
}


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one pipeline.

    Raises UsageError when a number is outside its bounds; an unknown name is a TypeError
    of the constructor itself.
    """

    chunk_chars: int = 900  # MiniLM reads 256 tokens, about 1,000 characters of English
    top_k: int = 8  # passages reported beside the answer
    max_words: int = 100  # of the printed answer: two long source sentences
    quote_words: int = 80  # source sentences up to this long are not redrafted

    def __post_init__(self) -> None:
        for name in _BOUNDS:
            require_in_bounds(name, getattr(self, name))


def require_in_bounds(name: str, value: int) -> None:
    """Raise UsageError where the setting ``name`` may not be ``value``."""
    low, high = _BOUNDS[name]
    if not low <= value <= high:
        raise UsageError(f"{name.replace('_', '-')} is {value}, expected {low} to {high}")
