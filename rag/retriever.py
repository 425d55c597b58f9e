"""Question → chunks (Hit) → source sentences worth reading (Evidence)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from rag.answer_kind import holds_answer_kind
from rag.question import repeats
from rag.search_index import SearchIndex
from rag.terms import terms
from rag.types import Chunk, Embedder, Evidence, Hit, Vectors

# score = cosine of the sentence, cosine of it with the sentence before (what "he" and "it" stand
# for), shares of the question's words in both, and whether the sentence holds the kind of thing
# that is asked for. Set by hand on development questions; eval/LOG.md has the gain of each part.
_COSINE_WEIGHT = 0.7
_PAIR_WEIGHT = 0.6
_SHARE_WEIGHT = 0.3
_CONTEXT_WEIGHT = 0.3
_KIND_WEIGHT = 0.2
# A caption or a date on a line of its own answers nothing: fewer words than this.
_MIN_WORDS = 4


class Retriever:
    """Hybrid search over one index: cosine and BM25, fused by reciprocal rank."""

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    def embed(self, question: str) -> Vectors:
        """The question as a unit vector, shape (dimension,)."""
        vector: Vectors = self._embedder.encode([question])[0]
        return vector

    def find(self, question: str, k: int) -> tuple[list[Hit], list[Evidence]]:
        """The k best chunks and all of their sentences, both best first."""
        vector = self.embed(question)
        hits = self.search(question, vector, k)
        return hits, self.evidence(question, vector, hits)

    def search(self, question: str, vector: Vectors, k: int) -> list[Hit]:
        """The k best chunks, best first."""
        return self._index.search(question, vector, k)

    def evidence(self, question: str, vector: Vectors, hits: Sequence[Hit]) -> list[Evidence]:
        """All sentences of the hits, those most likely to answer first, ties by place."""
        asked = set(terms(question))
        found = [e for hit in hits for e in self._sentences(question, asked, vector, hit.chunk)]
        return sorted(found, key=lambda e: (-e.score, e.doc, e.start))

    def _share(self, asked: set[str], text: str) -> float:
        """The part of the question's terms that stand in ``text``, weighted by IDF; 0 to 1."""
        return covered(asked, set(terms(text)), self._index.idf)

    def _sentences(
        self, question: str, asked: set[str], vector: Vectors, chunk: Chunk
    ) -> Iterable[Evidence]:
        document = self._index.documents[chunk.doc]
        vectors = self._index.vectors_of(chunk)
        texts = [span.of(document.text) for span in chunk.sentences]
        for i, span in enumerate(chunk.sentences):
            if len(texts[i].split()) < _MIN_WORDS or repeats(question, texts[i]):
                continue
            with_previous = slice(max(0, i - 1), i + 1)
            pair = vectors[with_previous].sum(axis=0)
            context = " ".join([document.title, *texts[with_previous]])
            before = texts[i - 1] if i else ""
            cosine, share = float(vectors[i] @ vector), self._share(asked, texts[i])
            score = (
                _COSINE_WEIGHT * cosine
                + _PAIR_WEIGHT * float(pair @ vector / np.linalg.norm(pair))
                + _SHARE_WEIGHT * share
                + _CONTEXT_WEIGHT * self._share(asked, context)
                + _KIND_WEIGHT * holds_answer_kind(question, texts[i])
            )
            place = (chunk.doc, span.start, span.end)
            yield Evidence(*place, texts[i], document.title, before, cosine, share, score)


def covered(wanted: set[str], present: set[str], idf: Callable[[str], float]) -> float:
    """The IDF-weighted share of ``wanted`` terms among ``present``; 1 where none is wanted."""
    total = sum(idf(term) for term in wanted)
    return sum(idf(term) for term in wanted & present) / total if total else 1.0
