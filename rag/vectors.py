"""Texts → vectors, each text once, and none whose vector is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from rag.progress import progress_bar
from rag.types import Chunk, Document, Embedder, Vectors

_BATCH = 64  # texts between two steps of the progress bar


def text_key(text: str) -> str:
    """What the vector of a text is known by."""
    return hashlib.sha256(text.encode()).hexdigest()


def embedded_texts(chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> list[str]:
    """All that is embedded: the chunks, then their sentences."""
    sentences = [span.of(documents[chunk.doc].text) for chunk in chunks for span in chunk.sentences]
    return [*(chunk.text for chunk in chunks), *sentences]


def embed(
    texts: Sequence[str],
    embedder: Embedder,
    known: Mapping[str, Vectors],
    progress: bool = True,
) -> Vectors:
    """One row for each text, shape (len(texts), dimension); what is known is not embedded again.

    Texts of like length go together, since a batch takes as long as its longest. Time goes with
    characters, so they are what the progress bar counts.
    """
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    keys = [text_key(text) for text in texts]
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    pending = sorted(new, key=lambda key: len(new[key]), reverse=True)
    vectors = dict(known)
    chars = sum(map(len, new.values()))
    with progress_bar(chars, "char", "embedding", progress) as bar:
        for start in range(0, len(pending), _BATCH):
            batch = pending[start : start + _BATCH]
            encoded = embedder.encode([new[key] for key in batch])
            vectors.update(zip(batch, encoded, strict=True))
            bar.update(sum(len(new[key]) for key in batch))
    return np.stack([vectors[key] for key in keys])
