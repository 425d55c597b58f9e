"""What the retrievers for other frameworks share: see ``rag.langchain``, ``rag.llama_index``."""

from __future__ import annotations

from collections.abc import Iterator

from rag.pipeline import Pipeline
from rag.search_index import document_of
from rag.types import Passage


def described(
    pipeline: Pipeline, question: str, k: int | None
) -> Iterator[tuple[str, Passage, dict[str, str | int | float | None]]]:
    """An id, a passage and its metadata, for each of the k nearest."""
    for passage in pipeline.retrieve(question, k):
        document = document_of(passage.doc, pipeline.index.documents)
        yield (
            f"{passage.doc}:{passage.start}-{passage.end}",
            passage,
            {
                "doc": passage.doc,
                "title": document.title,
                "start": passage.start,
                "end": passage.end,
                "score": passage.score,
                "date": document.date,
                "page": document.page(passage.start),
                "url": document.url,
            },
        )
