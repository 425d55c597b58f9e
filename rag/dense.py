"""Vectors → nearest vectors, by FAISS (and nowhere else)."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np

from rag.types import Mask, Vectors


class DenseIndex:
    """Exact search by inner product; unit vectors make that the cosine.

    Johnson, Douze & Jégou 2017, https://arxiv.org/abs/1702.08734.
    """

    def __init__(self, index: faiss.IndexFlatIP) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """From unit vectors, shape (n, dimension); row numbers become ids."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Raises RuntimeError when the file is not a flat FAISS index."""
        index = faiss.read_index(str(path))
        if not isinstance(index, faiss.IndexFlatIP):
            raise RuntimeError(f"{path} holds a {type(index).__name__}, expected IndexFlatIP")
        return cls(index)

    def save(self, path: Path) -> None:
        """Raises OSError when the file cannot be written.

        Through Python's file, since FAISS's own writer overlooks a disk that is full at closing.
        """
        path.write_bytes(faiss.serialize_index(self._index).tobytes())

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def vectors(self) -> Vectors:
        """All rows, shape (n, dimension)."""
        return np.asarray(self._index.reconstruct_n(0, len(self)), dtype=np.float32)

    def search(
        self, query: Vectors, k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """The k rows of largest cosine to ``query`` (shape (dimension,)), best first.

        Where ``allowed`` is given (shape (n,)), no other rows are looked at.
        """
        only = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            # FAISS's annotations leave out the forms that it adds for Python.
            rows = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
            only = faiss.SearchParameters(sel=rows)  # type: ignore[call-arg]
        scores, ids = self._index.search(query[None, :], min(k, len(self)), params=only)
        return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]
