"""PDF → the text of its pages, by pypdf (and nowhere else)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from rag.dates import find_date
from rag.extract import Extract, Reading, Unreadable

if TYPE_CHECKING:
    from pypdf import DocumentInformation

Value = TypeVar("Value")
_BETWEEN = "\n"  # two pages: a sentence may go on from one to the next


def read(data: bytes) -> Reading:
    """One text, with the offsets of its pages; one that cannot be read is empty, and told.

    Raises Unreadable where a password is needed or no page gives text, ImportError without pypdf;
    pypdf raises errors of all kinds on broken files.
    """
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Unreadable("needs a password: save a copy without one")
    read_pages = [_or_none(page.extract_text) for page in reader.pages]
    left_out = _left_out(read_pages)
    pages = [(page or "").strip() for page in read_pages]
    if not any(pages):
        no_text = "no text in it, perhaps scanned pages: run a text recognition (OCR)"
        raise Unreadable(left_out or no_text)
    text = _BETWEEN.join(pages)
    starts = accumulate((len(page) + len(_BETWEEN) for page in pages[:-1]), initial=0)
    title, created = _or_none(lambda: _properties(reader.metadata)) or ("", "")
    extract = Extract(text, title, find_date(text) or created, pages=tuple(starts))
    return Reading((extract,), left_out)


def _or_none(part: Callable[[], Value]) -> Value | None:
    """A part of the file, None where it is broken: the others are read all the same."""
    try:
        return part()
    except (ImportError, MemoryError):  # of the whole file
        raise
    except Exception:  # noqa: BLE001, pypdf raises everything on what is broken
        return None


def _left_out(pages: Sequence[str | None]) -> str:
    """Which pages cannot be read, in words."""
    bad = [number for number, page in enumerate(pages, start=1) if page is None]
    if not bad:
        return ""
    return (
        f"{len(bad):,} of {len(pages):,} pages, the first of them page {bad[0]:,}: "
        "cannot be read: open the file and save it anew"
    )


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
