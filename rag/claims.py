"""What in a sentence can be plainly wrong: its numbers and its proper names."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

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
}
_WORDS = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen".split(),
        start=1,
    )
}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS |= {word: 10 * value for value, word in enumerate(_TENS, start=2)}
_BELOW_TWENTY = list(_WORDS)[:19]
_UNIT = "|".join(_BELOW_TWENTY[:9])
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"  # "sixty-first" is no 60
_NUMBER = re.compile(
    rf"""(?<![\w.])(?:
            (?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)
            |(?P<tens>{"|".join(_TENS)})
                (?:-(?P<unit>{_UNIT})\b|\s(?P<apart>{_UNIT})\b(?!-)|(?!-(?:{_ORDINALS})))\b
            |(?P<word>{"|".join(_BELOW_TWENTY)})\b
        )
        (?:[\s-]?(?P<scale>{"|".join(_SCALES)})\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_HONORIFICS = frozenset("mr mrs ms miss dr sir madam prof".split())
_CAPITALISED = re.compile(r"\b[A-Z][\w.&]*[\w]|\b[A-Z]\b")
_SENTENCE_START = re.compile(r"""(?:^|[.!?:;]\s+|\n)["'“‘(\[]*(?=[A-Z])""")


def numbers(text: str) -> set[Decimal]:
    """The values of all numbers: "18.228 billion" and "18,228 million" are the same one.

    Number words up to ninety-nine count, "one" alone does not: it is mostly a pronoun.
    """
    found = set()
    for match in _NUMBER.finditer(text):
        scale = (match["scale"] or "").lower()
        if word := match["word"] or match["tens"]:
            if word.lower() == "one" and not scale:
                continue
            unit = match["unit"] or match["apart"]
            value = Decimal(_value_of(word) + (_value_of(unit) if unit else 0))
        else:
            try:
                value = Decimal(match["digits"].replace(",", ""))
            except InvalidOperation:  # digits of other scripts that Decimal does not read
                continue
        found.add((value * _SCALES.get(scale, 1)).normalize())
    return found


def _value_of(word: str) -> int:
    return _WORDS[word.casefold()]  # not lower(): "ſix" is found, too


def names(text: str) -> set[str]:
    """Lower-cased words that are written as names: capitalised, not merely opening a sentence."""
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    found: set[str] = set()
    for match in _CAPITALISED.finditer(text):
        word = match.group()
        opens = match.start() in starts and word[1:].islower()
        if not opens and word.lower() not in STOPWORDS:
            found.update(tokens(word))
    return found - STOPWORDS - _HONORIFICS
