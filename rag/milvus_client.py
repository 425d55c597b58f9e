"""Calls to Milvus, by pymilvus (and nowhere else): each has a deadline and errors in our words."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import RagError, ServerError, UsageError
from rag.milvus_address import TOKEN, MilvusAddress, token

_CONNECT_SECONDS = 10
_SECONDS = 60  # that any other call may take
_ROWS = 200  # of an insertion, at most about 13 MB; Milvus takes 64
_PAGE = 1000  # rows of a listing
_QUERIES = 1000  # of a search; Milvus takes 16,384
_BYTES = 65_535  # of a text, the most that Milvus keeps
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
        except ImportError:
            raise UsageError(
                "an index on Milvus needs the extra milvus: pip install '.[milvus]'"
            ) from None
        for library in ("pymilvus", "pymilvus.milvus_client"):  # which set levels when imported
            logging.getLogger(library).setLevel(logging.CRITICAL)
        self._address = address
        self._types = pymilvus
        self._failures = (pymilvus.MilvusException, grpc.RpcError, grpc.FutureTimeoutError)
        with self._asking(_CONNECT_SECONDS), _reasons_of_lite(address, pymilvus.MilvusException):
            self._client = pymilvus.MilvusClient(
                address.uri,
                token="" if address.is_file else token(),
                timeout=_CONNECT_SECONDS,
                grpc_options=_NEVER_PING if address.is_file else {},
            )

    def close(self) -> None:
        """Also releases a file, for other processes."""
        self._client.close()
        if self._address.is_file:
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
        for field in ("bm25", "idf"):
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
            # milvus-lite gives the scores of BM25 a minus sign.
            found += [[(abs(hit["distance"]), hit["entity"]) for hit in best] for best in hits]
        return found

    @contextmanager
    def _asking(self, seconds: int | None = None) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            raise _in_our_words(self._address, seconds or _SECONDS, error) from error


def _in_our_words(address: MilvusAddress, seconds: int, error: BaseException) -> RagError:
    """What happened, and what to do, by the words and codes of the errors that lead to it."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__
    said = " ".join(f"{type(one).__name__} {one}" for one in chain).lower()
    where = address.uri
    denied = any(word in said for word in ("unauthenticated", "auth check", "permission"))
    if denied and not address.is_file:
        return UsageError(
            f"{where} refuses the token; set {TOKEN} to one that it accepts (user:password, or a "
            f"key)"
        )
    if any(word in said for word in ("no space", "disk", "quota")):
        return ServerError(
            f"{where} has no room ({_message(error)}); free some there and run the same again"
        )
    if any(word in said for word in ("unavailable", "futuretimeout", "connect")):
        return ServerError(
            f"no Milvus answers at {where}; start it, or correct the address (its port is 19530)"
        )
    if any(word in said for word in ("deadline", "timeout")):
        return ServerError(
            f"{where} did not answer within {seconds} s; see what keeps it busy, and run the same "
            f"again"
        )
    return ServerError(f"{where} failed ({_message(error)}); run the same again")


def _message(error: BaseException) -> str:
    text = str(getattr(error, "message", "") or error)
    return " ".join(text.split())[:300]


@contextmanager
def _reasons_of_lite(address: MilvusAddress, failure: type[Exception]) -> Iterator[None]:
    """Has UsageError say why milvus-lite cannot open its file; it only logs the reason."""
    if not address.is_file:
        yield
        return
    folder = Path(address.uri).parent
    if not folder.is_dir():
        raise UsageError(f"--index: there is no folder {folder} for {address.uri}; make it first")
    reasons: list[BaseException] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            reasons.append(record.exc_info[1])
        return False  # it is said by the error

    logger = logging.getLogger("milvus_lite.server_manager")
    logger.addFilter(keep)
    try:
        yield
    except failure as error:
        if not reasons:
            raise
        raise _unopened(address, reasons[0]) from error
    finally:
        logger.removeFilter(keep)


def _unopened(address: MilvusAddress, reason: BaseException) -> RagError:
    if type(reason).__name__ == "DataDirLockedError":
        return UsageError(
            f"{address.uri} is used by another process, and milvus-lite serves one at a time; end "
            f"that one, or run a server of Milvus"
        )
    said = getattr(reason, "strerror", None) or reason
    return UsageError(
        f"cannot open {address.uri} ({said}); make its folder writable, or name another file"
    )
