"""Two sentences that answer one question → whether they give it different values.

The values compared are those of the kind that is asked for. A value in two roundings (3.08 and
3.0885 million), a range and a value in it (not of hours, of which both ends are told), a date told
more and less exactly (November 2023, 2023) and a person named in two forms (Eddie Wu, Wu Yongming)
are one value. Amounts of different periods or in different units are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise, product

from rag.amounts import ROUNDING, all_differ, amounts, in_other_units, times_differ
from rag.answer_kind import answer_kind
from rag.claims import COINS, HONORIFICS, numbers, read_numbers
from rag.dates import MONTH, MONTHS
from rag.terms import stem, tokens

_DAYS = r"\d{1,2}(?:st|nd|rd|th)?(?:\s?(?:-|–|to|and|or)\s?\d{1,2}(?:st|nd|rd|th)?)?"
_WORDS = r"(?:may|march|mar|dec|sep|jan)\b"  # in lower case, no months: "they march on"
_MONTH = re.compile(  # with the days before or after it
    rf"(?:\b(?P<before>{_DAYS})\s+(?:of\s+)?)?\b(?P<month>(?!{_WORDS})(?i:{MONTH}))\b\.?"
    rf"(?:\s+(?P<after>{_DAYS})\b(?!\s+(?!(?:is|was|has|as|its|this)\b)\w+s\b))?"
)
_ALSO_A_NAME = {"jan", "april", "may", "june", "august"}  # "Jan Peters opened it"
_TELLS_MONTH = re.compile(r"\b(?:in|of|since|by|until|from|to|early|late|mid|last|next)[\s-]$")
_TO = re.compile(r"\s?(?:-|–|to|until)\s?")
_ISO_DAY = re.compile(r"\b\d{4}-(?P<month>0[1-9]|1[0-2])-(?P<day>\d\d)\b")
_DAY = re.compile(r"\d{1,2}")
_YEAR = re.compile(  # "1900 people" and "1850 euros" are none
    r"(?<![.,])\b(?:1[5-9]\d\d|20\d\d)\b(?![.,]\d)"
    r"(?!\s+(?:people|men|women|children|staff|users?|customers|employees|workers|units|stores"
    rf"|homes|tonnes|tons|kg|km|miles|metres|meters|pounds?|{COINS})\b)",
    re.IGNORECASE,
)
_LONGEST = 100  # years that a range of them may span
_FISCAL_YEAR = re.compile(r"(?<![a-z])FY\s?(?:20)?(\d\d)\b", re.IGNORECASE)
_PART_OF_YEAR = re.compile(
    r"\b(?:(?P<short>(?:q[1-4]|h[12])(?=\b|fy))"
    r"|(?P<which>first|second|third|fourth)[\s-](?P<part>quarter|half)\b)",
    re.IGNORECASE,
)
_ORDINALS = "first second third fourth".split()
_HOUR, _MINUTE = "0?[1-9]|1[0-2]", r"[:.]([0-5]\d)"
_CLOCK = re.compile(
    rf"(?<![\d.:])(?:(?:({_HOUR})(?:{_MINUTE})?\s?(?:-|–|to\b|until\b|and\b)\s?)?"
    rf"\b({_HOUR})(?:{_MINUTE})?\s?([ap])\.?m\b"
    r"|([01]?\d|2[0-3]):([0-5]\d)\b)",
    re.IGNORECASE,
)
_DURATION = re.compile(r"\bhow (?:long|soon|old|often)\b", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]+")
_FULL_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)+")


def disagree(question: str, one: str, other: str) -> bool:
    """Whether the sentences tell different numbers, dates or names, as the question asks."""
    match answer_kind(question):
        case "number" if _of_other_periods(one, other):
            return False
        case "number":
            differ = times_differ(one, other) if _DURATION.search(question) else None
            if differ is not None:
                return differ
            return _numbers_differ(question, one, other) and not in_other_units(one, other)
        case "date":
            return _dates_differ(question, one, other)
        case _:
            return _names_differ(question, one, other)


def _of_other_periods(one: str, other: str) -> bool:
    """Whether both name years, and none that is the same, or such quarters or halves of a year."""
    periods = zip(_periods(one), _periods(other), strict=True)
    return any(a and b and a.isdisjoint(b) for a, b in periods)


def _periods(text: str) -> tuple[set[str], set[str]]:
    """Years, a fiscal one being that of its number, and the parts of years, such as q4 and h1."""
    return (
        _years(text) | {f"20{year}" for year in _FISCAL_YEAR.findall(text)},
        {
            match["short"].lower()
            if match["short"]
            else f"{match['part'][0].lower()}{_ORDINALS.index(match['which'].lower()) + 1}"
            for match in _PART_OF_YEAR.finditer(text)
        },
    )


def _numbers_differ(question: str, one: str, other: str) -> bool:
    """Whether both tell numbers that are not in the question, nor years, and none is the same."""
    texts = (one, other)
    left_out = [numbers(question) | {Decimal(year) for year in _years_told(text)} for text in texts]
    told = [numbers(text) - known for text, known in zip(texts, left_out, strict=True)]
    same = (abs(a - b) <= ROUNDING * max(abs(a), abs(b)) for a, b in product(*told))
    compared = [amounts(text, known) for text, known in zip(texts, left_out, strict=True)]
    return all(compared) and not any(same) and all_differ(*compared)


def _dates_differ(question: str, one: str, other: str) -> bool:
    """A year, a month, a day or a time of day that both tell, and differently; or, where neither
    tells any, how long it takes. What the question names itself tells nothing."""
    asked = _dates(question)
    told = [
        [found - known for found, known in zip(_dates(text), asked, strict=True)]
        for text in (one, other)
    ]
    if not any(map(any, told)):
        return bool(times_differ(one, other))
    return any(a and b and not a & b for a, b in zip(*told, strict=True))


def _dates(text: str) -> tuple[set[str], set[str], set[str], set[str]]:
    """Years, months, days of them and times of day."""
    found = [month for month in _MONTH.finditer(text) if _tells_month(month)]
    iso = list(_ISO_DAY.finditer(text))
    return (
        _years(text),
        _months(found) | {MONTHS[int(m["month"]) - 1] for m in iso},
        {str(day) for m in found for day in _days(m)} | {m["day"].lstrip("0") for m in iso},
        {time for match in _CLOCK.finditer(text) for time in _times_of_day(match)},
    )


def _years_told(text: str) -> set[str]:
    """Those that are no money, as "$1850" is."""
    text, told = read_numbers(text)
    places = [number.start for number in told if not number.money]
    return {match[0] for place in places if (match := _YEAR.match(text, place))}


def _years(text: str) -> set[str]:
    """With those in between: 2000 is one of 1999-2001."""
    found = _years_told(text)
    told = {Decimal(year) for year in found}
    for _, low, high, _ in amounts(text, set()):
        if {low, high} <= told and high - low <= _LONGEST:
            found.update(str(year) for year in range(int(low), int(high)))
    return found


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
    beside = _YEAR.match(text, match.end() + 1)
    return bool(beside or _TELLS_MONTH.search(text[: match.start("month")].lower()))


def _times_of_day(match: re.Match[str]) -> Iterator[str]:
    """On a clock of 24 hours, "09:00" for 9 a.m.; both ends of "6:30 to 8 pm".

    The start is in the same half of the day as the end, unless it were after it: "11 to 1 pm".
    """
    first_hour, first_minute, hour, minute, half, hour_24, minute_24 = match.groups()
    if hour_24:
        yield f"{int(hour_24):02}:{minute_24}"
        return
    end = int(hour) % 12 + (12 if half.lower() == "p" else 0)
    yield f"{end:02}:{minute or '00'}"
    if first_hour:
        start = int(first_hour) % 12 + (12 if half.lower() == "p" else 0)
        yield f"{start if start <= end else (start + 12) % 24:02}:{first_minute or '00'}"


def _names_differ(question: str, one: str, other: str) -> bool:
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
