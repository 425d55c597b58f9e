"""Calls to Milvus, by pymilvus (and nowhere else): each has a deadline and errors in our words."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakSet

from rag.errors import UsageError
from rag.milvus_address import MilvusAddress, token
from rag.milvus_failures import in_our_words, reasons_of_lite

_CONNECT_SECONDS = 10
_SECONDS = 60  # that any other call may take
_ROWS = 200  # of an insertion, at most about 13 MB; Milvus takes 64
_PAGE = 1000  # rows of a listing
_QUERIES = 1000  # of a search; Milvus takes 16,384
_BYTES = 65_535  # of a text, the most that Milvus keeps
_BM25 = ("bm25", "idf")  # fields that are searched by words
_ID = 8192  # bytes of a path with the number of a row
# pymilvus asks every ten seconds whether its server lives; that of milvus-lite, in this very
# process, takes it for an attack.
_NEVER_PING = {"grpc.keepalive_time_ms": 2**31 - 1}

Row = dict[str, Any]


class Milvus:
    """The collections at one address. Thread-safe."""

    def __init__(self, address: MilvusAddress) -> None:
        """Raises UsageError for a file that cannot be opened or where the extra is missing,
        ServerError for a server that does not let us in."""
        # What fails is raised as well; what is logged on the way says nothing more to a user.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        try:
            import grpc
            import pymilvus

            if address.is_file:
                import milvus_lite  # noqa: F401 - else told as a server that is down
        except ImportError:
            raise UsageError(
                "an index on Milvus needs the extra milvus: pip install '.[milvus]'"
            ) from None
        for library in ("pymilvus", "pymilvus.milvus_client"):  # which set levels when imported
            logging.getLogger(library).setLevel(logging.CRITICAL)
        self._address = address
        self._types = pymilvus
        self._failures = (pymilvus.MilvusException, grpc.RpcError, grpc.FutureTimeoutError)
        with (
            _connecting,
            self._asking(_CONNECT_SECONDS),
            reasons_of_lite(address, pymilvus.MilvusException),
        ):
            self._client = pymilvus.MilvusClient(
                address.uri,
                token="" if address.is_file else token(),
                timeout=_CONNECT_SECONDS,
                grpc_options=_NEVER_PING if address.is_file else {},
            )
            self._sharing = _connected[Path(address.uri).resolve()]
            self._sharing.add(self)

    def close(self) -> None:
        """Also releases a file, for other processes, where nobody else in this one has it open."""
        self._client.close()
        with _connecting:
            self._sharing.discard(self)
            if self._address.is_file and not self._sharing:
                from milvus_lite.server_manager import server_manager_instance

                server_manager_instance.release_server(self._address.uri)

    def create_chunks(self, name: str, dimension: int) -> None:
        """A collection of vectors and words.

        Words are analysed twice. With k1 next to 0, the score of a single word is its IDF: no
        other call tells the IDF of many words at once.
        """
        types = self._types.DataType
        # Words come as our own terms, so that blanks tell them apart. milvus-lite has no such
        # tokenizer; its standard one does the same to what ``milvus_rows.words`` makes.
        analyzer = {"tokenizer": "standard" if self._address.is_file else "whitespace"}
        schema = self._types.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", types.INT64, is_primary=True)
        for field, size in (("owner", 32), ("version", 32), ("path", _ID), ("doc", _ID)):
            schema.add_field(field, types.VARCHAR, max_length=size)
        schema.add_field("number", types.INT64)
        schema.add_field("day", types.VARCHAR, max_length=32)
        schema.add_field(
            "words",
            types.VARCHAR,
            max_length=_BYTES,
            enable_analyzer=True,
            analyzer_params=analyzer,
        )
        schema.add_field("vector", types.FLOAT_VECTOR, dim=dimension)
        for field in _BM25:
            schema.add_field(field, types.SPARSE_FLOAT_VECTOR)
            function = self._types.FunctionType.BM25
            schema.add_function(self._types.Function(field, function, ["words"], [field]))
        self._create(
            name,
            schema,
            {
                # In a file all rows are compared, as in a folder; a server has to be quicker.
                "vector": ("FLAT" if self._address.is_file else "AUTOINDEX", "COSINE", {}),
                "bm25": ("SPARSE_INVERTED_INDEX", "BM25", {"bm25_k1": 1.2, "bm25_b": 0.75}),
                "idf": ("SPARSE_INVERTED_INDEX", "BM25", {"bm25_k1": 1e-6, "bm25_b": 0.0}),
            },
        )

    def create_parts(self, name: str) -> None:
        """A collection of texts in parts, found by their key."""
        types = self._types.DataType
        schema = self._types.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", types.VARCHAR, max_length=64, is_primary=True)
        for field, size in (("owner", 32), ("version", 32), ("kind", 16), ("key", 32)):
            schema.add_field(field, types.VARCHAR, max_length=size)
        schema.add_field("part", types.INT64)
        schema.add_field("parts", types.INT64)
        schema.add_field("path", types.VARCHAR, max_length=_ID)
        schema.add_field("day", types.VARCHAR, max_length=32)
        schema.add_field("text", types.VARCHAR, max_length=_BYTES)
        schema.add_field("unused", types.FLOAT_VECTOR, dim=2)  # no collection goes without
        self._create(name, schema, {"unused": ("FLAT", "L2", {})})

    def _create(
        self, name: str, schema: object, indexes: dict[str, tuple[str, str, dict[str, float]]]
    ) -> None:
        made = self._types.MilvusClient.prepare_index_params()
        for field, (kind, metric, params) in indexes.items():
            # As JSON under this name: what both a server and milvus-lite read.
            made.add_index(field, index_type=kind, metric_type=metric, params={"params": params})
        with self._asking():
            self._client.create_collection(
                name,
                schema=schema,
                index_params=made,
                consistency_level="Strong",  # a reader sees what was put before
                timeout=_SECONDS,
            )

    def fields(self, name: str) -> set[str]:
        """The names of a collection's fields; none where there is no such collection."""
        with self._asking():
            if not self._client.has_collection(name, timeout=_SECONDS):
                return set()
            described = self._client.describe_collection(name, timeout=_SECONDS)
            return {str(field["name"]) for field in described["fields"]}

    def load(self, name: str) -> None:
        """Have a collection ready to be searched."""
        with self._asking():
            self._client.load_collection(name, timeout=_SECONDS)

    def drop(self, name: str) -> None:
        with self._asking():
            self._client.drop_collection(name, timeout=_SECONDS)

    def write(self, name: str, rows: Sequence[Row]) -> None:
        """Insert rows; those of the same id are replaced."""
        for start in range(0, len(rows), _ROWS):
            with self._asking():
                self._client.upsert(name, list(rows[start : start + _ROWS]), timeout=_SECONDS)

    def delete(self, name: str, where: str) -> None:
        with self._asking():
            self._client.delete(name, filter=where, timeout=_SECONDS)

    def settle(self, name: str) -> None:
        """Have what was written on disk, and indexed."""
        with self._asking():
            self._client.flush(name, timeout=_SECONDS)

    def get(self, name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        """The rows that are there, in any order."""
        found: list[Row] = []
        for start in range(0, len(ids), _PAGE):
            with self._asking():
                found += self._client.query(
                    name,
                    ids=list(ids[start : start + _PAGE]),
                    output_fields=list(fields),
                    timeout=_SECONDS,
                )
        return found

    def pages(
        self, name: str, where: str, fields: Sequence[str], size: int = _PAGE
    ) -> Iterator[list[Row]]:
        """All rows that match, however many."""
        with self._asking():
            rows = self._client.query_iterator(
                name, batch_size=size, filter=where, output_fields=list(fields), timeout=_SECONDS
            )
        try:
            while True:
                with self._asking():
                    page = rows.next()
                if not page:
                    return
                yield page
        finally:
            rows.close()

    def count(self, name: str, where: str) -> int:
        with self._asking():
            (row,) = self._client.query(
                name, filter=where, output_fields=["count(*)"], timeout=_SECONDS
            )
        return int(row["count(*)"])

    def search(
        self,
        name: str,
        field: str,
        queries: Sequence[Any],
        k: int,
        where: str = "",
        fields: Sequence[str] = ("id",),
    ) -> list[list[tuple[float, Row]]]:
        """For each query, the scores and rows of the k best, best first."""
        found: list[list[tuple[float, Row]]] = []
        for start in range(0, len(queries), _QUERIES):
            with self._asking():
                hits = self._client.search(
                    name,
                    data=list(queries[start : start + _QUERIES]),
                    anns_field=field,
                    filter=where,
                    limit=k,
                    output_fields=list(fields),
                    timeout=_SECONDS,
                )
            found += [[(hit["distance"], hit["entity"]) for hit in best] for best in hits]
        # milvus-lite gives the scores of BM25 a minus sign.
        sign = -1 if field in _BM25 and self._address.is_file else 1
        return [[(sign * score, row) for score, row in best] for best in found]

    @contextmanager
    def _asking(self, seconds: int | None = None) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            raise in_our_words(self._address, seconds or _SECONDS, error) from error


# By file: those of this process share the server that milvus-lite starts for it.
_connected: defaultdict[Path, WeakSet[Milvus]] = defaultdict(WeakSet)
_connecting = Lock()
