"""Texts → vectors, each text once, and none whose vector is known."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.progress import progress_bar
from rag.sections import Sections, in_words
from rag.types import Chunk, Document, Embedder, HalfVectors, Span, Vectors

_BATCH = 64  # texts between two steps of the progress bar
_BLOCK = 4096  # rows that are rounded at a time


def text_key(text: str) -> str:
    """What the vector of a text is known by."""
    return hashlib.sha256(text.encode()).hexdigest()


def embedded_texts(chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> list[str]:
    """All that is embedded: the chunks, then their sentences, each with its heading."""
    passages: list[str] = []
    sentences: list[str] = []
    for chunk in chunks:
        document = documents[chunk.doc]
        sections = Sections(document, Span(chunk.start, chunk.end))
        passages.append(_below(sections.heading(chunk.start), chunk.text))
        for span in chunk.sentences:
            text, head = span.of(document.text), sections.head(span.start)
            read = in_words(text, head.of(document.text)) if head else text
            sentences.append(_below(sections.heading(span.start), read))
    return [*passages, *sentences]


def _below(heading: str, text: str) -> str:
    return f"{heading}\n{text}" if heading else text


def embed(
    texts: Sequence[str],
    embedder: Embedder,
    known: Mapping[str, Vectors],
    progress: bool = True,
    disk: Path | None = None,
) -> Vectors:
    """One row for each text, shape (len(texts), dimension); what is known is not embedded again.

    Texts of like length go together, since a batch takes as long as its longest. Time goes with
    characters, so they are what the progress bar counts. With ``disk``, a folder, the rows lie in
    a file there that nobody sees, rather than in memory; raises OSError where there is no room.
    """
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    rows: dict[str, list[int]] = {}  # of each text, by key
    for row, text in enumerate(texts):
        rows.setdefault(text_key(text), []).append(row)
    pending = [key for key in rows if key not in known]
    pending.sort(key=lambda key: len(texts[rows[key][0]]), reverse=True)
    dimension = embedder.encode([]).shape[1]
    vectors: Vectors = _rows((len(texts), dimension), np.dtype(np.float32), disk)
    for key in rows.keys() & known.keys():
        vectors[rows[key]] = known[key]
    chars = sum(len(texts[rows[key][0]]) for key in pending)
    with progress_bar(chars, "char", "embedding", progress) as bar:
        for start in range(0, len(pending), _BATCH):
            batch = pending[start : start + _BATCH]
            chosen = [texts[rows[key][0]] for key in batch]
            for key, vector in zip(batch, embedder.encode(chosen), strict=True):
                vectors[rows[key]] = vector
            bar.update(sum(map(len, chosen)))
    return vectors


def halved(vectors: Vectors, disk: Path | None = None) -> HalfVectors:
    """The same rows in float16; for ``disk`` see ``embed``."""
    half: HalfVectors = _rows(vectors.shape, np.dtype(np.float16), disk)
    for start in range(0, len(vectors), _BLOCK):
        half[start : start + _BLOCK] = vectors[start : start + _BLOCK]
    return half


def _rows(shape: tuple[int, ...], dtype: np.dtype[Any], disk: Path | None) -> npt.NDArray[Any]:
    """Zeros, in memory or in a file that goes when they do."""
    if disk is None or 0 in shape:
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile(dir=disk) as file:
        # Written, not only sized: writing to mapped room that a full disk has not ends the process.
        row = bytes(shape[1] * dtype.itemsize)
        file.writelines(row for _ in range(shape[0]))
        file.flush()
        return np.memmap(file, dtype, "r+", shape=shape)
