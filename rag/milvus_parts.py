"""Documents and chunks of an index on Milvus, put together from their parts when asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from rag.milvus_client import Milvus
from rag.milvus_rows import (
    PART_FIELDS,
    chunk_key,
    digest,
    document_id,
    part_id,
    read_chunk,
    read_document,
    read_vectors,
)
from rag.recent import Recent
from rag.types import Chunk, Document, Vectors

_KEPT_CHARS = 50_000_000  # of documents that were read last
_KEPT_BYTES = 50_000_000  # of sentence vectors
_PAGE = 20  # documents that are read ahead where all are gone through


class Documents(Mapping[str, Document]):
    """By id, fetched when they are asked for; those that were used last are kept."""

    def __init__(self, client: Milvus, parts: str) -> None:
        self._client = client
        self._parts = parts  # name of the collection
        self._kept: Recent[str, tuple[str, Document]] = Recent(_KEPT_CHARS)

    def __getitem__(self, doc: str) -> Document:
        kept = self._kept.get(doc)
        if kept is not None:
            return kept[1]
        where = f'key == "{digest(doc)}" and kind == "document" and part == 0'
        for page in self._client.pages(self._parts, where, ["version"]):
            for row in page:
                if found := self.of_versions({doc: row["version"]}):
                    return found[doc]
        raise KeyError(doc)

    def __iter__(self) -> Iterator[str]:
        where = 'kind == "document" and part == 0'
        for page in self._client.pages(self._parts, where, ["id"], _PAGE):
            prefixes = [str(row["id"]).removesuffix("-0") for row in page]
            for version, text in read_parts(self._client, self._parts, prefixes).values():
                yield self._keep(version, read_document(text)).id

    def __len__(self) -> int:
        return self._client.count(self._parts, 'kind == "document" and part == 0')

    def of_versions(self, wanted: Mapping[str, str]) -> dict[str, Document]:
        """Documents by id, of the versions that are wanted, as far as they are stored."""
        found: dict[str, Document] = {}
        for doc, version in wanted.items():
            kept = self._kept.get(doc)
            if kept is not None and kept[0] == version:
                found[doc] = kept[1]
        missing = {document_id(wanted[doc], doc): doc for doc in wanted if doc not in found}
        for prefix, (version, text) in read_parts(self._client, self._parts, missing).items():
            found[missing[prefix]] = self._keep(version, read_document(text))
        return found

    def _keep(self, version: str, document: Document) -> Document:
        self._kept.keep(document.id, (version, document), len(document.text))
        return document


class Chunks:
    """By id, with the vectors of their sentences."""

    def __init__(self, client: Milvus, parts: str) -> None:
        self._client = client
        self._parts = parts
        self._kept: Recent[int, tuple[Chunk, Vectors]] = Recent(_KEPT_BYTES)

    def read(self, wanted: Mapping[int, Document]) -> dict[int, tuple[Chunk, Vectors]]:
        """Chunks of the documents that are given, as far as they are stored."""
        found = {i: kept for i in wanted if (kept := self._kept.get(i)) is not None}
        missing = {chunk_key(i): i for i in wanted if i not in found}
        for prefix, (_, text) in read_parts(self._client, self._parts, missing).items():
            i = missing[prefix]
            chunk, vectors = read_chunk(text, i, wanted[i])
            self._kept.keep(i, (chunk, vectors), vectors.nbytes)
            found[i] = chunk, vectors
        return found

    def vectors_of(self, chunk: Chunk) -> Vectors | None:
        """Those of a chunk that was read; None where it is no longer stored."""
        kept = self._kept.get(chunk.id)
        if kept is not None:
            return kept[1]
        for _, text in read_parts(self._client, self._parts, [chunk_key(chunk.id)]).values():
            vectors = read_vectors(text)
            self._kept.keep(chunk.id, (chunk, vectors), vectors.nbytes)
            return vectors
        return None


def read_parts(
    client: Milvus, collection: str, prefixes: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """Version and text by what the ids of their parts begin with; none of which a part is missing,
    as while a file is replaced."""
    firsts = [part_id(prefix, 0) for prefix in prefixes]
    rows = client.get(collection, firsts, PART_FIELDS)
    more = [
        part_id(str(row["id"]).removesuffix("-0"), part)
        for row in rows
        for part in range(1, row["parts"])
    ]
    rows += client.get(collection, more, PART_FIELDS)
    texts: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for row in rows:
        texts[row["id"].rpartition("-")[0]][row["part"]] = row["text"]
    return {
        prefix: (row["version"], "".join(text for _, text in sorted(texts[prefix].items())))
        for row in rows
        if row["part"] == 0 and len(texts[prefix := row["id"].removesuffix("-0")]) == row["parts"]
    }
