"""Vectors → nearest vectors, by FAISS (and nowhere else)."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import faiss
import numpy as np

from rag.types import Mask, Vectors

log = logging.getLogger(__name__)

# Up to here every row is compared with the question, in 17 ms (eval/LOG.md).
EXACT_ROWS = 200_000
_READ = 16  # one list in so many is read: recall@10 .98 to .99 at 100,000 to 1,000,000 rows
_TRAINING_ROWS = 40  # for each centre; FAISS warns below 39


class DenseIndex:
    """Search by inner product; unit vectors make that the cosine.

    Johnson, Douze & Jégou 2017, https://arxiv.org/abs/1702.08734. A small index compares every row.
    A large one keeps rows in lists around centres and reads the nearest lists only (inverted file,
    Jégou, Douze & Schmid 2011): the cosines are exact, a near row may be missed.
    """

    def __init__(self, index: faiss.IndexFlatIP | faiss.IndexIVFFlat) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """From unit vectors, shape (n, dimension); row numbers become ids."""
        if len(vectors) > EXACT_ROWS:
            return cls(_lists_around_centres(vectors))
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Vectors stay on disk, and are read when they are compared.

        Raises RuntimeError when the file is not an index of ours.
        """
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if not isinstance(index, (faiss.IndexFlatIP, faiss.IndexIVFFlat)):
            kind = type(index).__name__
            raise RuntimeError(f"{path} holds a {kind}, expected IndexFlatIP or IndexIVFFlat")
        return cls(index)

    def save(self, path: Path) -> None:
        """Raises OSError when the file cannot be written.

        Through Python's file, since FAISS's own writer overlooks a disk that is full at closing.
        """
        path.write_bytes(faiss.serialize_index(self._index).data)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def __str__(self) -> str:
        """How it searches."""
        if isinstance(self._index, faiss.IndexFlatIP):
            return f"{len(self)} vectors, all compared"
        lists, read = self._index.nlist, self._index.nprobe
        return f"{len(self)} vectors in {lists} lists, {read} of them read"

    def vectors(self) -> Vectors:
        """All rows, shape (n, dimension)."""
        return np.asarray(self._index.reconstruct_n(0, len(self)), dtype=np.float32)

    def search(
        self, query: Vectors, k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """The k rows of largest cosine to ``query`` (shape (dimension,)), best first.

        Where ``allowed`` is given (shape (n,)), no other rows are looked at.
        """
        only = None if allowed is None else self._only(allowed)
        scores, ids = self._index.search(query[None, :], min(k, len(self)), params=only)
        return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]

    def _only(self, allowed: Mask) -> faiss.SearchParameters:
        """All lists are looked into: those near the question may hold none of the few rows."""
        # FAISS's annotations leave out the forms that it adds for Python.
        rows = faiss.IDSelectorBitmap(  # type: ignore[call-arg]
            np.packbits(allowed, bitorder="little")  # type: ignore[arg-type]
        )
        if isinstance(self._index, faiss.IndexFlatIP):
            return faiss.SearchParameters(sel=rows)  # type: ignore[call-arg]
        return faiss.SearchParametersIVF(sel=rows, nprobe=self._index.nlist)  # type: ignore[call-arg]


def _lists_around_centres(vectors: Vectors) -> faiss.IndexIVFFlat:
    rows, dimension = vectors.shape
    lists = round(2 * math.sqrt(rows))
    centres = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFFlat(centres, dimension, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 10
    index.cp.max_points_per_centroid = _TRAINING_ROWS  # drawn with a fixed seed
    index.cp.spherical = True
    index.nprobe = -(-lists // _READ)
    log.info("sorting %d vectors into %d lists", rows, lists)  # half a minute for a million
    index.train(vectors)
    index.add(vectors)
    return index
