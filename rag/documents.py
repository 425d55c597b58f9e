"""A folder of UTF-8 text files → Documents in a fixed order, and a list of what was skipped."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from rag.errors import CorpusError
from rag.terminal import printable
from rag.types import Document

SUFFIXES = (".txt", ".md")
MAX_FILE_BYTES = 64 * 2**20

_DATE_OR_NUMBER = re.compile(r"[\d\s/.,:–-]+")
_HEADING_MARK = re.compile(r"^#{1,6}\s+")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not in the corpus, and the reason in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents sorted by id; ``fingerprints`` maps each id to the sha256 of the file's bytes."""

    root: Path
    documents: tuple[Document, ...]
    fingerprints: dict[str, str]
    skipped: tuple[Skipped, ...]


def load_corpus(root: Path) -> Corpus:
    """Read every text file below ``root``; hidden files and folders are passed over.

    Text is decoded as it stands, line ends included, so offsets hold for the untouched file.
    Raises CorpusError when the folder cannot be read or nothing in it can.
    """
    documents, fingerprints, skipped = [], {}, []
    for path in _files(root):
        doc_id = path.relative_to(root).as_posix()
        try:
            data = _read(path, root)
            text = _decode(data)
        except _Unreadable as error:
            skipped.append(Skipped(printable(doc_id), str(error)))
            continue
        documents.append(Document(doc_id, find_title(text) or path.name, text))
        fingerprints[doc_id] = hashlib.sha256(data).hexdigest()
    if not documents:
        why = "; ".join(f"{s.path}: {s.reason}" for s in skipped[:3]) or "it holds no files"
        raise CorpusError(
            f"nothing to read in {root} ({why}); expected UTF-8 text files ending in "
            f"{' or '.join(SUFFIXES)}: put some there or name another folder with --corpus"
        )
    return Corpus(root, tuple(documents), fingerprints, tuple(skipped))


class _Unreadable(Exception):
    """Why one file is skipped."""


def _files(root: Path) -> list[Path]:
    if not root.exists():
        raise CorpusError(f"no corpus folder {root}; name an existing one with --corpus DIR")
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder; --corpus expects a folder of text files")

    def fail(error: OSError) -> None:
        raise CorpusError(f"cannot list {error.filename}: {error.strerror}; check its permissions")

    found = []
    for folder, subfolders, names in os.walk(root, onerror=fail):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def _read(path: Path, root: Path) -> bytes:
    if path.suffix.lower() not in SUFFIXES:
        raise _Unreadable(f"not one of {', '.join(SUFFIXES)}")
    if not path.resolve().is_relative_to(root.resolve()):
        raise _Unreadable("a link that leads out of the corpus folder")
    if not path.is_file():
        raise _Unreadable("not a regular file")
    try:
        str(path).encode()
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _Unreadable(f"{size:,} bytes, more than {MAX_FILE_BYTES:,}: split it")
        return path.read_bytes()
    except UnicodeEncodeError:
        raise _Unreadable("its name is not UTF-8: rename it") from None
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror}") from None


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unreadable(
            f"not UTF-8 (byte {data[error.start]:#04x} at offset {error.start}): convert it"
        ) from None
    if "\x00" in text:
        raise _Unreadable("binary, not text")
    if not text.strip("\ufeff \t\r\n"):
        raise _Unreadable("empty")
    return text


def find_title(text: str) -> str | None:
    """The heading among the first lines, or None where the text begins at once.

    A heading is a short line of several words without a full stop; lines of dates and counters
    before it are passed over.
    """
    lines = (line.strip("\ufeff \t\r") for line in text[:4000].split("\n"))
    for line in [line for line in lines if line][:4]:
        if _DATE_OR_NUMBER.fullmatch(line):
            continue
        line = _HEADING_MARK.sub("", line)
        is_heading = 8 <= len(line) <= 150 and " " in line and line[-1] not in ".!;,。"
        return line if is_heading else None
    return None
