"""What answering a question needs of an index, wherever that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rag.errors import ReplacedError
from rag.filters import Filter
from rag.manifest import Recipe
from rag.types import Chunk, Document, Hit, Vectors

DEPTH = 50  # of each ranking before fusion


class SearchIndex(Protocol):
    """Chunks that can be searched, and the documents that they are of."""

    @property
    def recipe(self) -> Recipe:
        """What it was made from, as far as it keeps that at hand."""
        ...

    @property
    def documents(self) -> Mapping[str, Document]:
        """By id; they may be fetched only when they are asked for."""
        ...

    @property
    def chunk_count(self) -> int: ...

    def only(self, wanted: Filter) -> SearchIndex:
        """The same index, whose searches find chunks of those documents alone that are wanted."""
        ...

    def coverage(self, wanted: Filter) -> str:
        """How many documents are wanted, in words."""
        ...

    def search(self, question: str, vector: Vectors, k: int) -> list[Hit]:
        """The k best chunks by vector and by words, joined by reciprocal rank; best first."""
        ...

    def vectors_of(self, chunk: Chunk) -> Vectors:
        """Unit vectors of the sentences of a chunk that was found, shape (sentences, dimension)."""
        ...

    def idf(self, term: str) -> float:
        """Natural logarithm of (n + 1) / (df + 0.5): positive, largest for unknown terms."""
        ...


def document_of(doc: str, documents: Mapping[str, Document]) -> Document:
    """A document that was found; ReplacedError where it has been removed since."""
    document = documents.get(doc)
    if document is None:
        raise ReplacedError(doc)
    return document
