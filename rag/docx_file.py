"""DOCX → the text of its paragraphs and tables, by python-docx (and nowhere else)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

from rag.dates import find_date
from rag.extract import Extract, Reading, Unreadable

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement

MAX_UNPACKED_BYTES = 256 * 2**20
_TEMPLATE_DAY = "2013-12-23"  # in files of python-docx, where nobody has set another
# Runs of text that are shown: not those marked as hidden, as deleted or as moved from there, and
# of a drawing that is given in two forms only the first.
_OFF = "@w:val = '0' or @w:val = 'false' or @w:val = 'off'"
_RUNS = (
    f".//w:r[not(w:rPr/w:vanish[not({_OFF})])][not(ancestor::w:del or ancestor::w:moveFrom)]"
    "[not(ancestor::*[local-name() = 'Fallback'])]"
)


def read(data: bytes) -> Reading:
    """Paragraphs apart by a blank line, and tables as Markdown has them, empty cells included.

    Raises Unreadable for what is no such file or would unpack to too much, ImportError without
    python-docx; that raises errors of all kinds on broken files.
    """
    import docx

    _check_size(data)
    document = docx.Document(BytesIO(data))
    text = "\n\n".join(_lines(document.element.body))
    about = document.core_properties
    changed = about.modified or about.created
    day = changed.date().isoformat() if changed else ""
    told = "" if day == _TEMPLATE_DAY else day
    return Reading((Extract(text, about.title, find_date(text) or told),))


def _check_size(data: bytes) -> None:
    """Before anything is unpacked; zipfile unpacks no more of a member than it declares."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        raise Unreadable("not a DOCX file: open it in its program and save it as one") from None
    if size > MAX_UNPACKED_BYTES:
        raise Unreadable(
            f"unpacks to {size:,} bytes, more than {MAX_UNPACKED_BYTES:,}: split it, or leave out "
            "its pictures"
        )


def _lines(body: BaseOxmlElement) -> Iterator[str]:
    table = None
    for row, paragraphs in groupby(body.xpath(".//w:p"), key=partial(_outermost, "w:tr")):
        if row is None:
            yield from _texts(paragraphs)
            continue
        cells = groupby(paragraphs, key=partial(_outermost, "w:tc"))
        texts = [" ".join(_texts(inside)) for _, inside in cells]
        if any(texts):
            yield f"| {' | '.join(texts)} |"
            inside = row.xpath("ancestor::w:tbl")[0]
            if inside is not table:
                yield "|" + "---|" * len(texts)  # the first row is the head
                table = inside


def _outermost(kind: str, paragraph: BaseOxmlElement) -> BaseOxmlElement | None:
    """The outermost element of a kind that a paragraph stands in."""
    found = paragraph.xpath(f"ancestor::{kind}")
    return found[0] if found else None


def _texts(paragraphs: Iterable[BaseOxmlElement]) -> list[str]:
    return [text for paragraph in paragraphs if (text := _text(paragraph).strip())]


def _text(paragraph: BaseOxmlElement) -> str:
    """Its own text: what stands in a box within it is a paragraph for itself."""
    return "".join(
        run.text for run in paragraph.xpath(_RUNS) if run.xpath("ancestor::w:p")[-1] is paragraph
    )
