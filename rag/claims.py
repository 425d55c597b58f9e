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
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
_NUMBER = re.compile(
    rf"""(?<![\w.])(?:
            (?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)
            |(?P<tens>{"|".join(_TENS)})(?:[\s-](?P<unit>{"|".join(list(_WORDS)[:9])}))?\b
            |(?P<word>{"|".join(_WORDS)})\b
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
        if match["word"]:
            if match["word"].lower() == "one" and not scale:
                continue
            value = Decimal(_WORDS[match["word"].lower()])
        elif match["tens"]:
            unit = match["unit"]
            value = Decimal(_TENS[match["tens"].lower()] + (_WORDS[unit.lower()] if unit else 0))
        else:
            try:
                value = Decimal(match["digits"].replace(",", ""))
            except InvalidOperation:  # digits of other scripts that Decimal does not read
                continue
        found.add((value * _SCALES.get(scale, 1)).normalize())
    return found


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
