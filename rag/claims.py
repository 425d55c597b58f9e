"""What in a sentence can be plainly wrong: its numbers, money and proper names, and a "not"."""

from __future__ import annotations

import re
from decimal import Decimal

from rag.terms import STOPWORDS, tokens

_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "k": 10**3,
    "million": 10**6,
    "mn": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
    "tn": 10**12,
    "lakh": 10**5,
    "crore": 10**7,
}
_LETTERS = {"m": 10**6, "b": 10**9}  # after an amount of money, as in $3.5m
_UNITS = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate([*_UNITS, *_TEENS], start=1)}
_WORDS |= {word: 10 * value for value, word in enumerate(_TENS, start=2)}
_UNIT = "|".join(_UNITS)
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"  # "sixty-first" is no 60
_SCALE = "|".join(_SCALES)
_BELOW_HUNDRED = rf"""(?:(?:{"|".join(_TENS)})
        (?:-(?:{_UNIT})\b|\s(?:{_UNIT})\b(?!-)|(?!-(?:{_ORDINALS})))\b
    |(?:{"|".join([*_UNITS, *_TEENS])})\b)"""
# Both are for text without capitals: twice as fast as to ignore their case.
_IN_DIGITS = re.compile(
    rf"""(?<![\w.])(?P<money>(?:us|hk)?[$€£¥]\s?|(?:eur|usd|gbp|rmb|cny)\s?)?
        (?P<digits>\d{{1,3}}(?:[\u00a0\u202f’']\d{{3}})+(?!\d)
            |\d+(?:,\d{{3}})*(?:\.\d+)?|\.\d+)
        (?(money)(?:(?P<letter>[mb])\b)?)
        (?:[\s-]?(?P<scale>{_SCALE})\b)?""",
    re.VERBOSE,
)
_IN_WORDS = re.compile(
    rf"""(?<![\w.])(?:
            (?P<hundreds>{_UNIT}|an?)\shundred\b(?:\s(?:and\s)?(?P<rest>{_BELOW_HUNDRED}))?
            |(?P<below>{_BELOW_HUNDRED})
            |an?(?=\s(?:{_SCALE})\b)
        )
        (?:[\s-]?(?P<scale>{_SCALE})\b)?""",
    re.VERBOSE,
)
_DIGIT = re.compile(r"\d")
_GROUPED = re.compile("[,\u00a0\u202f’']")
_CURRENCIES = {
    "dollar": re.compile(r"\$|\b(?:dollars?|usd)\b", re.IGNORECASE),
    "euro": re.compile(r"€|\b(?:euros?|eur)\b", re.IGNORECASE),
    "pound": re.compile(r"£|\bgbp\b|\bpounds? sterling\b", re.IGNORECASE),
    "yuan": re.compile(r"\b(?:yuan|rmb|renminbi|cny)\b", re.IGNORECASE),
}
_NOT = re.compile(r"\b(?:not|no|never|without|neither|nor|cannot)\b|n[’']t\b", re.IGNORECASE)
HONORIFICS = frozenset("mr mrs ms miss dr sir madam prof".split())
_WORD = re.compile(r"\b[^\W\d_](?:[\w.&]*\w)?")
_ASCII_NAME = re.compile(r"\b[A-Z](?:[\w.&]*\w)?", re.ASCII)  # what most texts need, and faster
_SENTENCE_START = re.compile(r"""(?:^|[.!?:;]\s+|\n)["'“‘(\[]*(?=[^\W\d_])""")


def numbers(text: str) -> set[Decimal]:
    """The values of all numbers: "18.228 billion" and "18,228 million" are the same one, as are
    "$3.5m" and "3.5 million".

    Number words below a thousand count, "one" alone does not: it is mostly a pronoun.
    """
    text = text.casefold()  # not lower(): "ſix" is six, too
    found = {Decimal(v) for m in _IN_WORDS.finditer(text) if (v := _value_of_words(m)) is not None}
    if _DIGIT.search(text):
        found |= {_value_of_digits(match) for match in _IN_DIGITS.finditer(text)}
    return {value.normalize() for value in found}


def _value_of_digits(match: re.Match[str]) -> Decimal:
    scale = _SCALES.get(match["scale"], 1) * _LETTERS.get(match["letter"], 1)
    return Decimal(_GROUPED.sub("", match["digits"])) * scale


def _value_of_words(match: re.Match[str]) -> int | None:
    if match["below"] == "one" and not match["scale"]:
        return None
    if match["hundreds"]:
        number = 100 * _below_hundred(match["hundreds"]) + _below_hundred(match["rest"] or "")
    else:
        number = _below_hundred(match["below"] or "a")
    return number * _SCALES.get(match["scale"], 1)


def _below_hundred(words: str) -> int:
    """Of "ninety-nine"; "a" and "an" are one."""
    return sum(_WORDS.get(word, 1) for word in re.split(r"[\s-]", words) if word)


def currencies(text: str) -> set[str]:
    """Those that are named; signs that several share are left out."""
    return {name for name, written in _CURRENCIES.items() if written.search(text)}


def negates(text: str) -> bool:
    """Whether it says of anything that it is not so."""
    return _NOT.search(text) is not None


def names(text: str) -> set[str]:
    """Lower-cased words that are written as names: capitalised, not merely opening a sentence."""
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    found: set[str] = set()
    for match in (_ASCII_NAME if text.isascii() else _WORD).finditer(text):
        word = match.group()
        opens = match.start() in starts and word[1:].islower()
        if word[0].isupper() and not opens and word.lower() not in STOPWORDS:
            found.update(tokens(word))
    return found - STOPWORDS - HONORIFICS


def share_of_names(wanted: set[str], present: set[str]) -> float:
    """How many of the wanted names are there, 0 to 1; 1 where none is wanted.

    "Ali" is found in "Alibaba", and "Alibaba" in "Ali".
    """
    if not wanted:
        return 1.0
    return sum(any(_same(name, word) for word in present) for name in wanted) / len(wanted)


def _same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long == short or (len(short) > 2 and long.startswith(short))
