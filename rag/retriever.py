"""Question → chunks (Hit) → source sentences worth reading (Evidence)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from rag.answer_kind import holds_answer_kind
from rag.fusion import reciprocal_rank_fusion
from rag.question import repeats
from rag.search_index import SearchIndex, document_of
from rag.sections import Sections
from rag.spelling import as_written
from rag.terms import stems, terms, tokens
from rag.types import Chunk, Document, Embedder, Evidence, Hit, QueryVectors, Span, Vectors

# score = cosine of the sentence, cosine of it with the sentence before (what "he" and "it" stand
# for), shares of the question's words in both, and whether the sentence holds the kind of thing
# that is asked for. Set by hand on development questions; eval/LOG.md has the gain of each part.
_COSINE_WEIGHT = 0.7
_PAIR_WEIGHT = 0.6
_SHARE_WEIGHT = 0.3
_CONTEXT_WEIGHT = 0.3
_KIND_WEIGHT = 0.2
# A caption or a date on a line of its own answers nothing: fewer words than this. An item of a
# list may.
_MIN_WORDS = 4
# Chunks whose order their best sentences have a say in; more would also change what a judge reads,
# and it takes more of what is near for an answer (eval/LOG.md).
_RANKED = 16


class Retriever:
    """Hybrid search over one index: cosine and BM25 of chunks, then cosine of sentences."""

    def __init__(self, index: SearchIndex, embedder: Embedder) -> None:
        self.index = index
        self._embedder = embedder

    def embed(self, question: str) -> QueryVectors:
        """What the embedder makes of the question."""
        return self._embedder.encode_query(question)

    def find(self, question: str, k: int) -> tuple[list[Hit], list[Evidence]]:
        """The k best chunks and all of their sentences, both best first."""
        vectors = self.embed(question)
        hits = self.search(question, vectors, k)
        return hits, self.evidence(question, vectors, hits)

    def spelt(self, question: str, hits: Sequence[Hit]) -> str:
        """The question in the spelling of the chunks that were found for it."""
        return as_written(question, [hit.chunk.text for hit in hits], self._embedder.is_word)

    def search(self, question: str, vectors: QueryVectors, k: int) -> list[Hit]:
        """The k best chunks, best first: in the index's order, and in that of the sentence of each
        that is nearest to the question, joined by reciprocal rank."""
        found = self.index.search(question, vectors.passage, max(k, _RANKED))
        nearest = [
            float((self.index.vectors_of(hit.chunk) @ vectors.sentence).max()) for hit in found
        ]
        places = range(len(found))
        by_sentence = sorted(places, key=lambda i: -nearest[i])
        fused = reciprocal_rank_fusion([places, by_sentence])[:k]
        return [Hit(found[i].chunk, score) for i, score in fused]

    def evidence(self, question: str, vectors: QueryVectors, hits: Sequence[Hit]) -> list[Evidence]:
        """All sentences of the hits, those most likely to answer first, ties by place."""
        idf = {term: self.index.idf(term) for term in terms(question)}
        vector = vectors.sentence
        found = [e for hit in hits for e in self._sentences(question, idf, vector, hit.chunk)]
        found.sort(key=lambda e: (-e.score, e.doc, e.start))
        once: dict[tuple[str, int, int], Evidence] = {}  # of a list that two chunks share
        for e in found:
            once.setdefault((e.doc, e.start, e.end), e)
        return list(once.values())

    def _sentences(
        self, question: str, idf: Mapping[str, float], vector: Vectors, chunk: Chunk
    ) -> Iterator[Evidence]:
        """``idf`` is that of each term of the question. Items of a list that is asked for by its
        heading, and by no word of their own, are the one list, with the scores of the best."""
        document = document_of(chunk.doc, self.index.documents)
        lists: dict[Span, Evidence] = {}
        for told, items in self._told(question, idf, vector, chunk, document):
            if items is None:
                yield told
            else:
                lists[items] = max(told, lists.get(items, told), key=lambda e: e.score)
        for items, best in lists.items():
            yield replace(best, start=items.start, end=items.end, text=items.of(document.text))

    def _told(
        self,
        question: str,
        idf: Mapping[str, float],
        vector: Vectors,
        chunk: Chunk,
        document: Document,
    ) -> Iterator[tuple[Evidence, Span | None]]:
        """Each sentence, and the list that it stands for.

        The text is the chunk's own: its document may be replaced since it was found.
        """
        vectors = self.index.vectors_of(chunk)
        cosines, near = (vectors @ vector).tolist(), (towards(vectors) @ vector).tolist()
        title, before, terms_before = set(terms(document.title)), "", set[str]()
        sections = Sections(document, Span(chunk.start, chunk.end))
        for i, span in enumerate(chunk.sentences):
            text = chunk.text[span.start - chunk.start : span.end - chunk.start]
            words = tokens(text)
            present = set(stems(words))
            items = sections.items(span.start)
            tells = items or len(text.split()) >= _MIN_WORDS
            if tells and not sections.is_label(span.start) and not repeats(question, words):
                share = covered(idf.keys(), present, idf.__getitem__)
                heading = sections.heading(span.start)
                head = _part(document, sections.head(span.start))
                above = set(terms(f"{heading} {head.text}" if head else heading))
                context = title | above | terms_before | present
                score = (
                    near[i]
                    + _SHARE_WEIGHT * share
                    + _CONTEXT_WEIGHT * covered(idf.keys(), context, idf.__getitem__)
                    + _KIND_WEIGHT * holds_answer_kind(question, text)
                )
                told = (text, document.title, before, cosines[i], share, score, heading, head)
                whole = bool(idf.keys() & above) and not idf.keys() & (present - above)
                yield Evidence(chunk.doc, span.start, span.end, *told), items if whole else None
            before, terms_before = text, present


def _part(document: Document, span: Span | None) -> Evidence | None:
    """What stands there, as evidence that nobody has scored."""
    if span is None:
        return None
    text = span.of(document.text)
    return Evidence(document.id, span.start, span.end, text, document.title, "", 0.0, 0.0, 0.0)


def towards(vectors: Vectors) -> Vectors:
    """Of the sentences of a chunk, (n, dimension): what a question's vector is multiplied by to
    score each, the sentence's own vector and that of it with the sentence before."""
    pairs = vectors.copy()
    pairs[1:] += vectors[:-1]
    pairs *= _PAIR_WEIGHT / np.linalg.norm(pairs, axis=1, keepdims=True)
    made: Vectors = _COSINE_WEIGHT * vectors + pairs
    return made


def covered(wanted: AbstractSet[str], present: set[str], idf: Callable[[str], float]) -> float:
    """The IDF-weighted share of ``wanted`` terms among ``present``; 1 where none is wanted."""
    total = sum(idf(term) for term in wanted)
    return sum(idf(term) for term in wanted & present) / total if total else 1.0
