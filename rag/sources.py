"""Where a bulk build reads: a folder or a table, here or in an object store, by fsspec."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from rag.documents import (
    Skipped,
    document_of,
    documents_of,
    files_below,
    open_below,
    read_within_bounds,
)
from rag.errors import CorpusError, UsageError
from rag.extract import Unreadable
from rag.formats import FORMATS, suffix_of
from rag.ingest import EmbeddedFile, ReadFile
from rag.parquet_file import SUFFIX, Row, Table
from rag.worker import Worker

_READ = (*FORMATS, SUFFIX)


@dataclass(frozen=True, slots=True)
class Listing:
    """Files below ``root``, sorted, and which folders could not be listed."""

    root: str
    files: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What became of a file, or of a row of a table; a store keeps each row as a file of its own.

    Without ``content`` and without a reason why it was left out, it is stored already.
    """

    file: str  # below the root
    parts: int  # of that file
    path: str  # that a store knows it by: ``file``, or "table.parquet#ID" for a row
    content: ReadFile | EmbeddedFile | None = None
    left_out: str = ""  # in words: why all is, or what of it
    is_gone: bool = False  # whether what was stored at the path is to be removed


def list_source(root: str) -> Listing:
    """What is to be read in a folder, or the one file that ``root`` names.

    Hidden files are passed over. Raises CorpusError where there is nothing to read, UsageError for
    a folder that is not there and for an address that no installed library reads.
    """
    found = _list_remote(root) if _is_remote(root) else _list_local(Path(root).absolute())
    if not found.files:
        raise CorpusError(
            f"nothing to read in {root}; expected files ending in {', '.join(_READ)}: put some "
            f"there or name another folder"
        )
    return found


def read_parts(root: str, file: str, known: Mapping[str, str], worker: Worker) -> Iterator[Part]:
    """All parts of one file; what ``known`` (path → sha256) has is not parsed again."""
    try:
        suffix = suffix_of(file)
        if suffix not in _READ:
            raise Unreadable(f"not one of {', '.join(_READ)}")
        with _open(root, file) as stream:
            if suffix == SUFFIX:
                yield from _rows(file, Table(stream), known)
                return
            data = read_within_bounds(stream)
        yield _whole(file, data, known, worker)
    except Unreadable as reason:
        yield Part(file, 1, file, left_out=str(reason))


def table_of(path: str) -> str:
    """The file of a row, by the path that a store knows it by; "" for what is no row."""
    table, mark, _ = path.partition(f"{SUFFIX}#")
    return table + SUFFIX if mark else ""


def _whole(file: str, data: bytes, known: Mapping[str, str], worker: Worker) -> Part:
    sha256 = hashlib.sha256(data).hexdigest()
    if known.get(file) == sha256:
        return Part(file, 1, file)
    documents, left_out = documents_of(file, data, worker)
    return Part(file, 1, file, ReadFile(file, sha256, tuple(documents)), left_out)


def _rows(file: str, table: Table, known: Mapping[str, str]) -> Iterator[Part]:
    if not table.size:
        raise Unreadable("empty")
    seen: set[str] = set()
    for row in table.rows():
        part = Part(file, table.size, f"{file}#{row.name}")
        if row.extract is None:
            yield replace(part, left_out="no text", is_gone=True)
        elif row.name in seen:
            path = f"{part.path} (row {row.number})"
            yield replace(part, path=path, left_out="an earlier row has the same id")
        else:
            seen.add(row.name)
            yield _with_row(part, row, known)


def _with_row(part: Part, row: Row, known: Mapping[str, str]) -> Part:
    assert row.extract is not None
    told = {**asdict(row.extract), "row": 0}  # a row that moves is not another one
    sha256 = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    if known.get(part.path) == sha256:
        return part
    document = replace(document_of(part.file, row.extract), id=part.path, file=part.path)
    return replace(part, content=ReadFile(part.path, sha256, (document,)))


# --- here ---------------------------------------------------------------------------------------


def _list_local(root: Path) -> Listing:
    if root.is_file():
        return Listing(str(root.parent), (root.name,))
    skipped: list[Skipped] = []
    files = [path.relative_to(root).as_posix() for path in files_below(root, skipped)]
    return Listing(str(root), tuple(files), tuple(skipped))


@contextmanager
def _open(root: str, file: str) -> Iterator[BinaryIO]:
    if not _is_remote(root):
        with open_below(Path(root, file), Path(root)) as stream:
            yield stream
        return
    system, base = _file_system(root)
    try:
        with system.open(f"{base}/{file}", "rb") as stream:
            yield stream
    except Unreadable:
        raise
    except Exception as error:  # the libraries of object stores raise everything
        raise Unreadable(f"cannot be read: {_said(error)}") from error


# --- in an object store -------------------------------------------------------------------------


def _is_remote(root: str) -> bool:
    return "://" in root


def _list_remote(root: str) -> Listing:
    system, base = _file_system(root)
    try:
        found: list[str] = system.find(base)
    except Exception as error:  # the libraries of object stores raise everything
        raise CorpusError(
            f"{root} cannot be listed: {_said(error)}; check the address and your rights to it"
        ) from error
    if found == [base]:
        return Listing(root.rstrip("/").rpartition("/")[0], (PurePosixPath(base).name,))
    files = (path.removeprefix(base).lstrip("/") for path in found)
    return Listing(root, tuple(sorted(file for file in files if not _is_hidden(file))))


def _is_hidden(file: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(file).parts)


def _file_system(root: str) -> tuple[Any, str]:
    """How the files at an address are read, and what the path of each begins with."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(f"{root} needs the extra ray: pip install '.[ray]'") from None
    try:
        system, base = url_to_fs(root)
    except ImportError as error:
        raise UsageError(f"no library for {root} is installed: {error}") from None
    except ValueError as error:
        raise UsageError(
            f"{root} is no address that can be read ({error}); expected a folder, s3://BUCKET/… "
            f"or gs://BUCKET/…"
        ) from None
    return system, base.rstrip("/")


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
