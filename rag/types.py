"""The data that flows through the system: Document → Chunk → Hit → Answer(Citation).

All offsets count characters of the decoded document, end exclusive, so that
``document.text[start:end]`` is the very text that is shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, TypedDict

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
HalfVectors = npt.NDArray[np.float16]
Mask = npt.NDArray[np.bool_]  # which rows of an index are searched


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of some text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the corpus, or one row of it.

    ``id`` is the path relative to the corpus folder, of the third row "table.csv#3"; ``file`` is
    the path alone. ``pages`` holds the offset at which each page begins.
    """

    id: str
    title: str
    text: str
    date: str = ""  # ISO 8601, a day
    url: str = ""
    pages: tuple[int, ...] = ()
    file: str = ""

    def page(self, offset: int) -> int | None:
        """The page, from 1, that a character stands on; None in a document without pages."""
        return bisect_right(self.pages, offset) or None

    def holds(self, start: int, end: int, quote: str) -> bool:
        """Whether a quote stands there; the file may have changed since it was read."""
        return self.text[start:end] == quote


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences of one document; ``id`` is its row in the index."""

    id: int
    doc: str
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk; a larger score is better, scales differ between retrievers."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source sentence that may support an answer; a larger score is better.

    ``before`` is the sentence before in its passage, "" where there is none. ``cosine`` is that
    of the question's vector for sentences and this one, ``share`` the part of the question's words
    that stand in the sentence, weighted by IDF, 0 to 1.
    """

    doc: str
    start: int
    end: int
    text: str
    title: str  # of the document
    before: str
    cosine: float
    share: float
    score: float
    heading: str = ""  # that it stands under
    head: Evidence | None = None  # of the table that it is a row of

    @property
    def context(self) -> str:
        """What a reader knows on reaching the sentence's end."""
        before = self.head.text if self.head else self.before
        return f"{self.title} {self.heading} {before} {self.text}"


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered quote: exactly ``document.text[start:end]`` of document ``doc``.

    ``date`` and ``url`` are those of the document, ``page`` is where the quote begins.
    """

    marker: int
    doc: str
    title: str
    start: int
    end: int
    quote: str
    date: str = ""
    page: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved passage as reported beside the answer."""

    doc: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class ModelNames:
    """Which weights answered."""

    generator: str
    embedder: str
    judge: str = "none"


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall-clock seconds by stage; ``total`` is the whole question, models already loaded."""

    retrieve: float
    generate: float
    ground: float
    total: float
    judge: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One of the questions in a question, as it was understood: follow-ups name their subject, and
    words are spelt as in the corpus.

    ``confidence`` is the probability, 0 to 1, that the corpus answers it, ``reason`` why it is not
    answered, in a sentence.
    """

    question: str
    answered: bool
    confidence: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What every front end shows. ``answer`` carries inline markers such as ``[1]``.

    ``confidence`` is the probability, 0 to 1, that the corpus answers all that was answered.
    """

    question: str
    answer: str
    refused: bool
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    models: ModelNames
    seconds: Seconds
    confidence: float
    parts: tuple[Part, ...] = ()
    conflict: tuple[int, ...] = ()  # markers of quotes that disagree, empty where none do

    @property
    def outcome(self) -> Literal["answered", "partly", "refused"]:
        """ "partly" where some part of the question is not told, and is named in the answer."""
        if self.refused:
            return "refused"
        return "answered" if all(part.answered for part in self.parts) else "partly"

    @property
    def understood(self) -> tuple[str, ...]:
        """The questions in it that were not asked in these words, capitals aside."""
        asked = self.question.casefold()
        return tuple(p.question for p in self.parts if p.question.casefold() not in asked)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why parts of it are not answered, each named where there are several."""
        told = [part for part in self.parts if part.reason]
        if len(told) == 1:
            return (told[0].reason,)
        return tuple(f"{part.question} — {part.reason}" for part in told)

    def to_dict(self) -> dict[str, Any]:
        """The object printed by ``--json``; its keys are a public contract."""
        return {**asdict(self), "outcome": self.outcome}


class Message(TypedDict):
    """One turn of a chat prompt."""

    role: str
    content: str


Stage = Literal["searching", "reading", "writing", "checking"]  # of answering a question


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """Of a question; unit vectors, float32, shape (dimension,)."""

    passage: Vectors  # near passages on what it is about
    sentence: Vectors  # near sentences that answer it


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their cosine."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes with the weights; vectors differ a little between CPUs all the same."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimension)."""
        ...

    def encode_query(self, question: str) -> QueryVectors:
        """Of one question."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether it is a token of its own, as ordinary words are and slips of the pen are not."""
        ...


class Judge(Protocol):
    """Tells whether sentences answer a question."""

    @property
    def name(self) -> str: ...

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        """Of answering, one for each sentence; 0 is as likely as not."""
        ...


class Generator(Protocol):
    """Continues a chat."""

    @property
    def name(self) -> str: ...

    def generate(self, messages: Sequence[Message], max_new_tokens: int) -> str:
        """The reply, greedily decoded, without special tokens."""
        ...
