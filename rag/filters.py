"""Which documents a question is asked of: by date and by path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from unicodedata import normalize

from rag.errors import UsageError

if TYPE_CHECKING:
    from rag.types import Document

_CHARACTERS = re.compile(r"\[!?\]?[^\]]*\]")  # a set of them in a glob, or part of a name
_ANY_FOLDERS = re.compile(r"(^|/)(?:\*\*/)+")
_ROW = re.compile(r"(\.(?:csv|jsonl?))#\d+$", re.IGNORECASE)  # of a file of rows


@dataclass(frozen=True, slots=True)
class Filter:
    """Days are ISO 8601, both included; ``source`` is a glob, whose ``*`` also matches "/" and
    ``**/`` no folder at all, or the name of a file or of a folder, for all that is in it. The name
    of a row, such as "table.csv#3", stands for its file.

    What is empty does not restrict. Raises UsageError for a day that is none, and for what is no
    text.
    """

    since: str = ""
    until: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        days = (("--since", self.since), ("--until", self.until))
        for option, value in (*days, ("--source", self.source)):
            if not isinstance(value, str):
                raise UsageError(f"{option} is {value!r}; expected text, empty for no restriction")
        for option, day in days:
            if day and not _is_day(day):
                raise UsageError(f"{option} {day!r} is no day; expected one such as 2025-06-30")
        if self.until and self.since > self.until:
            raise UsageError(f"--since {self.since} is after --until {self.until}; exchange them")

    def admits(self, document: Document) -> bool:
        """Whether a document is searched; one without a date is not where days are given."""
        return self._at_source(document) and self._in_time(document.date)

    def summary(self, documents: Iterable[Document]) -> str:
        """How many documents are searched, and how many are left out for want of a date."""
        found = [document for document in documents if self._at_source(document)]
        count = sum(self._in_time(document.date) for document in found)
        return self.said(count, sum(not document.date for document in found))

    def said(self, count: int, undated: int) -> str:
        """``summary`` in words; ``undated`` documents are left out where days are given."""
        left_out = f"; left out for want of a date: {undated:,}" if undated and self.dated else ""
        return f"documents searched: {count:,}{left_out}"

    @property
    def dated(self) -> bool:
        """Whether days are given."""
        return bool(self.since or self.until)

    def takes(self, path: str) -> bool:
        """Whether files at a path are searched."""
        if not self.source:
            return True
        # macOS writes "é" as two characters in names of files, where keyboards write one.
        path, named = normalize("NFC", path), normalize("NFC", self._named)
        if path == named or path.startswith(f"{named}/"):
            return True
        return _fits(path, named) or _fits(path, f"{named}/*")

    @property
    def globs(self) -> tuple[str, str]:
        """Of all that ``source`` names in just these characters, and of all that is in it where it
        is a folder; of more where it holds ``**/``, or brackets, which may be part of a name."""
        loose = _CHARACTERS.sub("*", _ANY_FOLDERS.sub(r"\1*", self._named))
        return loose, f"{loose}/*"

    @property
    def _named(self) -> str:
        """``source`` as paths are written, which are relative to the corpus."""
        named = self.source.replace(os.sep, "/").rstrip("/").removeprefix("./")
        named = _ROW.sub(r"\1", named)
        return "*" if named == "." else named

    def _at_source(self, document: Document) -> bool:
        return self.takes(document.file or document.id)

    def _in_time(self, day: str) -> bool:
        if not self.dated:
            return True
        return bool(day) and self.since <= day <= (self.until or day)


def _fits(path: str, glob: str) -> bool:
    """Whether a glob matches; ``**/`` stands for any folders, or for none."""
    if "**/" not in glob:
        return fnmatchcase(path, glob)
    # With each "/" doubled, what stands between two of them may be empty: "a/**/b" becomes
    # "//a/*/b", which "//a//b" and "//a//x//b" match.
    doubled = _ANY_FOLDERS.sub("\0", f"/{glob}").replace("/", "//").replace("\0", "/*/")
    return fnmatchcase(path, glob) or fnmatchcase(f"/{path}".replace("/", "//"), doubled)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
