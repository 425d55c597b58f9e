"""What in a sentence can be plainly wrong: its numbers, their units, proper names, and a "not"."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from rag.terms import STOPWORDS, tokens

_SCALES = {
    "dozen": 12,
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
LETTERS = {"m": 10**6, "b": 10**9}  # beside a currency, as in $3.5m and 2m euros
# Capitals need no currency, as in "3.5M users"; but "5 MB", "M&M’s", "500 B.C." and, after a
# blank, "M-class" and "in 2021 M. Night Shyamalan" are something else.
_CAPITAL = re.compile(r"(\d)([ \u00a0\u202f])?([MB])\b(?![&'’]|\.\w)(?(2)(?![-/]|\.?\s[A-Z][a-z]))")
_CAPITALS = {"M": "million", "B": "billion"}
_PARTS = {
    "half": Decimal("0.5"),
    "quarter of": Decimal("0.25"),
    "three quarters of": Decimal("0.75"),
}
_UNITS = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS = {word: value for value, word in enumerate([*_UNITS, *_TEENS], start=1)}
WORDS |= {word: 10 * value for value, word in enumerate(_TENS, start=2)}
_UNIT = "|".join(_UNITS)
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"  # "sixty-first" is no 60
_SCALE = "|".join(_SCALES)
_BELOW_HUNDRED = rf"""(?:(?:{"|".join(_TENS)})
        (?:-(?:{_UNIT})\b|\s(?:{_UNIT})\b(?!-)|(?!-(?:{_ORDINALS})))\b
    |(?:{"|".join([*_UNITS, *_TEENS])})\b)"""
_AND_A_HALF = r"(?P<half>[\s-]and[\s-]a[\s-]half\b)?"
# Signs that several share, such as "¥", are left out; the word "won" alone is a verb.
_CURRENCIES = {
    "dollar": "$, usd, dollar, dollars",
    "Hong Kong dollar": "hk$, hkd, hong kong dollar, hong kong dollars",
    "Australian dollar": "a$, au$, aud, australian dollar, australian dollars",
    "Canadian dollar": "c$, ca$, cad, canadian dollar, canadian dollars",
    "Singapore dollar": "s$, sgd, singapore dollar, singapore dollars",
    "Taiwan dollar": "nt$, twd, taiwan dollar, taiwan dollars",
    "New Zealand dollar": "nz$, nzd, new zealand dollar, new zealand dollars",
    "real": "r$, brl, reais",
    "euro": "€, eur, euro, euros",
    "pound": "£, gbp, pound sterling, pounds sterling",
    "yuan": "yuan, rmb, renminbi, cny",
    "yen": "yen, jpy",
    "rupee": "₹, rs, inr, rupee, rupees",
    "franc": "chf, franc, francs",
    "won": "₩, krw, korean won, thousand won, million won, billion won, trillion won",
}
_CURRENCY_OF = {form: name for name, forms in _CURRENCIES.items() for form in forms.split(", ")}
_PHRASES = "|".join(sorted((form for form in _CURRENCY_OF if " " in form), reverse=True))
_SIGNS = "|".join(re.escape(form) for form in _CURRENCY_OF if not form[-1].isalpha())
COINS = "|".join(form for form in _CURRENCY_OF if form.isalpha())  # a pattern
# Words whole: "US$" is no "S$". "Rs" and "CAD" are money beside digits only: "the three Rs".
_MONEY = re.compile(
    rf"(?:{_PHRASES})\b|{_SIGNS}"
    r"|(?:(?<=\d)|(?<=\d\s)|(?<=lakh\s)|(?<=crore\s)|(?!(?:rs|cad)\b(?!\.?\s?\d)))[^\W\d_]+"
)
# These are for text without capitals: twice as fast as to ignore their case.
_IN_DIGITS = re.compile(
    rf"""(?<![\w.])(?P<money>(?:us\$|{_SIGNS}|¥|rs\.|{COINS})\s?)?
        (?P<digits>(?P<comma>\d+(?:\.\d{{3}})*,\d\d(?![\d,])  # "4,50 €"; "3,50" may be two
                (?(money)|(?=\s?(?:{_SIGNS}|(?:{COINS})\b))))
            |\d{{1,3}}(?:[\u00a0\u202f’']\d{{3}})+(?!\d)
            |(?P<points>\d{{1,3}}(?:\.\d{{3}}){{2,}})(?![\d,]|\.\d)  # "1.234.567"
            |(?:\d{{1,2}}(?:,\d\d)+,\d{{3}}(?!\d)|\d+(?:,\d{{3}})*)(?:\.\d+)?|\.\d+)
        (?(money)(?:(?P<letter>[mb])\b)?|(?:\s?(?P<counted>[mb])(?=[\s-](?:{COINS}|pounds?|won)\b))?)
        {_AND_A_HALF}(?:[\s-]?(?P<scale>{_SCALE})\b)?""",
    re.VERBOSE,
)
_IN_WORDS = re.compile(
    rf"""(?<![\w.])(?:
            (?<![\s-]and[\s-]a[\s-])(?P<part>half|(?:three[\s-]quarters|quarter)\sof)
                (?:[\s-]an?)?(?=[\s-](?:{_SCALE})\b)
            |(?P<hundreds>{_UNIT}|an?)\shundred\b(?:\s(?:and\s)?(?P<rest>{_BELOW_HUNDRED}))?
            |(?P<below>{_BELOW_HUNDRED})
            |an?(?=\s(?:{_SCALE})\b)
        )
        {_AND_A_HALF}(?:[\s-]?(?P<scale>{_SCALE})\b)?""",
    re.VERBOSE,
)
_DIGIT = re.compile(r"\d")
_GROUPED = re.compile("[,\u00a0\u202f’']")
# A hyphen elsewhere joins or is a range: "3-5", "3%-5%", "20 -30", "GPT-4", "+/-5".
_MINUS = re.compile(r"""(?<![^\s(\[{"'“‘|=<>≤≥~≈$€£¥₹₩])(?<![\d%]\s)(?:[-−]|minus\s)\Z""")
_MINUS_CHARS = len("minus ")
PERCENT = r"[%％]|per\s?cent\b|pct\b"  # a pattern
_PERCENT = re.compile(  # for text without capitals
    rf"(?P<points>(?:[%％]|per\s?cent(?:age)?|pct)[\s-]?points?\b|\d\s?pp\b)|{PERCENT}"
)
_NOT = re.compile(
    r"\b(?:not|no|none|nobody|never|without|neither|nor|cannot|hardly|scarcely|barely)\b|n[’']t\b",
    re.IGNORECASE,
)
HONORIFICS = frozenset("mr mrs ms miss dr sir madam prof".split())
WORD = re.compile(r"\b[^\W\d_](?:[\w.&]*\w)?")
_ASCII_NAME = re.compile(r"\b[A-Z](?:[\w.&]*\w)?", re.ASCII)  # what most texts need, and faster
_SENTENCE_START = re.compile(r"""(?:^|[.!?:;]\s+|\n)["'“‘(\[]*(?=[^\W\d_])""")


class Number(NamedTuple):
    """What is read of one, from its sign or currency to its scale."""

    value: Decimal
    start: int
    end: int
    scale: int  # 10**6 of "2 million", which is in the value
    bare_one: bool  # mostly a pronoun
    money: bool  # by a currency before it


def numbers(text: str) -> set[Decimal]:
    """The values of all numbers: "18.228 billion" and "18,228 million" are the same one, as are
    "$3.5m" and "3.5 million"; "-20" and "20" are not.

    Number words below a thousand count, "one" alone does not: it is mostly a pronoun.
    """
    return {number.value for number in read_numbers(text)[1] if not number.bare_one}


@lru_cache  # two sentences are compared in several respects, and one with several others
def read_numbers(text: str) -> tuple[str, tuple[Number, ...]]:
    """The text folded, and all numbers with their places in it, in order."""
    in_digits = _DIGIT.search(text) is not None
    if in_digits:
        text = _CAPITAL.sub(lambda match: f"{match[1]} {_CAPITALS[match[3]]}", text)
    text = text.casefold()  # not lower(): "ſix" is six, too
    found = [_in_words(match) for match in _IN_WORDS.finditer(text)]
    if in_digits:
        found += [_in_digits(match) for match in _IN_DIGITS.finditer(text)]
    return text, tuple(sorted(found, key=lambda number: number.start))


def _in_digits(match: re.Match[str]) -> Number:
    letter = LETTERS.get(match["letter"] or match["counted"], 1)
    digits = match["digits"]
    if match["comma"] or match["points"]:
        digits = digits.replace(".", "").replace(",", ".")
    value = Decimal(_GROUPED.sub("", digits)) + _half(match)
    return _number(match, value, letter * _scale(match), bool(match["money"]))


def _in_words(match: re.Match[str]) -> Number:
    if match["part"]:
        return _number(match, _PARTS[re.sub(r"[\s-]", " ", match["part"])], _scale(match))
    if match["hundreds"]:
        rest = _below_hundred(match["rest"] or "") + _half(match)
        return _number(match, _below_hundred(match["hundreds"]) + rest / 100, 100 * _scale(match))
    value = _below_hundred(match["below"] or "a") + _half(match)
    return _number(match, value, _scale(match))


def _number(match: re.Match[str], value: Decimal, scale: int, money: bool = False) -> Number:
    start, end = match.span()
    if minus := _MINUS.search(match.string, max(0, start - _MINUS_CHARS), start):
        start, value = minus.start(), -value
    bare_one = match[0] == "one"
    return Number((value * scale).normalize(), start, end, scale, bare_one, money)


def _half(match: re.Match[str]) -> Decimal:
    return _PARTS["half"] if match["half"] else Decimal(0)


def _scale(match: re.Match[str]) -> int:
    return _SCALES.get(match["scale"], 1)


def _below_hundred(words: str) -> int:
    """Of "ninety-nine"; "a" and "an" are one."""
    return sum(WORDS.get(word, 1) for word in re.split(r"[\s-]", words) if word)


def currencies(text: str) -> set[str]:
    """Those that are named; signs that several share are left out."""
    words = _MONEY.findall(text.casefold())
    return {_CURRENCY_OF[word] for word in words if word in _CURRENCY_OF}


def percents(text: str) -> set[str]:
    """Which are told: "percent", or "percentage point" for what lies between two of them."""
    found = _PERCENT.finditer(text.casefold())
    return {"percentage point" if match["points"] else "percent" for match in found}


def negates(text: str) -> bool:
    """Whether it says of anything that it is not so."""
    return _NOT.search(text) is not None


def names(text: str) -> set[str]:
    """Lower-cased words that are written as names: capitalised, not merely opening a sentence."""
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    found: set[str] = set()
    for match in (_ASCII_NAME if text.isascii() else WORD).finditer(text):
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
    return sum(_is_there(name, present) for name in wanted) / len(wanted)


def missing_names(text: str, present: set[str]) -> list[str]:
    """The names in a text that are not there, in order and as they are written; words that follow
    one another are one name."""
    missing = {name for name in names(text) if not _is_there(name, present)}
    found: list[str] = []
    end = -1
    for match in WORD.finditer(text):
        if missing.intersection(tokens(match[0])):
            if text[end : match.start()] == " ":
                found[-1] += f" {match[0]}"
            else:
                found.append(match[0])
            end = match.end()
    return list(dict.fromkeys(found))


def _is_there(name: str, present: set[str]) -> bool:
    return any(_same(name, word) for word in present)


def _same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long == short or (len(short) > 2 and long.startswith(short))
