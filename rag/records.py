"""Documents and chunks ↔ files of one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.types import Chunk, Document, Span

DOCUMENTS = "documents.jsonl"  # names in a data folder
CHUNKS = "chunks.jsonl"


def write_records(path: Path, records: Iterable[Document] | Iterable[Chunk]) -> None:
    """Raises OSError when the file cannot be written."""
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")


def read_documents(path: Path) -> dict[str, Document]:
    """By id. Raises OSError, ValueError, TypeError or KeyError for a file that is none of ours."""
    return {
        fields["id"]: Document(**{**fields, "pages": tuple(fields["pages"])})
        for fields in _lines(path)
    }


def read_chunks(path: Path) -> tuple[Chunk, ...]:
    """In order. Raises what ``read_documents`` does."""
    return tuple(
        Chunk(**{**fields, "sentences": tuple(Span(**span) for span in fields["sentences"])})
        for fields in _lines(path)
    )


def check_places(chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
    """Raise ValueError unless each chunk, and each of its sentences, lies where it says."""
    for number, chunk in enumerate(chunks):
        if chunk.id != number:
            raise ValueError(f"chunk {number} is numbered {chunk.id}")
        if documents[chunk.doc].text[chunk.start : chunk.end] != chunk.text:
            raise ValueError(f"chunk {number} does not stand in {chunk.doc}")
        edges = [chunk.start, *(e for s in chunk.sentences for e in (s.start, s.end)), chunk.end]
        if not chunk.sentences or edges != sorted(edges):
            raise ValueError(f"the sentences of chunk {number} do not lie in it in order")


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
