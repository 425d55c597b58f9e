"""Headings, tables and lists: what a place of a text stands under, and what it is a part of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.types import Document, Evidence, Span

_LOOKED_BACK = 4000  # characters before a passage that are searched for its heading
_LOOKED_AHEAD = 1000  # … and behind it, for the end of a list
_MAX_ITEMS = 10  # of a list that is read as a whole
_MARKED = re.compile(r"#{1,6}[ \t]+(\S.{0,150}?)[ \t#]*")
# Between blank lines one is a heading, too, that is short and does not end as a sentence, nor begin
# as an item, a label or a row does.
_PLAIN = re.compile(r"[^\W_][^|]{1,60}[^\W_)?]")
_RULE = re.compile(r"\|[ \t]*:?-[-| :\t]*")  # below the head of a table
_MARK = re.compile(r"[ \t]*(?:[-*+•▪◦‣]|\d{1,2}[.)])[ \t]+(?=\S)", re.MULTILINE)
_ITEM = re.compile(rf"^{_MARK.pattern}", re.MULTILINE)
_BULLET = re.compile(r"[-*+•▪◦‣][ \t]+")


@dataclass(slots=True)
class _Line:
    start: int
    text: str  # without blanks around it
    indented: bool

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True)
class _Run:
    """Lines that belong together: the rows of a table, or the items of a list."""

    over: _Line | None  # the head, or what leads to the list
    first: _Line
    last: _Line
    items: int = 1
    sentences: int = 0  # items with a bullet that are one

    def holds(self, start: int) -> bool:
        return self.first.start <= start < self.last.end


class Sections:
    """Of a passage of a document, and of what stands around it. Reads it line by line, since a
    pattern for all of it takes ten times as long."""

    def __init__(self, document: Document, passage: Span) -> None:
        begin = max(0, passage.start - _LOOKED_BACK)
        lines = _lines(document.text[begin : passage.end + _LOOKED_AHEAD], begin)
        self._title = document.title
        self._headings = _headings(lines)
        self._tables = _tables(lines)
        self._lists = _lists(lines)
        self._labels = {line.start for line in lines if line.text.startswith("##")}
        self._labels |= {table.over.start for table in self._tables if table.over}

    def is_label(self, start: int) -> bool:
        """Whether a heading below the title, or the head of a table, begins there: it names what is
        told, and tells nothing."""
        return start in self._labels

    def heading(self, start: int) -> str:
        """What stands over what begins there, with what leads to it where that is an item of a
        list; "" where there is nothing, or the title."""
        number = bisect_right(self._headings, start, key=lambda found: found[0])
        heading = self._headings[number - 1][1] if number else ""
        over = ["" if heading == self._title else heading]
        if (of := _holding(self._lists, start)) and of.over:
            over.append(of.over.text)
        return " – ".join(filter(None, over))

    def items(self, start: int) -> Span | None:
        """The whole list of which what begins there is an item: a short one of steps, or of what
        are no sentences. Rules behind bullets are each for itself."""
        of = _holding(self._lists, start)
        if of is None or not 1 < of.items <= _MAX_ITEMS or 2 * of.sentences > of.items:
            return None
        return Span(of.first.start, of.last.end)

    def head(self, start: int) -> Span | None:
        """The head of the table that a row which begins there belongs to."""
        of = _holding(self._tables, start)
        return Span(of.over.start, of.over.end) if of and of.over else None


def _lines(text: str, begin: int) -> list[_Line]:
    found: list[_Line] = []
    at = begin
    for line in text.split("\n"):
        plain = line.strip()
        margin = len(line) - len(line.lstrip())
        found.append(_Line(at + margin, plain, margin > 1))
        at += len(line) + 1
    return found


def _headings(lines: Sequence[_Line]) -> list[tuple[int, str]]:
    """Where each ends, and what it says. A line that comes again is none: "Advertisement"."""
    times = Counter(line.text for line in lines)
    found: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        if marked := line.text[:1] == "#" and _MARKED.fullmatch(line.text):
            found.append((line.end, marked[1]))
        elif (
            0 < number < len(lines) - 1
            and not (lines[number - 1].text or lines[number + 1].text)
            and times[line.text] == 1
            and _PLAIN.fullmatch(line.text)
        ):
            found.append((line.end, line.text))
    return found


def _tables(lines: Sequence[_Line]) -> list[_Run]:
    """Blank lines do not end a table: what is read of other formats has them between rows."""
    found: list[_Run] = []
    head: _Line | None = None
    for before, line in pairwise(line for line in lines if line.text):
        if not line.text.startswith("|"):
            head = None
        elif before.text.startswith("|") and _RULE.fullmatch(line.text):
            head = before
        elif head and found and found[-1].over is head:
            found[-1].last = line
        elif head:
            found.append(_Run(head, line, line))
    return found


def _lists(lines: Sequence[_Line]) -> list[_Run]:
    found: list[_Run] = []
    run: _Run | None = None
    said, blanks = None, 0  # the last line with text, and how many without are behind it
    for line in lines:
        if not line.text:
            blanks += 1
            continue
        if _MARK.match(line.text):
            if run is None or blanks > 1:
                leads = said and blanks < 2 and said.text.endswith(":")
                run = _Run(said if leads else None, line, line, items=0)
                found.append(run)
            run.items += 1
            run.sentences += line.text[-1] in ".!?" and not line.text[0].isdigit()
            run.last = line
        elif run and line.indented and not blanks:
            run.last = line
        else:
            run = None
        said, blanks = line, 0
    return found


def _holding(runs: Sequence[_Run], start: int) -> _Run | None:
    return next((run for run in runs if run.holds(start)), None)


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
    """Its text; of the row of a table, or of a list, in words."""
    if evidence.head:
        return in_words(evidence.text, evidence.head.text)
    return items_in_words(evidence.text) if is_list(evidence.text) else evidence.text


def is_list(text: str) -> bool:
    """Whether it has several items, each with a mark on a line of its own."""
    return len(_ITEM.findall(text)) > 1


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip(" |").split("|")]
