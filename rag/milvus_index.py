"""An index on Milvus: filled file by file, searched without any disk of this machine."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from typing import TypeVar

from rag.errors import ReplacedError
from rag.filters import Filter
from rag.fusion import reciprocal_rank_fusion
from rag.ingest import EmbeddedFile, ReadFile
from rag.manifest import Recipe
from rag.milvus_address import MilvusAddress
from rag.milvus_client import Milvus, Row
from rag.milvus_parts import Chunks, Documents
from rag.milvus_rows import (
    CHUNK_FIELDS,
    PLACE,
    UNSETTLED,
    admitted,
    chunk_rows,
    digest,
    is_in,
    part_rows,
    record_rows,
    unsettled_row,
    version_of,
    word,
    words,
)
from rag.recent import Recent
from rag.search_index import DEPTH
from rag.terms import terms
from rag.types import Chunk, Document, Hit, Vectors

Item = TypeVar("Item")
Place = tuple[str, int, int]  # path, number of the chunk in the file, id
_FILES = 500  # named in one expression
_IDF_TERMS = 200_000  # whose IDF is kept
_IDF_SECONDS = 600  # after which it is asked for again, since an index grows


class MilvusIndex:
    """Fulfils ``rag.ingest.Store`` and ``rag.search_index.SearchIndex``. Thread-safe.

    A file is replaced by writing its new rows, removing its old ones, and then recording its hash:
    a question in between may find both. What is half written is not cited, and is mended by the
    next put.
    """

    def __init__(self, client: Milvus, address: MilvusAddress, recipe: Recipe) -> None:
        self._client = client
        self._address = address
        self._chunks, self._parts = collections(address)
        self._recipe = recipe
        self._documents = Documents(client, self._parts)
        self._found = Chunks(client, self._parts)
        self._idf: Recent[str, float] = Recent(_IDF_TERMS)
        self._idf_since = time.monotonic()
        self._wanted = Filter()

    def close(self) -> None:
        """A file is free for other processes after it."""
        self._client.close()

    # --- to be filled -----------------------------------------------------------------------

    def files(self) -> dict[str, str]:
        """Path → sha256 of each file that is wholly stored; "" of one that is stored in part."""
        found = self._client.pages(self._parts, 'kind == "record"', ["part", "text"])
        return dict(json.loads(row["text"]) for page in found for row in page)

    def put(self, files: Sequence[EmbeddedFile]) -> None:
        """Replace what is stored of these files. To put a file twice is to put it once."""
        read = [made.file for made in files]
        if not read:
            return
        self._client.write(self._parts, [unsettled_row(), *record_rows(read, whole=False)])
        self._client.write(self._chunks, [row for made in files for row in chunk_rows(made)])
        self._client.write(self._parts, [row for made in files for row in part_rows(made)])
        for some in _slices(read):
            owners = is_in("owner", (digest(file.path) for file in some))
            old = f"{owners} and not ({is_in('version', map(version_of, some))})"
            self._client.delete(self._chunks, old)
            self._client.delete(self._parts, old)
        self._client.write(self._parts, record_rows(read, whole=True))
        self._idf.clear()

    def remove(self, paths: Iterable[str]) -> None:
        """Forget these files, also such as were stored in part."""
        for some in _slices([ReadFile(path, "", ()) for path in paths]):
            owners = is_in("owner", (digest(file.path) for file in some))
            # The record goes last, since a file that has none would never be removed; until then
            # it says that something is missing.
            self._client.write(self._parts, [unsettled_row(), *record_rows(some, whole=False)])
            self._client.delete(self._chunks, owners)
            self._client.delete(self._parts, f'{owners} and kind != "record"')
            self._client.delete(self._parts, owners)
        self._idf.clear()

    def settle(self) -> None:
        """To be called when no more files come: has all of them on disk, and words counted, also
        where an earlier call was interrupted."""
        if not self._client.get(self._parts, [UNSETTLED], ["id"]):
            return
        if self._address.is_file:
            self._count_words_together()
        self._client.settle(self._chunks)
        self._client.settle(self._parts)
        self._client.delete(self._parts, f'id == "{UNSETTLED}"')

    def _count_words_together(self) -> None:
        """Write all chunks once more: milvus-lite weighs words by the rows that were written
        together, where a server counts those of the whole collection."""
        for page in self._client.pages(self._chunks, "", CHUNK_FIELDS):
            self._client.write(self._chunks, page)

    # --- to be searched ---------------------------------------------------------------------

    @property
    def recipe(self) -> Recipe:
        """Without files, of which there may be millions."""
        return self._recipe

    @property
    def documents(self) -> Mapping[str, Document]:
        return self._documents

    @property
    def chunk_count(self) -> int:
        return self._client.count(self._chunks, "")

    def only(self, wanted: Filter) -> MilvusIndex:
        """The same index, whose searches find chunks of those documents alone that are wanted."""
        view = copy(self)
        view._wanted = wanted
        return view

    def coverage(self, wanted: Filter) -> str:
        """How many documents are wanted, in words."""
        undated = 0
        if wanted.dated:
            undated = self._count(Filter(source=wanted.source), 'day == ""')
        return wanted.said(self._count(wanted), undated)

    def _count(self, wanted: Filter, *rules: str) -> int:
        every = ('kind == "document"', "part == 0", admitted(wanted), *rules)
        return self._client.count(self._parts, " and ".join(filter(None, every)))

    def search(self, question: str, vector: Vectors, k: int) -> list[Hit]:
        """The k best chunks by vector and by words, joined by reciprocal rank; best first."""
        rows: dict[Place, Row] = {}
        rankings = [self._ranked("vector", vector.tolist(), rows)]
        if asked := words(question):
            rankings.append(self._ranked("bm25", asked, rows))
        best = [(rows[p], score) for p, score in reciprocal_rank_fusion(rankings)[:k]]
        # While a file is replaced, chunks of both versions may be found; the better one decides.
        versions = {row["doc"]: row["version"] for row, _ in reversed(best)}
        documents = self._documents.of_versions(versions)
        found = self._found.read(
            {
                row["id"]: documents[row["doc"]]
                for row, _ in best
                if row["doc"] in documents and row["version"] == versions[row["doc"]]
            }
        )
        hits = [Hit(found[row["id"]][0], score) for row, score in best if row["id"] in found]
        read = (f"{documents[hit.chunk.doc].title} {hit.chunk.text}" for hit in hits)
        self._learn_idf(chain.from_iterable(map(terms, [question, *read])))
        return hits

    def _ranked(self, field: str, query: list[float] | str, rows: dict[Place, Row]) -> list[Place]:
        """Places of the best chunks, ties by place; their rows are added to ``rows``."""
        where = admitted(self._wanted)
        (found,) = self._client.search(self._chunks, field, [query], DEPTH, where, PLACE)
        placed = [
            (-score, (row["path"], row["number"], row["id"]), row)
            for score, row in found
            if self._wanted.takes(row["path"])
        ]
        rows.update((place, row) for _, place, row in placed)
        return [place for _, place, _ in sorted(placed, key=lambda each: each[:2])]

    def vectors_of(self, chunk: Chunk) -> Vectors:
        """Unit vectors of the chunk's sentences, float32, shape (sentences, dimension)."""
        vectors = self._found.vectors_of(chunk)
        if vectors is None:
            raise ReplacedError(chunk.doc)
        return vectors

    def idf(self, term: str) -> float:
        """Natural logarithm of (n + 1) / (df + 0.5): positive, largest for unknown terms."""
        known = self._idf.get(term)
        return self._ask_idf([term])[term] if known is None else known

    def _learn_idf(self, wanted: Iterable[str]) -> None:
        """Ask for the IDF of many terms at once, as far as they are not known."""
        if time.monotonic() - self._idf_since > _IDF_SECONDS:
            self._idf.clear()
            self._idf_since = time.monotonic()
        new = [term for term in dict.fromkeys(wanted) if self._idf.get(term) is None]
        if new:
            self._ask_idf(new)

    def _ask_idf(self, terms: Sequence[str]) -> dict[str, float]:
        """Of all of them, also where another thread has learnt them meanwhile."""
        found = self._client.search(self._chunks, "idf", list(map(word, terms)), 1)
        unknown = math.log((self.chunk_count + 1) / 0.5)
        learnt = {
            term: best[0][0] if best else unknown for term, best in zip(terms, found, strict=True)
        }
        for term, idf in learnt.items():
            self._idf.keep(term, idf)
        return learnt


def collections(address: MilvusAddress) -> tuple[str, str]:
    """Names of what holds the chunks, and of what holds all else."""
    return address.collection, f"{address.collection}_parts"


def _slices(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _FILES):
        yield items[start : start + _FILES]
