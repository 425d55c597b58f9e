"""A folder of files → Documents in a fixed order, and a list of what was skipped."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rag.config import INDEXES
from rag.dates import find_date, parse_date
from rag.errors import CorpusError, UsageError
from rag.extract import Extract, Unreadable
from rag.formats import FORMATS, is_slow, read, suffix_of
from rag.front_matter import front_matter
from rag.manifest import DATA, MANIFEST, Stamp
from rag.records import DOCUMENTS
from rag.terminal import printable
from rag.types import Document
from rag.worker import Worker

MAX_FILE_BYTES = 64 * 2**20
_MAX_TITLE = 200  # characters

_DATE_OR_NUMBER = re.compile(r"[\d\s/.,:–-]+")
_HEADING_MARK = re.compile(r"^(?:#{1,6}\s+|Subject:\s*)")
# Parts of a table or a quotation, a comment, a picture, and other lines of the head of a letter.
_NO_TITLE = re.compile(r"[|>]|<!--[^>]*-->$|!\[|(?:[-*]\s+)?(?:From|To|Cc|Date|Sent):")
_UNDER_TITLE = re.compile(r"by\b|https?:|www\.")  # that may begin in lower case
_FIRST_LINES = 8  # that are not blank, where a text may have its title
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")  # that an index could hold
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is not in the corpus, and the reason in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents sorted by file and row; ``fingerprints`` maps the path of each file that is in it
    to the sha256 of its bytes.

    ``seen`` is the stamp of the index when reading began, None where there was none or nobody
    looked: an index with another one may be of a newer reading.
    """

    root: Path
    documents: tuple[Document, ...]
    fingerprints: dict[str, str]
    skipped: tuple[Skipped, ...]
    seen: Stamp | None = None


def load_corpus(root: Path, known: Corpus | None = None) -> Corpus:
    """Read every file below ``root`` that is of a known format.

    Hidden files, and indexes that lie in the folder, are passed over without a word.
    Plain text is decoded as it stands, line ends included, so offsets hold for the untouched file.
    What was extracted before from a file that has not changed since is taken over from ``known``,
    and so is what of it was left out. Raises UsageError when there is no such folder, CorpusError
    when it cannot be read or nothing in it can.
    """
    documents: list[Document] = []
    fingerprints: dict[str, str] = {}
    skipped: list[Skipped] = []
    known_texts = _slow_to_read(known)
    known_partly = {s.path: s.reason for s in known.skipped} if known else {}
    with Worker() as worker:
        for path in files_below(root, skipped):
            file = path.relative_to(root).as_posix()
            try:
                data = file_bytes(path, root)
                sha256 = hashlib.sha256(data).hexdigest()
                found, left_out = known_texts.get((file, sha256)), known_partly.get(file, "")
                if found is None:
                    found, left_out = documents_of(file, data, worker)
            except Unreadable as error:
                left_out = str(error)
            else:
                documents += found
                fingerprints[file] = sha256
            if left_out:
                skipped.append(Skipped(printable(file), printable(left_out)))
    if not documents:
        why = "; ".join(f"{s.path}: {s.reason}" for s in skipped[:3]) or "it holds no files"
        raise CorpusError(
            f"nothing to read in {root} ({why}); expected files ending in {', '.join(FORMATS)}: "
            "put some there or name another folder with --corpus"
        )
    return Corpus(root, tuple(documents), fingerprints, tuple(skipped))


def _slow_to_read(known: Corpus | None) -> dict[tuple[str, str], list[Document]]:
    """Documents by file and hash, of those formats whose reading takes time."""
    found: dict[tuple[str, str], list[Document]] = defaultdict(list)
    if known is not None:
        for document in known.documents:
            if is_slow(document.file) and document.file in known.fingerprints:
                found[document.file, known.fingerprints[document.file]].append(document)
    return dict(found)


def files_below(root: Path, skipped: list[Skipped]) -> list[Path]:
    """All files, sorted; a folder below ``root`` that cannot be listed is added to ``skipped``.

    Raises UsageError where ``root`` is no folder, CorpusError where it cannot be listed.
    """
    if not root.exists():
        raise UsageError(f"no corpus folder {root}; name an existing one with --corpus DIR")
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder; --corpus expects a folder of files")

    def skip(error: OSError) -> None:
        reason = f"cannot be listed: {error.strerror}; check its permissions"
        if Path(error.filename) == root:
            raise CorpusError(f"{root} {reason}")
        folder = Path(error.filename).relative_to(root).as_posix()
        skipped.append(Skipped(printable(folder), reason))

    found: list[Path] = []
    for folder, subfolders, names in os.walk(root, onerror=skip):
        subfolders[:] = [name for name in subfolders if not is_passed_over(Path(folder, name))]
        found += [path for name in names if not is_passed_over(path := Path(folder, name))]
        found += [path for name in subfolders if (path := Path(folder, name)).is_symlink()]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def is_passed_over(path: Path) -> bool:
    """Whether a file or folder is never part of a corpus: it is hidden, or holds what we made."""
    if path.name.startswith("."):
        return True
    if path.name == INDEXES.name and os.path.realpath(path) == os.path.realpath(INDEXES):
        return True
    return any(path.glob(f"{DATA}*/{DOCUMENTS}")) and (path / MANIFEST).is_file()


def file_bytes(path: Path, root: Path) -> bytes:
    """All of a file of a known format; Unreadable where that cannot be had."""
    if path.is_symlink() and path.is_dir():
        raise Unreadable("a link to a folder, which is not followed: copy the folder here")
    if suffix_of(path.name) not in FORMATS:
        raise Unreadable(f"not one of {', '.join(FORMATS)}")
    with open_below(path, root) as file:
        return read_within_bounds(file)


@contextmanager
def open_below(path: Path, root: Path) -> Iterator[BinaryIO]:
    """A regular file in or below the folder ``root``; Unreadable for all else, and as soon as
    reading it fails."""
    try:
        str(path).encode()
        if not path.resolve().is_relative_to(root.resolve()):
            raise Unreadable("a link that leads out of the corpus folder: copy the file here")
        if not path.is_file():
            raise Unreadable("not a regular file")
        # Should a pipe have taken its place by now, opening it must not wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("not a regular file")
            yield file
    except UnicodeEncodeError:
        raise Unreadable("its name is not UTF-8: rename it") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or error
        raise Unreadable(f"cannot be read: {reason}") from None


def read_within_bounds(file: BinaryIO) -> bytes:
    """All of a file; Unreadable where that is nothing or too much."""
    data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable(f"more than {MAX_FILE_BYTES:,} bytes: split it")
    if not data:
        raise Unreadable("empty")
    return data


def documents_of(file: str, data: bytes, worker: Worker) -> tuple[list[Document], str]:
    """The documents of a file of a known format, and in words what of it was left out.

    Raises Unreadable where there are none.
    """
    suffix = suffix_of(file)
    reading = (read if FORMATS[suffix].plain else worker.read)(suffix, data)
    if not any(extract.text.strip("\ufeff \t\r\n") for extract in reading.extracts):
        raise Unreadable("empty")
    return [document_of(file, extract) for extract in reading.extracts], reading.left_out


def document_of(file: str, extract: Extract) -> Document:
    """What the file itself tells comes before front matter, and that before the first lines."""
    text = _NO_TEXT.sub("\ufffd", extract.text)
    head = front_matter(text)
    body = text[head.end :]
    row = f"#{extract.row}" if extract.row else ""
    title = _one_line(extract.title) or _one_line(head.first("title")) or find_title(body)
    url = extract.url or head.first("url", "link", "source", "canonical")
    return Document(
        id=file + row,
        title=title or PurePosixPath(file).name + row,
        text=text,
        date=extract.date
        or parse_date(head.first("date", "published", "created"))
        or find_date(body),
        url=url if _WEB.fullmatch(url) and not _NO_TEXT.search(url) else "",
        pages=extract.pages,
        file=file,
    )


def _one_line(title: str) -> str:
    return _NO_TEXT.sub("\ufffd", " ".join(title.split())[:_MAX_TITLE])


def find_title(text: str) -> str | None:
    """The heading among the first lines, or None where the text begins at once.

    Lines before it that hold a date or a counter, or that cannot be headings, are passed over.
    """
    lines = [line.strip("\ufeff \t\r") for line in text[:4000].split("\n")]
    pairs = [(line, after) for line, after in zip(lines, [*lines[1:], ""], strict=True) if line]
    for line, after in pairs[:_FIRST_LINES]:
        if not (_DATE_OR_NUMBER.fullmatch(line) or _NO_TITLE.match(line)):
            return _heading(line, after)
    return None


def _heading(line: str, after: str) -> str | None:
    """What a line says where it is a heading: short, of several words and without a full stop; one
    that is not marked must not go on in the line ``after`` it."""
    heading = _HEADING_MARK.sub("", line)
    goes_on = heading == line and after[:1].islower() and not _UNDER_TITLE.match(after)
    is_code = heading.startswith(("```", "<!--"))
    is_short = 8 <= len(heading) <= 150 and " " in heading and heading[-1] not in ".!;,。"
    return heading if is_short and not (goes_on or is_code) else None
