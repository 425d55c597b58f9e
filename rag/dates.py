"""Dates as people write them → ISO 8601 days; "" where there is none.

Slashes put the month first, as in 02/12/2025, unless only the second number can be one; full
stops put the day first, as in 12.02.2025.
"""

from __future__ import annotations

import re
from datetime import date

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
MONTH = (  # a pattern
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_NAME = rf"(?P<name>{MONTH})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})(?!\d)"
_FORMS = [
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_YEAR}(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})(?!\d)",
        rf"{_YEAR}\s?年\s?(?P<month>\d{{1,2}})\s?月\s?(?P<day>\d{{1,2}})\s?日",
        rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})[/ ]\s?{_YEAR}",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?{_YEAR}",
        rf"{_NAME}\s+{_DAY},?\s+{_YEAR}",
        rf"{_DAY}\s+{_NAME},?\s+{_YEAR}",
    )
]
_BEFORE = re.compile(
    r"(?:(?:last\s+)?(?:published|posted|updated|modified|released|dated?)(?:\s+on)?\s*:?\s+|on\s+)?"
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:[T,]?\s*(?:at\s+)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[ap]\.?m\.?)?"
    r"\s*(?:z|[a-z]{2,4}|[+-]\d{2}:?\d{2})?)?\s*",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s+[|·•–—-]\s+")
_FIRST_LINES = 8  # that are not blank, where a text may tell its date
_MAX_LINE = 200


def parse_date(text: str) -> str:
    """The date that ``text`` begins with, such as "2025-02-12T10:00:00Z" or "Feb. 12, 2025"."""
    return _match(text.strip()[:_MAX_LINE])[0]


def find_date(text: str) -> str:
    """The date that stands on a line of its own among the first, or between bars on such a line.

    A date within a sentence tells of something else.
    """
    lines = (line.strip("\ufeff \t\r") for line in text[:4000].split("\n"))
    for line in [line for line in lines if line][:_FIRST_LINES]:
        for piece in _SEPARATOR.split(line) if len(line) <= _MAX_LINE else ():
            found, end = _match(piece)
            if found and _TIME.fullmatch(piece, end):
                return found
    return ""


def _match(text: str) -> tuple[str, int]:
    """The date at the beginning, and where it ends."""
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    for form in _FORMS:
        if match := form.match(text, start):
            return _iso(match.groupdict()), match.end()
    return "", 0


def _iso(parts: dict[str, str]) -> str:
    year, day = int(parts["year"]), int(parts["day"])
    name = parts.get("name")
    month = MONTHS.index(name[:3].lower()) + 1 if name else int(parts["month"])
    if "mark" not in parts and not name and month > 12:
        month, day = day, month
    try:
        return date(year, month, day).isoformat()
    except ValueError:  # such as February 30
        return ""
