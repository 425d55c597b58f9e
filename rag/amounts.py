"""Text → the amounts in it, with ranges, bounds and units, and whether two can be one.

"Between 100 and 120" and "over 100" hold 110; 90 minutes are 1.5 hours. Other units are not
converted: 10 km and 6.2 miles are only told to be in units that cannot be compared.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from rag.claims import SCALES, TEENS, TENS, UNITS, currencies, numbers, percents

ROUNDING = Decimal("0.01")  # relative difference of two roundings of one value, at most
_UNIT_DAYS = {
    "second": 1 / 86400,
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1,
    "week": 7,
    "month": 30,
    "quarter": 90,
    "year": 360,
}
_SAME_TIME = Decimal("0.03")  # relative difference of 90 days and three months, or 52 weeks, a year
_SCALE = rf"(?:[\s-]?(?:{'|'.join(SCALES)})|[mb])\b"
_NUMBER_WORD = (  # but "one", which is mostly no number
    rf"(?:{'|'.join([*UNITS[1:], *TEENS])}|(?:{'|'.join(TENS)})(?:[\s-](?:{'|'.join(UNITS)}))?)\b"
)
_NUMBER = rf"\d(?:[\d,]*\d)?(?:\.\d+)?|{_NUMBER_WORD}|(?:an?|one)(?={_SCALE})"
_NO_ADJECTIVE = "an?|the|per|each|every|this|last|next|in|of|for|to|and|or|by|on|at|from|over|since"
_AMOUNT = re.compile(
    rf"""(?<![\w.,$€£¥-])
        (?:(?P<most>(?:no|not)\ (?:more|over|greater)\ than|up\ to|under|below|at\ most
                |(?<!no\ )(?<!not\ )(?:less|fewer)\ than)\s
            |(?P<least>over|above|at\ least|more\ than|(?:no|not)\ (?:less|fewer)\ than)\s)?
        (?:(?P<between>between)\s)?
        (?P<sign>[$€£¥]\s?)?(?P<low>{_NUMBER}|one\b(?=\s?(?:-|–|to\b|or\b)))(?P<low_scale>{_SCALE})?
        (?:\s?%(?=\s?(?:-|–|to|and)\s?[\d.]+\s?%))?
        (?:(?(between)\sand\s|\s?(?:-|–|to\b|or\b)\s?)
            [$€£¥]?(?P<high>{_NUMBER})(?P<scale>{_SCALE})?(?!\d|-\d))?
        (?:\s?(?P<percent>%|per\ ?cent\b)
            |[\s-](?:(?!(?:{_NO_ADJECTIVE})\b|{_NUMBER_WORD})[a-z]+[\s-]){{0,2}}
                (?P<time>{"|".join(_UNIT_DAYS)})s?\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CHANGE = re.compile(  # "grew from 100 to 120" tells no range
    r"\b(?:rose|risen|ris(?:e|es|ing)|grew|grow\w*|f[ae]ll\w*|drop\w*|jump\w*|climb\w*|declin\w*"
    r"|(?:in|de)creas\w*|reduc\w*|rais\w*|cut|up|down|went|moved?|chang\w*|expand\w*)\b"
    r"[^.;]{0,40}\bfrom\s$",
    re.IGNORECASE,
)
_BEFORE = 60  # characters, in which such a verb is looked for
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
    "mass": (
        "kg|kilos?|kilogram(?:me)?s?",
        "(?-i:g)|gram(?:me)?s?",
        "mg|milligram(?:me)?s?",
        "tonnes?",
        "tons?",
        "lbs?|pounds?",
        "oz|ounces?",
    ),
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


class Amount(NamedTuple):
    """A number, a range or a bound, as "over 100" is."""

    kind: str  # "time", which is in days, "percent" or ""
    low: Decimal
    high: Decimal
    bound: str = ""  # "least" or "most"


def in_other_units(one: str, other: str) -> bool:
    """Whether there are amounts of one dimension in units of which none is shared: 18 billion yuan,
    $2.5 billion; 10 km, 6.2 miles."""
    told, told_other = _units(one), _units(other)
    return any(told[of].isdisjoint(told_other[of]) for of in told.keys() & told_other.keys())


def _units(text: str) -> dict[str, set[str]]:
    """The units told, by dimension; that of money has the percent, too."""
    found: dict[str, set[str]] = {}
    if money := currencies(text) | percents(text):
        found["money"] = money
    for match in _MEASURE.finditer(text):
        if match.lastgroup and numbers(match["told"]):
            found.setdefault(match.lastgroup.split("_")[0], set()).add(match.lastgroup)
    return found


def times_differ(one: str, other: str) -> bool | None:
    """None where one of them does not tell how long."""
    told, told_other = _times(one), _times(other)
    return all_differ(told, told_other) if told and told_other else None


def _times(text: str) -> list[Amount]:
    """How long, in days of 24 hours, months of 30 and years of 360."""
    return [amount for amount in amounts(text, set()) if amount.kind == "time"]


def amounts(text: str, left_out: set[Decimal]) -> list[Amount]:
    """All but those that are, or begin or end at, a number that is left out."""
    found: list[Amount] = []
    whole = numbers(text)  # where "two hundred and six" is neither 200 nor 6
    for match in _AMOUNT.finditer(text):
        low, high = _ends(match)
        if {low, high} & left_out or not (match["high"] or low in whole):
            continue
        kind = "time" if match["time"] else "percent" if match["percent"] else ""
        days = Decimal(_UNIT_DAYS[match["time"].lower()] if match["time"] else 1)
        bound = "most" if match["most"] else "least" if match["least"] else ""
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        if high < low or (match["high"] and _CHANGE.search(before)):
            found += [Amount(kind, end * days, end * days, bound) for end in (low, high)]
        else:
            found.append(Amount(kind, low * days, high * days, bound))
    return found


def _ends(match: re.Match[str]) -> tuple[Decimal, Decimal]:
    """Of a range; twice the same of a single number. In "$2 to 3 million", both are millions."""
    sign, scale = match["sign"] or "", match["scale"] or ""
    low = _value(sign + match["low"] + (match["low_scale"] or scale))
    return low, _value(sign + match["high"] + scale) if match["high"] else low


def _value(number: str) -> Decimal:
    """``numbers`` leaves out the "one" of "one to two"."""
    return next(iter(numbers(number)), Decimal(1))


def all_differ(some: list[Amount], others: list[Amount]) -> bool:
    """Whether none of the one can be one of the others."""
    return not any(_meet(one, other) for one, other in product(some, others))


def _meet(one: Amount, other: Amount) -> bool:
    """Whether both can be true of one thing. Two bounds on the same side are held to be the same
    only where their numbers are: "over 100" and "over 200" are different news."""
    if one.kind != other.kind:
        return False
    if one.bound != other.bound:
        one, other = _widened(one), _widened(other)
    exact = 1 - (_SAME_TIME if one.kind == "time" else ROUNDING)
    return one.low * exact <= other.high and other.low * exact <= one.high


def _widened(amount: Amount) -> Amount:
    match amount.bound:
        case "least":
            return amount._replace(high=amount.high * _FAR)
        case "most":
            return amount._replace(low=Decimal(0))
        case _:
            return amount
