"""Headings, tables and lists: what a place of a text stands under, and what it is a part of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from itertools import pairwise

from rag.types import Document, Evidence, Span

_LOOKED_BACK = 4000  # characters before a passage that are searched for its heading
_LOOKED_AHEAD = 1000  # … and behind it, for the end of a list
# A line of its own between blank ones is one, too, where it is short and does not end as a
# sentence, nor begin as an item, a label or a row.
_HEADING = re.compile(
    r"^\#{1,6}[ \t]+(?P<marked>\S[^\n]{0,150}?)[ \t#]*$"
    r"|(?:(?<=\n\n)|(?<=\n \n))(?P<plain>[^\W_][^\n|]{1,60}[^\W_)?])[ \t]*$(?=\n[ \t]*\n)",
    re.MULTILINE,
)
_TABLE = re.compile(
    r"^[ \t]*(?P<head>\|[^\n]*?)[ \t]*\n[ \t]*\|[ \t]*:?-[-| :\t]*$(?P<rows>(?:\n[ \t]*\|[^\n]*)*)",
    re.MULTILINE,
)
_MARK = r"[ \t]*(?:[-*+•▪◦‣]|\d{1,2}[.)])[ \t]+"
_LIST = re.compile(
    r"(?:^(?P<lead>[^\n|]{1,300}:)[ \t]*\n(?:[ \t]*\n)?)?"
    rf"(?P<items>(?:^{_MARK}\S[^\n]*(?:\n|\Z)(?:[ \t]{{2,}}(?!{_MARK})\S[^\n]*(?:\n|\Z))*"
    rf"(?:[ \t]*\n(?={_MARK}))?){{2,}})",
    re.MULTILINE,
)
_ITEM = re.compile(rf"^{_MARK}(?=\S)", re.MULTILINE)
_BULLET = re.compile(r"[-*+•▪◦‣][ \t]+")
_MAX_ITEMS = 10  # of a list that is read as a whole


class Sections:
    """Of a passage of a document, and of what stands before it."""

    def __init__(self, document: Document, passage: Span) -> None:
        self._title = document.title
        self._begin = max(0, passage.start - _LOOKED_BACK)
        shown = document.text[self._begin : passage.end + _LOOKED_AHEAD].replace("\r\n", " \n")
        found = list(_HEADING.finditer(shown))
        times = Counter(match["plain"] for match in found)
        self._headings = [
            (match.end(), match["marked"] or match["plain"])
            for match in found
            if match["marked"] or times[match["plain"]] == 1  # "Advertisement" is no heading
        ]
        self._tables = list(_TABLE.finditer(shown))
        self._lists = list(_LIST.finditer(shown))
        self._labels = {match.start() for match in found if match[0].startswith("##")}
        self._labels |= {table.start("head") for table in self._tables}

    def is_label(self, start: int) -> bool:
        """Whether a heading below the title, or the head of a table, begins there: it names what is
        told, and tells nothing."""
        return start - self._begin in self._labels

    def heading(self, start: int) -> str:
        """What stands over what begins there, with what leads to it where that is an item of a
        list; "" where there is nothing, or the title."""
        number = bisect_right(self._headings, start - self._begin, key=lambda found: found[0])
        heading = self._headings[number - 1][1] if number else ""
        over = ["" if heading == self._title else heading]
        if (of := self._list(start)) and of["lead"]:
            over.append(of["lead"])
        return " – ".join(filter(None, over))

    def items(self, start: int) -> Span | None:
        """The whole list of which what begins there is an item, where it is short."""
        of = self._list(start)
        if of is None or len(_ITEM.findall(of["items"])) > _MAX_ITEMS:
            return None
        whole = of["items"].rstrip()
        first = self._begin + of.start("items") + len(whole) - len(whole.lstrip())
        return Span(first, self._begin + of.start("items") + len(whole))

    def _list(self, start: int) -> re.Match[str] | None:
        at = start - self._begin
        return next((m for m in self._lists if m.start("items") <= at < m.end("items")), None)

    def head(self, start: int) -> Span | None:
        """The head of the table that a row which begins there belongs to."""
        at = start - self._begin
        for table in self._tables:
            if table.start("rows") < at < table.end("rows"):
                return Span(self._begin + table.start("head"), self._begin + table.end("head"))
        return None


def in_words(row: str, head: str) -> str:
    """The row of a table as text: "Light: Mesh; State: off". Of two columns the first is a name,
    and what the head says is mostly "Item" and "Value": "Weight: 430 g"."""
    names, cells = _cells(head), _cells(row)
    if not needs_head(head):
        return ": ".join(cell for cell in cells if cell)
    names += [""] * (len(cells) - len(names))
    pairs = [(name, cell) for name, cell in zip(names, cells, strict=False) if cell]
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)


def items_in_words(text: str) -> str:
    """A list as text: "Router; Cable, yellow". Numbers of its items stay."""
    starts = [match.start() for match in _ITEM.finditer(text)]
    items = (text[a:b] for a, b in pairwise([*starts, len(text)]))
    return "; ".join(_BULLET.sub("", " ".join(i.split()), count=1).rstrip(" .;,") for i in items)


def needs_head(head: str) -> bool:
    """Whether rows below it are read with the names of the columns."""
    return len(_cells(head)) > 2


def as_read(evidence: Evidence) -> str:
    """Its text; of the row of a table, in words."""
    return in_words(evidence.text, evidence.head.text) if evidence.head else evidence.text


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip(" |").split("|")]
