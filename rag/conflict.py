"""Two sentences that answer one question → whether they give it different values.

The values compared are those of the kind that is asked for. A value in two roundings (3.08 and
3.0885 million), a date told more and less exactly (November 2023, 2023) and a person named in two
forms (Eddie Wu, Wu Yongming) are one value.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import product

from rag.answer_kind import answer_kind
from rag.claims import HONORIFICS, numbers
from rag.dates import MONTH
from rag.terms import stem, tokens

_ROUNDING = Decimal("0.01")  # relative difference of two roundings of one value, at most
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:\s?(?:-|–|to|and|or)\s?\d{1,2}(?:st|nd|rd|th)?)?"
_MONTH = re.compile(  # with the days before or after it; "may" is a verb
    rf"(?:\b(?P<before>{_DAYS})\s+(?:of\s+)?)?\b(?P<month>(?!may)(?i:{MONTH}))\b\.?"
    rf"(?:\s+(?P<after>{_DAYS})\b(?!\s+\w+s\b))?"
)
_DAY = re.compile(r"\d{1,2}")
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_DURATION = re.compile(r"\bhow (?:long|soon|old|often)\b", re.IGNORECASE)
_TIME_UNIT = re.compile(r"\b(second|minute|hour|day|week|month|quarter|year)s?\b", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]+")
_FULL_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)+")


def disagree(question: str, one: str, other: str) -> bool:
    """Whether the sentences tell different numbers, dates or names, as the question asks."""
    match answer_kind(question):
        case "number":
            return _numbers_differ(
                _counts(question, one), _counts(question, other)
            ) and not _in_other_units(question, one, other)
        case "date":
            return _dates_differ(one, other)
        case _:
            return _names_differ(question, one, other)


def _counts(question: str, sentence: str) -> set[Decimal]:
    years = {Decimal(year) for year in _YEAR.findall(sentence)}
    return numbers(sentence) - numbers(question) - years


def _numbers_differ(one: set[Decimal], other: set[Decimal]) -> bool:
    same = (abs(a - b) <= _ROUNDING * max(abs(a), abs(b)) for a, b in product(one, other))
    return bool(one) and bool(other) and not any(same)


def _in_other_units(question: str, one: str, other: str) -> bool:
    """Whether a time is told in units of which none is shared: three months, 90 days."""
    units = [{unit.lower() for unit in _TIME_UNIT.findall(text)} for text in (one, other)]
    return _DURATION.search(question) is not None and all(units) and units[0].isdisjoint(units[1])


def _dates_differ(one: str, other: str) -> bool:
    """A year, a month or a day that both tell, and differently."""
    return any(a and b and not a & b for a, b in zip(_dates(one), _dates(other), strict=True))


def _dates(text: str) -> tuple[set[str], set[str], set[str]]:
    """Years, months and days of them."""
    found = list(_MONTH.finditer(text))
    days = (date["before"] or date["after"] or "" for date in found)
    return (
        set(_YEAR.findall(text)),
        {date["month"][:3].lower() for date in found},
        {day.lstrip("0") for told in days for day in _DAY.findall(told)},
    )


def _names_differ(question: str, one: str, other: str) -> bool:
    """Full names that are the same but for one word, which is nearly the same: Li Shan, Ji Shan.

    Business Day and Business Days, Henry VII and VIII, Mr and Mrs Hill, Q1 and Q2 are not meant.
    """
    asked = set(tokens(question))
    found = [{tuple(tokens(name)) for name in _FULL_NAME.findall(text)} for text in (one, other)]
    for a, b in product(*found):
        odd = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
        if len(a) == len(b) and len(odd) == 1 and not set(odd[0]) & asked and _misspelt(*odd[0]):
            return True
    return False


def _misspelt(one: str, other: str) -> bool:
    """Whether both may be meant for the same name."""
    return (
        _near(one, other)
        and one.isalpha()
        and stem(one) != stem(other)
        and not {one, other} <= HONORIFICS
        and not (_ROMAN.fullmatch(one) and _ROMAN.fullmatch(other))
    )


def _near(one: str, other: str) -> bool:
    """Whether two words of equal length differ in one letter, or one has a letter more."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return len(long) - len(short) == 1 and any(
        long[:i] + long[i + 1 :] == short for i in range(len(long))
    )
