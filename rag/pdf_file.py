"""PDF → the text of its pages, by pypdf (and nowhere else)."""

from __future__ import annotations

from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING

from rag.dates import find_date
from rag.extract import Extract, Reading, Unreadable

if TYPE_CHECKING:
    from pypdf import DocumentInformation

_BETWEEN = "\n"  # two pages: a sentence may go on from one to the next


def read(data: bytes) -> Reading:
    """One text, with the offsets of its pages.

    Raises Unreadable where a password is needed or no page holds text, ImportError without pypdf;
    pypdf raises errors of all kinds on broken files.
    """
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Unreadable("needs a password: save a copy without one")
    pages = [page.extract_text().strip() for page in reader.pages]
    if not any(pages):
        raise Unreadable("no text in it, perhaps scanned pages: run a text recognition (OCR)")
    text = _BETWEEN.join(pages)
    starts = accumulate((len(page) + len(_BETWEEN) for page in pages[:-1]), initial=0)
    title, created = _properties(reader.metadata)
    return Reading((Extract(text, title, find_date(text) or created, pages=tuple(starts)),))


def _properties(about: DocumentInformation | None) -> tuple[str, str]:
    """Title and day of creation; programs write much that is neither."""
    if about is None:
        return "", ""
    title = about.title or ""
    if title.lower().startswith(("untitled", "microsoft word - ")) or " " not in title:
        title = ""
    try:
        created = about.creation_date
    except ValueError:
        created = None
    return title, created.date().isoformat() if created else ""
