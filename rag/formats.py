"""The kinds of files that are read, by the ending of their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from rag import docx_file, html_file, pdf_file, row_file, text_file
from rag.extract import Reading, Unreadable


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is read, and the extra of this package that brings the library for it.

    In a plain one nothing is parsed, so that nothing can go wrong.
    """

    read: Callable[[bytes], Reading]
    extra: str = ""
    plain: bool = False


_TEXT = Format(text_file.read, plain=True)
_HTML = Format(html_file.read, "html")
FORMATS = {
    ".txt": _TEXT,
    ".md": _TEXT,
    ".html": _HTML,
    ".htm": _HTML,
    ".pdf": Format(pdf_file.read, "pdf"),
    ".docx": Format(docx_file.read, "docx"),
    ".csv": Format(row_file.read_csv),
    ".jsonl": Format(row_file.read_json_lines),
    ".json": Format(row_file.read_json),
}


def suffix_of(file: str) -> str:
    """The end of a path's name by which its format is told, in lower case."""
    return PurePosixPath(file).suffix.lower()


def is_slow(file: str) -> bool:
    """Whether a file is of a format whose reading takes time."""
    kind = FORMATS.get(suffix_of(file))
    return kind is not None and bool(kind.extra)


def read(suffix: str, data: bytes) -> Reading:
    """All texts of a file whose name ends in ``suffix``, one of FORMATS.

    Whatever the bytes are, nothing but Unreadable is raised.
    """
    extra = FORMATS[suffix].extra
    try:
        return FORMATS[suffix].read(data)
    except Unreadable:
        raise
    except ImportError as error:
        missing = f" (there is no {error.name})" if error.name else ""
        raise Unreadable(f"needs pip install '.[{extra}]'{missing}") from None
    except MemoryError:
        raise Unreadable("needs too much memory: split it, or convert it to text") from None
    except Exception as error:  # parsers raise everything on bytes that are broken
        kind = type(error).__name__
        said = f"{kind}: {error}"[:200]
        raise Unreadable(f"broken, or no {suffix} ({said}): open it and save it anew") from error
