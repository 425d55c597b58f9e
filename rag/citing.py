"""Proven sentences and hits → the text of an answer, its citations and its passages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rag.errors import ReplacedError
from rag.grounding import Grounded
from rag.search_index import document_of
from rag.types import Citation, Document, Evidence, Hit, Passage
from rag.writing import displayed


def cite(
    sentences: Sequence[Grounded], documents: Mapping[str, Document]
) -> tuple[str, tuple[Citation, ...]]:
    """Answer text with markers, and what they point at; equal quotes share a marker.

    Raises ReplacedError where a document is no longer the one that was read.
    """
    citations: dict[tuple[str, int, int], Citation] = {}
    parts = []
    for sentence in sentences:
        markers = ""
        for source in sentence.quotes:
            key = (source.doc, source.start, source.end)
            if key not in citations:
                document = _read(source, documents)
                citations[key] = Citation(
                    marker=len(citations) + 1,
                    doc=source.doc,
                    title=document.title,
                    start=source.start,
                    end=source.end,
                    quote=source.text,
                    date=document.date,
                    page=document.page(source.start),
                    url=document.url,
                )
            markers += f"[{citations[key].marker}]"
        parts.append(f"{displayed(sentence.text)} {markers}")
    return " ".join(parts), tuple(citations.values())


def _read(source: Evidence, documents: Mapping[str, Document]) -> Document:
    """The document that a source was read in."""
    document = document_of(source.doc, documents)
    if not document.holds(source.start, source.end, source.text):
        raise ReplacedError(source.doc)
    return document


def passages(hits: Iterable[Hit]) -> Iterator[Passage]:
    """One for each chunk, in the order of the hits."""
    seen = set()
    for hit in hits:
        if hit.chunk.id not in seen:
            seen.add(hit.chunk.id)
            yield passage(hit)


def passage(hit: Hit) -> Passage:
    """A hit as it is reported beside the answer."""
    chunk = hit.chunk
    return Passage(chunk.doc, chunk.start, chunk.end, chunk.text, round(hit.score, 6))
