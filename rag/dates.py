"""Dates as people write them → ISO 8601 days; "" where there is none.

Slashes put the month first, as in 02/12/2025, unless only the second number can be one; full stops
and hyphens put the day first, as in 12.02.2025 and 12-02-2025. A year of two digits, up to 2069, is
read after slashes where a number above 12 tells the day, as in 12/31/24.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
MONTH = (  # a pattern
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_NAME = rf"(?P<name>{MONTH})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})(?!\d)"
_MONTH_NUMBER, _AFTER_12 = r"(?:0?[1-9]|1[0-2])", r"(?:1[3-9]|2\d|3[01])"
_SHORT_YEAR = r"(?P<year>[0-6]\d)(?![\d/])"
_FORMS = [
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_YEAR}(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})(?!\d)",
        rf"{_YEAR}\s?(?P<mark>年)\s?(?P<month>\d{{1,2}})\s?月\s?(?P<day>\d{{1,2}})\s?日",
        rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})[/ ]\s?{_YEAR}",
        rf"(?P<month>{_MONTH_NUMBER})/(?P<day>{_AFTER_12})/{_SHORT_YEAR}",
        rf"(?P<day>{_AFTER_12})/(?P<month>{_MONTH_NUMBER})/{_SHORT_YEAR}",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?{_YEAR}",
        rf"(?P<day>\d{{1,2}})-(?P<month>\d{{1,2}})-{_YEAR}",
        rf"{_NAME}\s+{_DAY}(?:,\s*|\s+){_YEAR}",
        rf"{_DAY}\s+(?:of\s+)?{_NAME}(?:,\s*|\s+){_YEAR}",
        rf"{_DAY}-{_NAME}-{_YEAR}",
    )
]
_DIGITS = re.compile(
    r"(?P<year>[12]\d{3})(?P<mark>)(?P<month>\d\d)(?P<day>\d\d)(?=\b|T)(?!\.\d)", re.ASCII
)
_AUTHOR = r"\s*by(?:\s+[\w.,'’-]+){1,6}"
_LABEL = re.compile(  # it may stand in brackets; in Markdown, in a list or between stars
    r"(?:[-*]\s+)?[*_(\[]*(?:last\s+|date\s+)?"
    r"(?:published|posted|updated|modified|released|issued|created|revised|sent|dated?"
    r"|(?:effective|publication|release)\s+date)"
    rf"(?:{_AUTHOR}\s+on|\s+(?:on|at))?[*_]*(?:\s*:[*_]*\s*|\s+)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"(?:{_LABEL.pattern}|on\s+|[*_(\[]+)?"
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:[T,]?\s*(?:at\s+)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[ap]\.?m\.?)?"
    r"\s*(?:z|[a-z]{2,4}|[+-]\d{2}:?\d{2})?(?:\s*\([a-z ]+\))?)?[*_)\]]*\s*",
    re.IGNORECASE,
)
_TIME_AND_AUTHOR = re.compile(rf"{_TIME.pattern}(?:,?{_AUTHOR})?", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s+[|·•–—-]\s+")
_HEADING_MARK = re.compile(r"^#{1,6}\s+")
_FIRST_LINES = 8  # that are not blank, where a text may tell its date
_MAX_LINE = 200


def parse_date(text: str) -> str:
    """The date that ``text`` begins with, such as "2025-02-12T10:00:00Z", "Feb. 12, 2025" or
    "20250212"."""
    return _match(text.strip()[:_MAX_LINE], [*_FORMS, _DIGITS])[0]


def find_date(text: str) -> str:
    """The date that stands on a line of its own among the first, or between bars on such a line.

    A date within a sentence tells of something else, and eight digits can be any number. An author
    may follow what says that it is a date: "Published: February 12, 2025 by Ann".
    """
    lines = (line.strip("\ufeff \t\r") for line in text[:4000].split("\n"))
    for line in [line for line in lines if line][:_FIRST_LINES]:
        plain = _HEADING_MARK.sub("", line)
        for piece in _SEPARATOR.split(plain) if len(line) <= _MAX_LINE else ():
            found, end = _match(piece, _FORMS)
            rest = _TIME_AND_AUTHOR if _LABEL.match(piece) else _TIME
            if found and rest.fullmatch(piece, end):
                return found
    return ""


def _match(text: str, forms: Iterable[re.Pattern[str]]) -> tuple[str, int]:
    """The date at the beginning, and where it ends."""
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    for form in forms:
        if match := form.match(text, start):
            return _iso(match.groupdict()), match.end()
    return "", 0


def _iso(parts: dict[str, str]) -> str:
    year, day = int(parts["year"]), int(parts["day"])
    year += 2000 if year < 100 else 0
    name = parts.get("name")
    month = MONTHS.index(name[:3].lower()) + 1 if name else int(parts["month"])
    if "mark" not in parts and not name and month > 12:
        month, day = day, month
    try:
        return date(year, month, day).isoformat()
    except ValueError:  # such as February 30
        return ""
