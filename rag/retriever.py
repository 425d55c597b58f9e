"""Question → chunks (Hit) → source sentences worth reading (Evidence)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from rag.fusion import reciprocal_rank_fusion
from rag.index import Index
from rag.terms import terms
from rag.types import Chunk, Embedder, Evidence, Hit, Vectors

_DEPTH = 50  # of each ranking before fusion
# score = cosine + 0.6 × share of the question's words + 0.3 × cosine of the window.
_SHARE_WEIGHT = 0.6
_WINDOW_WEIGHT = 0.3
# A caption or a date on a line of its own answers nothing: fewer words than this.
_MIN_WORDS = 4


class Retriever:
    """Hybrid search over one index: exact cosine and BM25, fused by reciprocal rank."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    def embed(self, question: str) -> Vectors:
        """The question as a unit vector, shape (dimension,)."""
        vector: Vectors = self._embedder.encode([question])[0]
        return vector

    def search(self, question: str, vector: Vectors, k: int) -> list[Hit]:
        """The k best chunks, best first."""
        dense = [i for i, _ in self._index.dense.search(vector, _DEPTH)]
        lexical = [i for i, _ in self._index.lexical.search(question, _DEPTH)]
        fused = reciprocal_rank_fusion([dense, lexical])[:k]
        return [Hit(self._index.chunks[i], score) for i, score in fused]

    def evidence(self, question: str, vector: Vectors, hits: Sequence[Hit]) -> list[Evidence]:
        """All sentences of the hits, those most likely to answer first, ties by place."""
        found = [e for hit in hits for e in self._sentences(question, vector, hit.chunk)]
        return sorted(found, key=lambda e: (-e.score, e.doc, e.start))

    def share(self, question: str, text: str) -> float:
        """The part of the question's words that stand in ``text``, weighted by IDF; 0 to 1."""
        return covered(set(terms(question)), set(terms(text)), self._index.lexical.idf)

    def _sentences(self, question: str, vector: Vectors, chunk: Chunk) -> Iterable[Evidence]:
        document = self._index.documents[chunk.doc]
        vectors = self._index.vectors_of(chunk)
        cosines = vectors @ vector
        texts = [span.of(document.text) for span in chunk.sentences]
        for i, span in enumerate(chunk.sentences):
            if len(texts[i].split()) < _MIN_WORDS:
                continue
            around = slice(max(0, i - 1), i + 2)
            window = vectors[around].sum(axis=0)
            window_cosine = float(window @ vector / np.linalg.norm(window))
            score = (
                float(cosines[i])
                + _SHARE_WEIGHT * self.share(question, texts[i])
                + _WINDOW_WEIGHT * window_cosine
            )
            context = " ".join([document.title, *texts[max(0, i - 1) : i + 1]])
            yield Evidence(
                chunk.doc, span.start, span.end, texts[i], context, float(cosines[i]), score
            )


def covered(wanted: set[str], present: set[str], idf: Callable[[str], float]) -> float:
    """The IDF-weighted share of ``wanted`` terms among ``present``; 1 where none is wanted."""
    total = sum(idf(term) for term in wanted)
    return sum(idf(term) for term in wanted & present) / total if total else 1.0
