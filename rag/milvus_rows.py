"""Files, documents and chunks ↔ the rows of two collections of Milvus.

Vectors and words of chunks stand in one collection. All that has no bounded length stands in
another, in parts: documents, the rest of chunks, and for each file a record of its hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any
from unicodedata import normalize

import numpy as np

from rag.filters import Filter
from rag.ingest import EmbeddedFile, ReadFile
from rag.terms import terms
from rag.types import Chunk, Document, HalfVectors, Span, Vectors

LAYOUT = 1  # to be raised when rows change
RECIPE = "recipe"  # what the id of the row begins with that tells what all were made with
UNSETTLED = "unsettled-0"  # the id of a row that is there while not all is settled
PLACE = ("id", "path", "number", "doc", "version")  # what is told of a chunk that is found
CHUNK_FIELDS = (*PLACE, "owner", "day", "words", "vector")
PART_FIELDS = ("id", "key", "version", "part", "parts", "text")
_PART_CHARS = 16_000  # at most 64,000 bytes
_WORD_BYTES = 65_000
_NO_WORD = re.compile(r"\W")
# Of a glob: what a pattern of LIKE says less exactly. Accents that stand alone are exact.
_LOOSE = re.compile(r"[^\w\u0300-\u036f./ -]|_")

Row = dict[str, Any]


def digest(*names: str) -> str:
    """Stands for names of any length, in 32 hexadecimal digits."""
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]


def version_of(file: ReadFile) -> str:
    """Of a file's rows: changes with its bytes, so that old rows and new ones are told apart."""
    return digest(file.path, file.sha256)


def words(text: str) -> str:
    """The terms of a text, separated by blanks, each a single word to any tokenizer."""
    found = " ".join(map(word, terms(text)))
    return found.encode()[:_WORD_BYTES].decode(errors="ignore")


def word(term: str) -> str:
    """A term in letters, digits and "_" alone."""
    return _NO_WORD.sub(lambda character: f"_{ord(character[0]):x}", term)


# --- writing --------------------------------------------------------------------------------


def record_rows(files: Iterable[ReadFile], whole: bool) -> list[Row]:
    """A record for each file; it has no hash until all else is stored."""
    return [
        row
        for file in files
        for row in _parts(
            "record",
            file,
            digest(file.path),
            digest(file.path),
            json.dumps([file.path, file.sha256 if whole else ""]),
        )
    ]


def chunk_rows(made: EmbeddedFile) -> list[Row]:
    """What is searched."""
    version = version_of(made.file)
    days = {document.id: document.date for document in made.file.documents}
    return [
        {
            "id": _chunk_id(version, chunk.id),
            "owner": digest(made.file.path),
            "version": version,
            "path": made.file.path,
            "doc": chunk.doc,
            "number": chunk.id,
            "day": days[chunk.doc],
            "words": words(chunk.text),
            "vector": vector.tolist(),
        }
        for chunk, vector in zip(made.chunks, made.vectors, strict=True)
    ]


def part_rows(made: EmbeddedFile) -> list[Row]:
    """Documents, and of each chunk its place, sentences and their vectors."""
    version = version_of(made.file)
    rows: list[Row] = []
    for document in made.file.documents:
        text = json.dumps(asdict(document), ensure_ascii=False)
        place = document_id(version, document.id), digest(document.id)
        rows += _parts("document", made.file, *place, text, document.date)
    first = 0
    for chunk in made.chunks:
        vectors = made.sentence_vectors[first : first + len(chunk.sentences)]
        first += len(chunk.sentences)
        key = chunk_key(_chunk_id(version, chunk.id))
        rows += _parts("chunk", made.file, key, key, _chunk_text(chunk, vectors))
    return rows


def recipe_row(text: str) -> Row:
    """Tells what the collections were made with."""
    (row,) = _parts("recipe", ReadFile("", "", ()), RECIPE, RECIPE, text)
    return row


def unsettled_row() -> Row:
    """Says that files were put or removed since all was settled."""
    return {**recipe_row("-"), "id": UNSETTLED, "kind": "unsettled"}


def _parts(
    kind: str, file: ReadFile, prefix: str, key: str, text: str, day: str = ""
) -> Iterator[Row]:
    starts = range(0, len(text), _PART_CHARS)
    for part, start in enumerate(starts):
        yield {
            "id": part_id(prefix, part),
            "owner": digest(file.path),
            "version": version_of(file),
            "kind": kind,
            "key": key,
            "part": part,
            "parts": len(starts),
            "path": file.path,
            "day": day,
            "text": text[start : start + _PART_CHARS],
            "unused": [0.0, 0.0],
        }


def _chunk_id(version: str, number: int) -> int:
    """A positive 64-bit integer."""
    return int(digest(version, str(number))[:16], 16) >> 1


def _chunk_text(chunk: Chunk, vectors: HalfVectors) -> str:
    sentences = [[span.start, span.end] for span in chunk.sentences]
    packed = base64.b64encode(vectors.tobytes()).decode()
    return json.dumps([chunk.start, chunk.end, sentences, packed])


# --- reading --------------------------------------------------------------------------------


def part_id(prefix: str, part: int) -> str:
    return f"{prefix}-{part}"


def document_id(version: str, doc: str) -> str:
    """What the ids of a document's parts begin with."""
    return digest(version, doc)


def chunk_key(chunk_id: int) -> str:
    """What the ids of a chunk's parts begin with."""
    return f"{chunk_id:x}"


def read_document(text: str) -> Document:
    fields = json.loads(text)
    return Document(**{**fields, "pages": tuple(fields["pages"])})


def read_chunk(text: str, chunk_id: int, document: Document) -> tuple[Chunk, Vectors]:
    """A chunk of ``document``, and the vectors of its sentences, (sentences, dimension)."""
    start, end, spans, packed = json.loads(text)
    sentences = tuple(Span(*span) for span in spans)
    chunk = Chunk(chunk_id, document.id, start, end, document.text[start:end], sentences)
    return chunk, _unpacked(packed, len(sentences))


def read_vectors(text: str) -> Vectors:
    """Of the sentences of a chunk, without its document."""
    *_, spans, packed = json.loads(text)
    return _unpacked(packed, len(spans))


def _unpacked(packed: str, sentences: int) -> Vectors:
    vectors = np.frombuffer(base64.b64decode(packed), dtype=np.float16).astype(np.float32)
    return vectors.reshape(sentences, -1)


# --- choosing -------------------------------------------------------------------------------


def is_in(field: str, names: Iterable[str]) -> str:
    """An expression for rows whose field is one of ``names``, which are digests."""
    return f"{field} in {json.dumps(list(names))}"


def admitted(wanted: Filter) -> str:
    """An expression for all rows that a filter admits, and for few that it does not: LIKE knows
    fewer patterns than a glob. A path is taken to write all of its letters in one way."""
    rules = []
    if wanted.since:
        rules.append(f'day >= "{wanted.since}"')
    if wanted.until:
        rules.append(f'day != "" and day <= "{wanted.until}"')
    if wanted.source:
        patterns = dict.fromkeys(p for glob in wanted.globs for p in _patterns(glob))
        likes = " or ".join(f'path like "{pattern}"' for pattern in patterns)
        rules.append(f"({likes})")
    return " and ".join(rules)


def _patterns(glob: str) -> Iterator[str]:
    """Of LIKE; macOS writes "é" as two characters in names of files, where keyboards write one."""
    for written in (glob, normalize("NFC", glob), normalize("NFD", glob)):
        yield _LOOSE.sub(_loosely, written)


def _loosely(part: re.Match[str]) -> str:
    return "_" if part[0].isascii() and part[0] != "*" else "%"
