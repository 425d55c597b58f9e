"""Words → chunks that hold them, by bm25s (and nowhere else)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np

from rag.terms import terms
from rag.types import Mask


class LexicalIndex:
    """BM25 as Lucene computes it; Robertson & Zaragoza 2009, bm25s https://arxiv.org/abs/2407.03618."""

    def __init__(self, index: bm25s.BM25, size: int) -> None:
        self._index = index
        self._size = size
        self._starts = index.scores["indptr"]

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Positions in ``texts`` become ids."""
        index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        # A text without a single term still needs its row.
        index.index([terms(text) or [""] for text in texts], show_progress=False)
        return cls(index, len(texts))

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Scores stay on disk, and those of a question's terms are read.

        Raises OSError, ValueError or KeyError when the folder holds no such index.
        """
        index = bm25s.BM25.load(folder, mmap=True)
        return cls(index, int(index.scores["num_docs"]))

    def save(self, folder: Path) -> None:
        self._index.save(folder, show_progress=False)

    def __len__(self) -> int:
        return self._size

    def search(self, query: str, k: int, allowed: Mask | None = None) -> list[tuple[int, float]]:
        """The k best texts that share a term with ``query``, best first, ties by id.

        Where ``allowed`` is given (shape (n,)), none of the other texts.
        """
        known = [term for term in terms(query) if term in self._index.vocab_dict]
        if not known:
            return []
        scores = self._index.get_scores(known, weight_mask=allowed)
        found = scores.nonzero()[0]
        if len(found) > k:  # sorting half a million texts would take a second
            found = found[scores[found] >= np.partition(scores[found], -k)[-k]]
        best = found[np.lexsort((found, -scores[found]))][:k]
        return [(int(i), float(scores[i])) for i in best]

    def idf(self, term: str) -> float:
        """Natural logarithm of (n + 1) / (df + 0.5): positive, largest for unknown terms."""
        token = self._index.vocab_dict.get(term)
        frequency = 0 if token is None else int(self._starts[token + 1] - self._starts[token])
        return math.log((self._size + 1) / (frequency + 0.5))
