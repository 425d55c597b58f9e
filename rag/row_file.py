"""CSV, JSON Lines and JSON → one text for each row of {title, text, date, url}."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rag.dates import parse_date
from rag.extract import Extract, Reading, Unreadable
from rag.text_file import decode

TEXT = "text"
_MAX_FIELD = 2**31 - 1  # characters: files are bounded already
EXPECTED = "each row is to hold a text under the name 'text'"
_EXPECTED_OF_CSV = f"{EXPECTED}, and delimiters within a text are to stand in quotes"


def read_csv(data: bytes) -> Reading:
    """The first line names the columns; they are apart by comma, semicolon or tab."""
    text = decode(data).removeprefix("\ufeff")
    csv.field_size_limit(_MAX_FIELD)
    try:
        for delimiter in ",;\t":
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            rows = (row for row in lines if row)  # a blank line is none
            columns = [name.strip().lower() for name in next(rows, [])]
            if TEXT in columns:
                return _reading((_fields(columns, row) for row in rows), _EXPECTED_OF_CSV)
    except csv.Error as error:
        raise Unreadable(f"no CSV ({error}): correct it") from None
    raise Unreadable(f"no column 'text' in its first line: {EXPECTED}")


def _fields(columns: list[str], row: list[str]) -> dict[str, str] | None:
    """None where there are more values than columns, so that nobody knows which belong together."""
    return None if any(row[len(columns) :]) else dict(zip(columns, row, strict=False))


def read_json_lines(data: bytes) -> Reading:
    """An object on each line; lines that are none are left out."""
    return _reading(_json_rows(decode(data).removeprefix("\ufeff").split("\n")))


def read_json(data: bytes) -> Reading:
    """A list of objects, or one alone."""
    try:
        content = json.loads(decode(data).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON ({error}): correct it") from None
    return _reading(content if isinstance(content, list) else [content])


def _json_rows(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _reading(rows: Iterable[Any], expected: str = EXPECTED) -> Reading:
    extracts: list[Extract] = []
    bad: list[int] = []
    for number, row in enumerate(rows, start=1):
        if extract := extract_of(row, number):
            extracts.append(extract)
        else:
            bad.append(number)
    if not extracts:
        raise Unreadable(f"no row with a text: {expected}")
    if not bad:
        return Reading(tuple(extracts))
    left_out = f"{len(bad):,} of {number:,} rows, the first of them row {bad[0]:,}: {expected}"
    return Reading(tuple(extracts), left_out)


def extract_of(row: object, number: int) -> Extract | None:
    """The text of a row; None where it holds none."""
    fields = {str(k).lower(): v for k, v in row.items()} if isinstance(row, dict) else {}
    text, title, date, url = (_string(fields.get(k)) for k in (TEXT, "title", "date", "url"))
    return Extract(text, title, parse_date(date), url, row=number) if text.strip() else None


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
