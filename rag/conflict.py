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
from rag.claims import HONORIFICS, currencies, numbers
from rag.dates import MONTH, MONTHS
from rag.terms import stem, tokens

_ROUNDING = Decimal("0.01")  # relative difference of two roundings of one value, at most
_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:\s?(?:-|–|to|and|or)\s?\d{1,2}(?:st|nd|rd|th)?)?"
_MONTH = re.compile(  # with the days before or after it; "may" is a verb
    rf"(?:\b(?P<before>{_DAYS})\s+(?:of\s+)?)?\b(?P<month>(?!may)(?i:{MONTH}))\b\.?"
    rf"(?:\s+(?P<after>{_DAYS})\b(?!\s+(?!(?:is|was|has|as|its|this)\b)\w+s\b))?"
)
_ALSO_A_NAME = {"jan", "april", "may", "june", "august"}  # "Jan Peters opened it"
_TELLS_MONTH = re.compile(r"\b(?:in|of|since|by|until|from|to|early|late|mid|last|next)[\s-]$")
_ISO_DAY = re.compile(r"\b\d{4}-(?P<month>0[1-9]|1[0-2])-(?P<day>\d\d)\b")
_DAY = re.compile(r"\d{1,2}")
_YEAR = re.compile(  # "1900 people" and "$1850" are none
    r"(?<![$€£¥\d.,])(?<![$€£¥]\s)\b(1[5-9]\d\d|20\d\d)\b(?![.,]\d)"
    r"(?!\s+(?:people|men|women|children|staff|yuan|euros?|dollars?|pounds?|eur|usd|gbp|rmb|users?"
    r"|customers|employees|workers|units|stores|homes|tonnes|tons|kg|km|miles|metres|meters)\b)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s?(?P<half>[ap])\.?m\b"
    r"|\b(?P<hour24>\d{1,2}):(?P<minute24>\d\d)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(r"\bhow (?:long|soon|old|often)\b", re.IGNORECASE)
_UNIT_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30, "quarter": 90, "year": 360}
_TIME = re.compile(rf"((?:[\w.,]+[\s-]){{1,3}})({'|'.join(_UNIT_DAYS)})s?\b", re.IGNORECASE)
_SAME_TIME = 0.03  # relative difference of a time in two units: 90 days, three months; 52 weeks
_PERCENT = re.compile(r"%|\bper ?cent\b", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]+")
_FULL_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)+")


def disagree(question: str, one: str, other: str) -> bool:
    """Whether the sentences tell different numbers, dates or names, as the question asks."""
    match answer_kind(question):
        case "number" if _DURATION.search(question) and _times(one) and _times(other):
            return _times_differ(one, other)
        case "number":
            return _numbers_differ(
                _counts(question, one), _counts(question, other)
            ) and not _in_other_units(one, other)
        case "date":
            return _dates_differ(question, one, other)
        case _:
            return _names_differ(question, one, other)


def _counts(question: str, sentence: str) -> set[Decimal]:
    years = {Decimal(year) for year in _YEAR.findall(sentence)}
    return numbers(sentence) - numbers(question) - years


def _numbers_differ(one: set[Decimal], other: set[Decimal]) -> bool:
    same = (abs(a - b) <= _ROUNDING * max(abs(a), abs(b)) for a, b in product(one, other))
    return bool(one) and bool(other) and not any(same)


def _in_other_units(one: str, other: str) -> bool:
    """Whether amounts are told in units of which none is shared: 18 billion yuan, $2.5 billion."""
    units = [
        currencies(text) | ({"percent"} if _PERCENT.search(text) else set())
        for text in (one, other)
    ]
    return all(units) and units[0].isdisjoint(units[1])


def _times_differ(one: str, other: str) -> bool:
    times = product(_times(one), _times(other))
    return not any(abs(a - b) <= _SAME_TIME * max(a, b) for a, b in times)


def _times(text: str) -> set[float]:
    """How long, in days of 24 hours, months of 30 and years of 360."""
    return {
        float(number) * _UNIT_DAYS[unit.lower()]
        for told, unit in _TIME.findall(text)
        for number in numbers(told)
    }


def _dates_differ(question: str, one: str, other: str) -> bool:
    """A year, a month, a day or a time of day that both tell, and differently; or, where neither
    tells any, how long it takes. What the question names itself tells nothing."""
    asked = _dates(question)
    told = [
        [found - known for found, known in zip(_dates(text), asked, strict=True)]
        for text in (one, other)
    ]
    if not any(map(any, told)) and _times(one) and _times(other):
        return _times_differ(one, other)
    return any(a and b and not a & b for a, b in zip(*told, strict=True))


def _dates(text: str) -> tuple[set[str], set[str], set[str], set[str]]:
    """Years, months, days of them and times of day."""
    found = [month for month in _MONTH.finditer(text) if _tells_month(month)]
    days = {day for m in found for day in _DAY.findall(m["before"] or m["after"] or "")}
    iso = list(_ISO_DAY.finditer(text))
    return (
        set(_YEAR.findall(text)),
        {m["month"][:3].lower() for m in found} | {MONTHS[int(m["month"]) - 1] for m in iso},
        {day.lstrip("0") for day in days | {m["day"] for m in iso}},
        {_time_of_day(match) for match in _CLOCK.finditer(text)},
    )


def _tells_month(match: re.Match[str]) -> bool:
    """Whether it is no person: a day, a year or such a word stands beside it."""
    if match["month"].lower() not in _ALSO_A_NAME or match["before"] or match["after"]:
        return True
    text = match.string
    beside = _YEAR.match(text, match.end() + 1)
    return bool(beside or _TELLS_MONTH.search(text[: match.start("month")].lower()))


def _time_of_day(match: re.Match[str]) -> str:
    """On a clock of 24 hours, "09:00" for 9 a.m."""
    if match["half"] is None:
        return f"{int(match['hour24']):02}:{match['minute24']}"
    hour = int(match["hour"]) % 12 + (12 if match["half"].lower() == "p" else 0)
    return f"{hour:02}:{match['minute'] or '00'}"


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
