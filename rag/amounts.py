"""Text → the amounts in it, with ranges, bounds and units, and whether two can be one.

"Between 100 and 120" and "over 100" hold 110; 90 minutes are 1.5 hours. Other units are not
converted: 10 km and 6.2 miles are only told to be in units that cannot be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from rag.claims import (
    COINS,
    LETTERS,
    PERCENT,
    WORDS,
    Number,
    currencies,
    numbers,
    percents,
    read_numbers,
)

ROUNDING = Decimal("0.01")  # relative; values nearer than this are held to be one
_UNIT_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "quarter": 90 * 86_400,
    "year": 360 * 86_400,
}
_SHORT_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hr": 3600}
_SECONDS = {unit: Decimal(size) for unit, size in (_UNIT_SECONDS | _SHORT_SECONDS).items()}
_SECONDS |= dict.fromkeys(("ms", "millisecond"), Decimal("0.001"))
_SAME_TIME = Decimal("0.03")  # relative difference of 90 days and three months, or 52 weeks, a year
_NO_ADJECTIVE = "an?|the|per|each|every|this|last|next|in|of|for|to|and|or|by|on|at|from|over|since"
# These are for folded text.
_UNIT = re.compile(
    rf"\s?(?P<percent>{PERCENT})"
    rf"|[\s-](?:(?!(?:{_NO_ADJECTIVE}|{'|'.join(WORDS)})\b)[a-z]+[\s-]){{0,2}}"
    rf"(?P<time>{'|'.join(_UNIT_SECONDS)})s?\b"
    # not "1990s" and "4-H"
    r"|[\s-]?(?P<short>(?:sec|min|hr|millisecond)(?=s?\b)|ms\b|(?<!-)h\b|(?<=\s)s\b)s?"
)
_THEN = re.compile(r",?\s(?:and\s)?")
_BOUND = re.compile(
    r"\b(?:(?P<most>(?:no|not) (?:more|over|greater) than|up to|under|below|at most"
    r"|(?<!no )(?<!not )(?:less|fewer) than)"
    r"|(?P<least>over|above|at least|more than|(?:no|not) (?:less|fewer) than)"
    r"|(?P<about>about|around|approximately|roughly|some|nearly|almost|close to|circa|ca\.))\s\Z"
)
_ABOUT = Decimal("0.05")  # relative; "about 500" can be 480
_NEAR = Decimal("1.3")  # times as much as the other, at most, where two may be told of one thing
_BETWEEN = re.compile(r"\bbetween\s\Z")
_AND = re.compile(r"\sand\s")
_TO = re.compile(r"\s?[-–]\s?|\s(?:to|until|or)\s")
_LETTER = re.compile(r"[mb]\b")
_HYPHEN = re.compile(r"-\d")  # no range: "2024-12-05"
_CHANGE = re.compile(  # "grew from 100 to 120" tells no range
    r"\b(?:rose|risen|ris(?:e|es|ing)|grew|grow\w*|f[ae]ll\w*|drop\w*|jump\w*|climb\w*|declin\w*"
    r"|(?:in|de)creas\w*|reduc\w*|rais\w*|cut|up|down|went|moved?|chang\w*|expand\w*)\b"
    r"[^.;]{0,40}\bfrom\s\Z"
)
_BEFORE = 60  # characters, in which such words are looked for
_AFTER = 40
_COIN = re.compile(rf"\s?(?:{COINS}|pounds?)\b")
_FAR = 10  # times as much as 100 is not called "over 100"; it is an amount of something else
_UNITS = {  # each dimension's, the longer first: "miles per hour" before "miles"
    "speed": (
        r"km/h|kph|kmh|kilomet(?:re|er)s (?:per|an) hour|km per hour",
        "mph|miles (?:per|an) hour",
        r"m/s|met(?:re|er)s (?:per|a) second",
        "knots?",
    ),
    "length": (
        "km|kilomet(?:re|er)s?",
        "(?-i:m)|met(?:re|er)s?",
        "cm|centimet(?:re|er)s?",
        "mm|millimet(?:re|er)s?",
        "miles?",
        "ft|foot|feet",
        "yards?",
        "inch(?:es)?",
    ),
    "quantity": (  # of what is cooked: 250 g, 2 cups
        "kg|kilos?|kilogram(?:me)?s?",
        "(?-i:g)|gram(?:me)?s?",
        "mg|milligram(?:me)?s?",
        "tonnes?",
        "tons?",
        "lbs?|pounds?",
        "oz|ounces?",
        "ml|millilit(?:re|er)s?",
        "cl|centilit(?:re|er)s?",
        "l|lit(?:re|er)s?",
        "cups?",
        "tbsps?|tablespoons?",
        "tsps?|teaspoons?",
        "pints?",
        "gallons?",
    ),
    "area": (
        r"m²|sqm|sq\.? m|square met(?:re|er)s?",
        r"ft²|sq\.?\s?ft|square f(?:oot|eet)",
        "ha|hectares?",
        "acres?",
    ),
    "concentration": ("mg/dl", "mmol/l", "g/l", "mg/l", "[µμ]g/l"),
    "energy": ("kcal|calories", "kj|kilojoules?"),
    "temperature": (
        r"°\s?C|(?:degrees? )?celsius|degrees? C",
        r"°\s?F|(?:degrees? )?fahrenheit|degrees? F",
    ),
    "data": ("kb|kilobytes?", "mb|megabytes?", "gb|gigabytes?", "tb|terabytes?"),
}
_MEASURES = {f"{of}_{i}": unit for of, units in _UNITS.items() for i, unit in enumerate(units)}
_MEASURE = re.compile(
    r"(?<![\w.,$€£¥])(?P<told>(?:[\w.,]+[\s-])?[\w.,]*\w)(?:[\s-]|(?<=\d))(?:"
    + "|".join(f"(?P<{name}>{unit})" for name, unit in _MEASURES.items())
    + r")(?![\w/])",
    re.IGNORECASE,
)
_RATE = re.compile(  # for folded text; "in a year" and "a year ago" tell none
    r"(?:\b(?:per|each|every)\s|(?<!\bin )(?<!\bfor )(?<!\bwithin )\ban?\s|/\s?)"
    r"(?P<per>hour|day|night|week|month|quarter|year|annum)\b(?!\s(?:ago|later|earlier|before|after))"
    r"|\b(?:(?P<ly>hour|week|month|quarter|year)ly|(?P<annual>annual)(?:ly)?|(?P<daily>daily))\b"
)
_SAME_RATE = {"annum": "year", "annual": "year", "daily": "day"}


class Amount(NamedTuple):
    """A number, a range or a bound, as "over 100" is."""

    kind: str  # "time", which is in seconds, "percent" or ""
    low: Decimal
    high: Decimal
    bound: str = ""  # "least", "most" or "about"
    money: bool = False  # by a currency beside it
    after: str = ""  # what it is followed by, its unit first


def in_other_units(one: str, other: str) -> bool:
    """Whether there are amounts of one dimension in units of which none is shared: 18 billion yuan,
    $2.5 billion; 10 km, 6.2 miles; $15 an hour, $30,000 a year; or what is measured is of other
    dimensions: 200 km, 3,000 square metres."""
    told, told_other = _units(one), _units(other)
    measured, measured_other = told.keys() & _UNITS.keys(), told_other.keys() & _UNITS.keys()
    if measured and measured_other and measured.isdisjoint(measured_other):
        return True
    return any(told[of].isdisjoint(told_other[of]) for of in told.keys() & told_other.keys())


def _units(text: str) -> dict[str, set[str]]:
    """The units told, by dimension; that of money has the percent, too."""
    found: dict[str, set[str]] = {}
    if money := currencies(text) | percents(text):
        found["money"] = money
    for match in _MEASURE.finditer(text):
        if match.lastgroup and numbers(match["told"]):
            found.setdefault(match.lastgroup.split("_")[0], set()).add(match.lastgroup)
    for match in _RATE.finditer(text.casefold()):
        per = match[match.lastgroup or 0]
        found.setdefault("rate", set()).add(_SAME_RATE.get(per, per))
    return found


def times_differ(one: str, other: str) -> bool | None:
    """None where one of them does not tell how long."""
    told, told_other = _times(one), _times(other)
    return all_differ(told, told_other) if told and told_other else None


def _times(text: str) -> list[Amount]:
    """How long, in days of 24 hours, months of 30 days and years of 360."""
    return [amount for amount in amounts(text, set(), ones=True) if amount.kind == "time"]


def amounts(text: str, left_out: set[Decimal], ones: bool = False) -> list[Amount]:
    """All but those that are, or begin or end at, a number that is left out; "one" is among them
    with ``ones`` only."""
    text, told = read_numbers(text)
    found: list[Amount] = []
    for first, last in _ranges(text, _whole_times(text, told)):
        low, high = _values(text, first, last)
        if (last.bare_one and not ones) or {low, high} & left_out:
            continue
        kind, size, _ = _unit(text, last)
        own_kind, own_size, _ = _unit(text, first)
        low, high = low * (own_size if own_kind else size), high * size
        money = first.money or last.money or _COIN.match(text, last.end) is not None
        before = max(0, first.start - _BEFORE)
        bound = _BOUND.search(text, before, first.start)
        change = first is not last and _CHANGE.search(text, before, first.start)
        ranges = [(low, low), (high, high)] if high < low or change else [(low, high)]
        said = (bound and bound.lastgroup) or ""
        after = text[last.end : last.end + _AFTER]
        found += [Amount(kind, *ends, said, money, after) for ends in ranges]
    return found


def _whole_times(text: str, told: Iterable[Number]) -> list[Number]:
    """With "1 hour 30 minutes" as 90, where the minutes stand."""
    found: list[Number] = []
    for number in told:
        if found and (share := _share_of_unit(text, found[-1], number)):
            first = found.pop()
            value = first.value / share + number.value
            number = number._replace(value=value, start=first.start, scale=1)
        found.append(number)
    return found


def _share_of_unit(text: str, first: Number, second: Number) -> Decimal | None:
    """How much of the first one's unit the second one's is, where that goes on what the first
    began: less than one such unit follows at once."""
    kind, size, end = _unit(text, first)
    second_kind, second_size, _ = _unit(text, second)
    if not (kind == second_kind == "time" and _THEN.fullmatch(text, end, second.start)):
        return None
    return second_size / size if second.value * second_size < size else None


def _ranges(text: str, told: Sequence[Number]) -> Iterator[tuple[Number, Number]]:
    """Their ends; twice the same of a single number. Those behind a hyphen are no amounts."""
    at = 0
    while at < len(told):
        joined = at + 1 < len(told) and _is_range(text, told[at], told[at + 1])
        if not text.endswith("-", 0, told[at].start):  # "COVID-19", "2024-12-05"
            yield told[at], told[at + joined]
        at += 1 + joined


def _is_range(text: str, first: Number, last: Number) -> bool:
    kind, _, end = _unit(text, first)
    between = _BETWEEN.search(text, max(0, first.start - _BEFORE), first.start)
    if not (_AND if between else _TO).fullmatch(text, end, last.start):
        return False
    other = last.bare_one or _HYPHEN.match(text, last.end)
    return not other and kind in ("", _unit(text, last)[0])


def _values(text: str, first: Number, last: Number) -> tuple[Decimal, Decimal]:
    """In "$2 to 3 million" and "$2-3m", both are millions; in "ten to one hundred", ten is ten."""
    letter = _LETTER.match(text, last.end) if first.money and last.scale == 1 else None
    factor = LETTERS[letter[0]] if letter else 1
    low, high = first.value, last.value * factor
    scaled = low * last.scale * factor if first.scale == 1 else low
    return (scaled if abs(scaled) < abs(high) * _FAR else low), high


def _unit(text: str, number: Number) -> tuple[str, Decimal, int]:
    """Its kind, its size in seconds where it is one of time, and where it ends."""
    match = _UNIT.match(text, number.end)
    if not match:
        return "", Decimal(1), number.end
    if match["percent"]:
        return "percent", Decimal(1), match.end()
    return "time", _SECONDS[match["time"] or match["short"]], match.end()


def all_differ(some: Sequence[Amount], others: Sequence[Amount]) -> bool:
    """Whether none of the one can be one of the others."""
    return not any(_meet(one, other) for one, other in product(some, others))


def rest_differs(some: Sequence[Amount], others: Sequence[Amount]) -> bool:
    """Whether some amounts are the same, so that both are likely to be told of one event, and of
    the others two are nearly so: 1,284 adults at 61 sites, 1,284 people at 58 clinics."""
    own = [one for one in some if all_differ([one], others)]
    theirs = [other for other in others if all_differ(some, [other])]
    share_one = len(own) < len(some)
    return share_one and any(_are_near(one, other) for one, other in product(own, theirs))


def _are_near(one: Amount, other: Amount) -> bool:
    low, high = sorted((abs(one.low), abs(other.low)))
    return one.kind == other.kind and 0 < high <= low * _NEAR


def _meet(one: Amount, other: Amount) -> bool:
    """Whether both can be true of one thing. Two bounds on the same side are held to be the same
    only where their numbers are: "over 100" and "over 200" are different news."""
    if one.kind != other.kind:
        return False
    if one.bound != other.bound:
        one, other = _widened(one), _widened(other)
    share = _SAME_TIME if one.kind == "time" else ROUNDING
    share = _ABOUT if "about" in (one.bound, other.bound) else share
    return _up_to(one.low, other.high, share) and _up_to(other.low, one.high, share)


def _up_to(low: Decimal, high: Decimal, share: Decimal) -> bool:
    return low - share * max(abs(low), abs(high)) <= high


def _widened(amount: Amount) -> Amount:
    match amount.bound:
        case "least":
            return amount._replace(high=amount.high + abs(amount.high) * (_FAR - 1))
        case "most":
            return amount._replace(low=Decimal("-Infinity"))
        case _:
            return amount
