"""Which numbers in a sentence are years, and which parts of years are named."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from rag.amounts import amounts
from rag.claims import COINS, read_numbers
from rag.dates import MONTH, MONTHS

YEAR = re.compile(  # not "1850 euros", "2000 ml", "1500%"
    r"(?<![.,])\b(?:1[5-9]\d\d|20\d\d)\b(?![.,]\d|\s?[%°])"
    r"(?!\s+(?:[km]?g|[kcm]?m(?!\.)|[cm]?l|metres|meters|miles|feet|ft|sq|square|cubic|tons|tonnes"
    rf"|pounds?|lbs|k?cal|kj|k?wh?|rpm|[mg]?hz|[kmgt]b|{COINS})\b)",
    re.IGNORECASE,
)
# The next four are for folded text. "2000 new seats" is no year, unless what stands before tells
# that it is one: "in 2020 sellers left".
_THINGS = re.compile(
    r"\s(?:(?:new|more|other|additional|registered|active|full-time|part-time|paying)\s)?"
    r"(?!(?:as|was|has|does|its|always|onwards|afterwards|sees|marks|brings|begins|starts|ends|shows"
    r"|sales|results|taxes|earnings|figures|accounts|elections|olympics|games|championships|finals"
    r"|awards|prices|rates|numbers|estimates|levels|guidelines|rules|regulations|standards|revenues"
    r"|profits|losses|terms|budgets|reports)\b)"
    r"(?:people|men|women|children|staff|[a-z-]+(?<![isu])s)\b"
)
_OF_YEARS = re.compile(
    r"(?:\b(?:in|since|until|till|during|before|after|year|early|mid|late|end of|fy|the|its|their"
    r"|our|his|her|spring|summer|autumn|fall|winter|q[1-4]|h[12]"
    rf"|(?:{MONTH})\.?(?:\s\d{{1,2}},?)?)[\s-]"
    r"|\d{4}\s?(?:and|or|to|-|–|/)\s?)\Z"
)
_OF_COUNTS = re.compile(
    r"\b(?:has|have|had|holds?|held|seats?|employs?|employed|costs?|weighs?|sold|nearly|almost"
    r"|(?:more|less|fewer) than|at least|(?:total|capacity|number) of)\s\Z"
)
_OPENING = re.compile(r"(?:\A|[.!?;|]\s)\W{0,5}\Z")
_RECENT = re.compile(r"199\d|20(?!00)[0-3]\d")  # years that open a sentence: "2024 fees are $50"
_BEFORE = 30  # characters, in which such words are looked for
_DECADE = re.compile(r"\b(1[5-9]\d|20\d)0[’']?s\b")
_LONGEST = 100  # years that a range of them may span
_FISCAL_YEAR = re.compile(r"(?<![a-z])FY\s?(?:20)?(\d\d)\b", re.IGNORECASE)
_FISCAL = re.compile(r"\b(?:fiscal|financial|FY)", re.IGNORECASE)
_PART_OF_YEAR = re.compile(
    r"\b(?:(?P<short>(?:q[1-4]|h[12])(?=\b|fy))"
    r"|(?P<which>first|second|third|fourth)[\s-](?P<part>quarter|half)\b)",
    re.IGNORECASE,
)
_ORDINALS = "first second third fourth".split()


def years_told(text: str) -> set[str]:
    """Those that are no money, as "$1850" is, and count nothing, as "2000 seats" does."""
    text, told = read_numbers(text)
    places = [number.start for number in told if not number.money and number.scale == 1]
    found = [match for place in places if (match := YEAR.match(text, place))]
    return {match[0] for match in found if not _counts(match)}


def _counts(number: re.Match[str]) -> bool:
    text, start, end = number.string, number.start(), number.end()
    before = max(0, start - _BEFORE)
    if _THINGS.match(text, end):
        opens = _OPENING.search(text, before, start) and _RECENT.fullmatch(number[0])
        return not (opens or _OF_YEARS.search(text, before, start))
    return _OF_COUNTS.search(text, before, start) is not None


def years(text: str) -> set[str]:
    """With those in between: 2000 is one of 1999-2001, and of the 2000s."""
    found = years_told(text)
    told = {Decimal(year) for year in found}
    for _, low, high, *_ in amounts(text, set()) if len(told) > 1 else ():
        if {low, high} <= told and high - low <= _LONGEST:
            found.update(str(year) for year in range(int(low), int(high)))
    for decade in _DECADE.findall(text):
        found.update(f"{decade}{year}" for year in range(10))
    return found


def are_of_other_periods(one: str, other: str) -> bool:
    """Whether both name years, and none that is the same, or such quarters or halves of a year."""
    periods = zip(_periods(one), _periods(other), strict=True)
    return any(a and b and a.isdisjoint(b) for a, b in periods)


@lru_cache  # a question is held against many sentences
def _periods(text: str) -> tuple[set[str], set[str]]:
    """Years, a fiscal one being that of its number, and the parts of years, such as q4 and h1."""
    return (
        years(text) | {f"20{year}" for year in _FISCAL_YEAR.findall(text)},
        _parts_of_years(text),
    )


def _parts_of_years(text: str) -> set[str]:
    return {
        match["short"].lower()
        if match["short"]
        else f"{match['part'][0].lower()}{_ORDINALS.index(match['which'].lower()) + 1}"
        for match in _PART_OF_YEAR.finditer(text)
    }


def months_of_parts(text: str) -> set[str]:
    """Of the quarters and halves of a year; a fiscal one may be of any months."""
    if _FISCAL.search(text):
        return set()
    months: set[str] = set()
    for part in _parts_of_years(text):
        length = 3 if part[0] == "q" else 6
        months.update(MONTHS[(int(part[1]) - 1) * length : int(part[1]) * length])
    return months
