"""Two sentences that answer one question → whether they give it different values.

The values compared are those of the kind that is asked for. A value in two roundings (3.08 and
3.0885 million), a range and a value in it (not of hours, of which both ends are told), a date told
more and less exactly (November 2023, 2023) and a person named in two forms (Eddie Wu, Wu Yongming)
are one value. Amounts of different periods or in different units are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise, product

from rag.amounts import (
    ROUNDING,
    Amount,
    all_differ,
    amounts,
    in_other_units,
    rest_differs,
    times_differ,
)
from rag.answer_kind import answer_kind
from rag.claims import HONORIFICS, negates, numbers
from rag.dates import MONTH, MONTHS
from rag.terms import STOPWORDS, stem, stems, tokens
from rag.years import YEAR, are_of_other_periods, months_of_parts, years, years_told

_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:\s?(?:-|–|to|and|or)\s?\d{1,2}(?:st|nd|rd|th)?)?"
_WORDS = r"(?:may|march|mar|dec|sep|jan)\b"  # in lower case, no months: "they march on"
_MONTH = re.compile(  # with the days before or after it
    rf"(?:\b(?P<before>{_DAYS})\s+(?:of\s+)?)?\b(?P<month>(?!{_WORDS})(?i:{MONTH}))\b\.?"
    rf"(?:\s+(?P<after>{_DAYS})\b(?!\s+(?!(?:is|was|has|as|its|this)\b)\w+s\b))?"
)
_ALSO_A_NAME = {"jan", "april", "may", "june", "august"}  # "Jan Peters opened it"
_TELLS_MONTH = re.compile(r"\b(?:in|of|since|by|until|from|to|early|late|mid|last|next)[\s-]$")
_TO = re.compile(r"\s?(?:-|–|to|until)\s?")
_ISO_DAY = re.compile(r"\b(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>\d\d)\b")
# "12/31/2024" and "31/12/2024", whose order tells itself, and "31.12.2024".
_NUMERIC_DAY = re.compile(
    r"(?<![\d/.])(?:(?P<month>0?[1-9]|1[0-2])/(?P<day>1[3-9]|2\d|3[01])/"
    r"|(?P<first>1[3-9]|2\d|3[01])/(?P<second>0?[1-9]|1[0-2])/"
    r"|(?P<before>\d{1,2})\.\s?(?P<after>0?[1-9]|1[0-2])\.\s?)(?P<year>(?:19|20)\d\d)\b"
)
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WEEKDAY = re.compile(rf"(?<!Black )(?<!Good )(?<!Easter )\b(?:{'|'.join(_WEEKDAYS)})\b")
_TO_COME = re.compile(
    r"\b(?:what|which) (?:week)?day\b|\bwhen (?:is|are|do|does|will)\b", re.IGNORECASE
)
_CLOSED = re.compile(r"\b(?:closed|except|shut)\b", re.IGNORECASE)
_DAY = re.compile(r"\d{1,2}")
_HOUR, _MINUTE = "0?[1-9]|1[0-2]", r"[:.]([0-5]\d)"
_CLOCK = re.compile(
    rf"(?<![\d.:])(?:(?:({_HOUR})(?:{_MINUTE})?\s?(?:-|–|to\b|until\b|and\b)\s?)?"
    rf"\b({_HOUR})(?:{_MINUTE})?\s?([ap])\.?m\b"
    r"|([01]?\d|2[0-3]):([0-5]\d)\b)",
    re.IGNORECASE,
)
_NOON = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_AT_NOON = re.compile(rf"\b(?:{'|'.join(_NOON)})\b", re.IGNORECASE)
_MONEY_ASKED = re.compile(
    r"\b(?:costs?|prices?|fees?|pay|paid|charged?|rent|salary|earn|budget|deposit)\b", re.IGNORECASE
)
_DEGREES_ASKED = re.compile(r"\b(?:temperature|how (?:hot|cold|warm))\b", re.IGNORECASE)
_DEGREES = re.compile(r"\s?(?:°|degrees?\b)")
_THINGS_ASKED = re.compile(r"\bhow (?:many|much) ((?:[\w-]+\s?){1,2})", re.IGNORECASE)
_THINGS = re.compile(r"(?:[\s-]?(?!(?:and|or|on|in|with|for|at|by|per|to)\b)[^\W\d_]+){1,3}")
_DURATION = re.compile(r"\bhow (?:long|soon|old|often)\b", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]+")
_FULL_NAME = re.compile(r"\b[A-Z][\w'’-]{1,50}(?: [A-Z][\w'’-]{1,50})+")


def disagree(question: str, one: str, other: str) -> bool:
    """Whether the sentences tell different numbers, dates or names, as the question asks."""
    match answer_kind(question):
        case "number" if are_of_other_periods(one, other):
            return False
        case "number":
            differ = times_differ(one, other) if _DURATION.search(question) else None
            if differ is not None:
                return differ
            return _numbers_differ(question, one, other) and not in_other_units(one, other)
        case "date":
            return _dates_differ(question, one, other)
        case _:
            return names_differ(question, one, other)


def _numbers_differ(question: str, one: str, other: str) -> bool:
    """Whether both tell numbers that are not in the question, nor years, and none is the same, or
    those that are not."""
    texts = (one, other)
    left_out = [numbers(question) | {Decimal(year) for year in years_told(text)} for text in texts]
    compared = [amounts(text, known) for text, known in zip(texts, left_out, strict=True)]
    asked = [list(_asked_for(question, found)) for found in compared]
    if all(asked):
        return all_differ(*asked)
    told = [numbers(text) - known for text, known in zip(texts, left_out, strict=True)]
    same = (abs(a - b) <= ROUNDING * max(abs(a), abs(b)) for a, b in product(*told))
    if _is_share(*compared) or _is_share(*reversed(compared)):
        return False
    if any(same):
        return rest_differs(*compared)
    return all(compared) and all_differ(*compared)


def _asked_for(question: str, found: Iterable[Amount]) -> Iterator[Amount]:
    """Money where it is asked what something costs, degrees where it is asked how hot it is, and
    the rooms of 12 rooms on 3 floors where it is asked how many rooms."""
    money, degrees = _MONEY_ASKED.search(question), _DEGREES_ASKED.search(question)
    match = _THINGS_ASKED.search(question)
    things = set(stems(tokens(match[1]))) - STOPWORDS if match else set()
    for amount in found:
        words = _THINGS.match(amount.after)
        counted = things & set(stems(tokens(words[0]))) if words else set()
        if counted or (money and amount.money) or (degrees and _DEGREES.match(amount.after)):
            yield amount


def _is_share(some: list[Amount], others: list[Amount]) -> bool:
    """Whether the one tells percentages only and the other none: 12% of the staff, 1,400 jobs."""
    return all(amount.kind == "percent" for amount in some) and not any(
        amount.kind == "percent" for amount in others
    )


def _dates_differ(question: str, one: str, other: str) -> bool:
    """A year, a month, a day or a time of day that both tell, and differently; or, where neither
    tells any, how long it takes. What the question names itself tells nothing."""
    asked = _dates(question)
    told = [
        [found - known for found, known in zip(_dates(text), asked, strict=True)]
        for text in (one, other)
    ]
    if any(a and b and not a & b for a, b in zip(*told, strict=True)):
        return True
    if not any(map(any, told)) and times_differ(one, other):
        return True
    # What is past is told with the weekday of the news: "the firm said on Monday".
    if not _TO_COME.search(question) or any(any(dates[:3]) for dates in told):
        return False
    days, other_days = (_weekdays(text) - _weekdays(question) for text in (one, other))
    return bool(days and other_days) and days.isdisjoint(other_days)


def _dates(text: str) -> tuple[set[str], ...]:
    """Years, months, days of them, times of day, and the months of quarters and halves."""
    found = [month for month in _MONTH.finditer(text) if _tells_month(month)]
    in_digits = list(_days_in_digits(text))
    return (
        years(text) | {year for year, _, _ in in_digits},
        _months(found) | {MONTHS[month - 1] for _, month, _ in in_digits},
        {str(day) for m in found for day in _days(m)} | {str(day) for _, _, day in in_digits},
        {time for match in _CLOCK.finditer(text) for time in _times_of_day(match)}
        | {_NOON[match[0].lower()] for match in _AT_NOON.finditer(text)},
        months_of_parts(text),
    )


def _days_in_digits(text: str) -> Iterator[tuple[str, int, int]]:
    """Year, month and day of "2024-12-31" and the like."""
    for match in _ISO_DAY.finditer(text):
        yield match["year"], int(match["month"]), int(match["day"])
    for match in _NUMERIC_DAY.finditer(text):
        month = match["month"] or match["second"] or match["after"]
        day = match["day"] or match["first"] or match["before"]
        yield match["year"], int(month), int(day)


def _weekdays(text: str) -> set[str]:
    """With those in between; none where some are left out: closed on Monday, open on Tuesday."""
    if _CLOSED.search(text) or negates(text):
        return set()
    found = list(_WEEKDAY.finditer(text))
    days = {match[0] for match in found}
    for one, other in pairwise(found):
        if _TO.fullmatch(text, one.end(), other.start()):
            first, last = _WEEKDAYS.index(one[0]), _WEEKDAYS.index(other[0])
            between = range(first, last if first < last else last + 7)
            days.update(_WEEKDAYS[day % 7] for day in between)
    return days


def _months(found: list[re.Match[str]]) -> set[str]:
    """With those in between: April is one of March to May, January of November to February."""
    told = [MONTHS.index(match["month"][:3].lower()) for match in found]
    months = set(told)
    for (one, first), (other, last) in pairwise(zip(found, told, strict=True)):
        if _TO.fullmatch(one.string, one.end(), other.start()):
            months.update(range(first, last if first < last else last + 12))
    return {MONTHS[month % 12] for month in months}


def _days(match: re.Match[str]) -> set[int]:
    """With those in between: 4 is one of 3-5 May, but not of 3 and 5 May."""
    told = match["before"] or match["after"] or ""
    days = [int(day) for day in _DAY.findall(told)]
    return {*days, *range(days[0], days[-1])} if _TO.search(told) else set(days)


def _tells_month(match: re.Match[str]) -> bool:
    """Whether it is no person: a day, a year or such a word stands beside it."""
    if match["month"].lower() not in _ALSO_A_NAME or match["before"] or match["after"]:
        return True
    text = match.string
    beside = YEAR.match(text, match.end() + 1)
    return bool(beside or _TELLS_MONTH.search(text[: match.start("month")].lower()))


def _times_of_day(match: re.Match[str]) -> Iterator[str]:
    """On a clock of 24 hours, "09:00" for 9 a.m.; both ends of "6:30 to 8 pm".

    The start is in the same half of the day as the end, unless it were after it: "11 to 1 pm".
    """
    first_hour, first_minute, hour, minute, half, hour_24, minute_24 = match.groups()
    if hour_24:
        yield f"{int(hour_24):02}:{minute_24}"
        if 1 <= int(hour_24) <= 12 and hour_24[0] != "0":  # "7:30" may be in the evening
            yield f"{(int(hour_24) + 12) % 24:02}:{minute_24}"
        return
    end = int(hour) % 12 + (12 if half.lower() == "p" else 0)
    yield f"{end:02}:{minute or '00'}"
    if first_hour:
        start = int(first_hour) % 12 + (12 if half.lower() == "p" else 0)
        yield f"{start if start <= end else (start + 12) % 24:02}:{first_minute or '00'}"


def names_differ(question: str, one: str, other: str) -> bool:
    """Full names that are the same but for one word, which is nearly the same: Li Shan, Ji Shan.

    Business Day and Business Days, Henry VII and VIII, Mr and Mrs Hill, Q1 and Q2 are not meant.
    """
    asked = set(tokens(question))
    written = [[tuple(tokens(name)) for name in _FULL_NAME.findall(text)] for text in (one, other)]
    # Titles may stand before: "Xianyu President Ji Shan".
    found = [{form for name in names for form in (name, name[-2:])} for names in written]
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
