"""A file's documents → its chunks and vectors, and the stores that take them file by file.

A folder's index is made whole (see ``rag.index``). What is too large for that is kept by a server
and filled one file after the other, in any order, by any number of processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rag.chunking import chunk_document
from rag.types import Chunk, Document, Embedder, HalfVectors, Vectors
from rag.vectors import embed, embedded_texts


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What stands in one file; ``sha256`` is that of its bytes."""

    path: str  # below the corpus folder
    sha256: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file as a store takes it. Chunks are numbered within the file."""

    file: ReadFile
    chunks: tuple[Chunk, ...]
    vectors: Vectors  # (chunks, dimension), unit length
    sentence_vectors: HalfVectors  # (sentences of all chunks in order, dimension)


class Store(Protocol):
    """Keeps files; whoever runs it again after a failure mends what that left behind."""

    def files(self) -> dict[str, str]:
        """Path → sha256 of each file that is wholly stored; "" of one that is stored in part."""

    def put(self, files: Sequence[EmbeddedFile]) -> None:
        """Replace what is stored of these files. To put a file twice is to put it once."""

    def remove(self, paths: Iterable[str]) -> None:
        """Forget these files, also such as were stored in part."""


def embed_files(
    files: Sequence[ReadFile], embedder: Embedder, chunk_chars: int
) -> list[EmbeddedFile]:
    """All texts of all files are embedded together; a text that stands in two only once."""
    chunks = [_chunks(file, chunk_chars) for file in files]
    texts = [
        embedded_texts(of_file, {document.id: document for document in file.documents})
        for file, of_file in zip(files, chunks, strict=True)
    ]
    vectors = embed([text for of_file in texts for text in of_file], embedder, {}, progress=False)
    made = []
    first = 0
    for file, of_file, of_texts in zip(files, chunks, texts, strict=True):
        rows = vectors[first : first + len(of_texts)]
        first += len(of_texts)
        split = len(of_file)
        made.append(
            EmbeddedFile(file, tuple(of_file), rows[:split], rows[split:].astype(np.float16))
        )
    return made


def _chunks(file: ReadFile, chunk_chars: int) -> list[Chunk]:
    chunks: list[Chunk] = []
    for document in file.documents:
        chunks += chunk_document(document, chunk_chars, len(chunks))
    return chunks
