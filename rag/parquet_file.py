"""A Parquet table → one text for each row, read as it streams, however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from rag.extract import Extract, Unreadable
from rag.row_file import EXPECTED, TEXT, extract_of

SUFFIX = ".parquet"
_COLUMNS = (TEXT, "id", "title", "date", "url")
_ROWS = 256  # read at a time
_MAX_ID = 200  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """``name`` tells it apart in its table: what stands under "id", or else its number."""

    number: int  # from 1
    name: str
    extract: Extract | None  # None where it holds no text


class Table:
    """The columns text, id, title, date and url of a Parquet file, in whatever case.

    What cannot be read is Unreadable, at once or on the way.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            import pyarrow.parquet
        except ImportError:
            raise Unreadable("needs pip install '.[ray]'") from None
        self._errors = (pyarrow.ArrowException, ValueError)
        with self._reading():
            self._table = pyarrow.parquet.ParquetFile(file)
        self._columns = [
            name for name in self._table.schema_arrow.names if name.lower() in _COLUMNS
        ]
        if TEXT not in map(str.lower, self._columns):
            raise Unreadable(f"no column 'text': {EXPECTED}")
        self.size: int = self._table.metadata.num_rows

    def rows(self) -> Iterator[Row]:
        """In order."""
        number = 0
        with self._reading():
            for batch in self._table.iter_batches(_ROWS, columns=self._columns):
                for values in batch.to_pylist():
                    number += 1
                    yield _row({name.lower(): value for name, value in values.items()}, number)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            said = " ".join(str(error).split())[:200]
            raise Unreadable(f"broken, or no {SUFFIX} ({said}): write it anew") from error


def _row(values: dict[str, Any], number: int) -> Row:
    fields = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }
    name = fields.get("id")
    known = isinstance(name, str | int) and str(name).strip()
    return Row(number, str(name)[:_MAX_ID] if known else str(number), extract_of(fields, number))
