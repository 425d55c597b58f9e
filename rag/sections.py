"""Which heading, and which head of a table, a place of a text stands under."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

from rag.types import Document, Evidence, Span

_LOOKED_BACK = 4000  # characters before a passage that are searched for its heading
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


class Sections:
    """Of a passage of a document, and of what stands before it."""

    def __init__(self, document: Document, passage: Span) -> None:
        self._title = document.title
        self._begin = max(0, passage.start - _LOOKED_BACK)
        shown = document.text[self._begin : passage.end].replace("\r\n", " \n")
        found = list(_HEADING.finditer(shown))
        times = Counter(match["plain"] for match in found)
        self._headings = [
            (match.end(), match["marked"] or match["plain"])
            for match in found
            if match["marked"] or times[match["plain"]] == 1  # "Advertisement" is no heading
        ]
        self._tables = list(_TABLE.finditer(shown))
        self._labels = {match.start() for match in found if match[0].startswith("##")}
        self._labels |= {table.start("head") for table in self._tables}

    def is_label(self, start: int) -> bool:
        """Whether a heading below the title, or the head of a table, begins there: it names what is
        told, and tells nothing."""
        return start - self._begin in self._labels

    def heading(self, start: int) -> str:
        """What stands over what begins there; "" where that is nothing, or the title."""
        number = bisect_right(self._headings, start - self._begin, key=lambda found: found[0])
        heading = self._headings[number - 1][1] if number else ""
        return "" if heading == self._title else heading

    def head(self, start: int) -> Span | None:
        """The head of the table that a row which begins there belongs to."""
        at = start - self._begin
        for table in self._tables:
            if table.start("rows") < at < table.end("rows"):
                return Span(self._begin + table.start("head"), self._begin + table.end("head"))
        return None


def in_words(row: str, head: str) -> str:
    """The row of a table as text: "Light: Mesh; State: off"."""
    names, cells = ([cell.strip() for cell in line.strip(" |").split("|")] for line in (head, row))
    names += [""] * (len(cells) - len(names))
    pairs = [(name, cell) for name, cell in zip(names, cells, strict=False) if cell]
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)


def as_read(evidence: Evidence) -> str:
    """Its text; of the row of a table, with the names of the columns."""
    return in_words(evidence.text, evidence.head.text) if evidence.head else evidence.text
