"""What kind of thing a question asks for, and whether a sentence holds one.

The coarse answer types of Li & Roth 2002 (https://aclanthology.org/C02-1150/), by their question
words: a sentence without a number does not answer "how many".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from rag.claims import names, numbers
from rag.terms import tokens

Kind = Literal["number", "date", "name", "reason", "other"]

_OTHER: Kind = "other"
_AMOUNTS = (
    "percent|share|price|number|amount|proportion|portion|rate|cost|fee|fine|sum|total|margin|stake"
    "|salary|budget|revenue|turnover|profit|loss|speed|temperature|height|weight|length|width"
    "|depth|age|score|capacity|population|dose|valuation|size"
)
# Of what is asked for, such as "the company's yearly"; not of what is said about something else.
_FEW_WORDS = (
    r"((?!(of|for|to|in|behind|about|say|said|think|tell|kind|sort|does|did)\b)[\w'’-]+ ){0,4}"
)
_QUESTIONS: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(
        r"\bhow (much|many|large|big|high|far|long|old|often|strongly|tall|deep|wide|thick|heavy"
        r"|fast|small|steep|hot|cold)\b|\bpercentage\b"
        rf"|\b(what|which) ([\w'’-]+ )?({_AMOUNTS})\b"
        rf"|\bwhat (is|was|are|were|will be|would be) {_FEW_WORDS}({_AMOUNTS})\b"
        rf"|\bwhat (did|does|do|will|would|was) {_FEW_WORDS}(cost|pay|paid|earn|charge|weigh)\b"
        rf"|\b(at|by|for|of) (what|which) ({_AMOUNTS}|vote)\b",
        re.IGNORECASE,
    ),
    "date": re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|time)\b", re.IGNORECASE),
    "name": re.compile(
        r"\b(who|whom|whose|where)\b|\bwhich (person|executive|city|country|place)\b", re.IGNORECASE
    ),
    "reason": re.compile(r"\bwhy\b|\breasons?\b|\bwhat (made|caused|drove|led)\b", re.IGNORECASE),
}
_DATE = re.compile(
    r"\b(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?"
    r"|oct(ober)?|nov(ember)?|dec(ember)?|(mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|century|year|month|week|day|today|yesterday|ago|since|1\d{3}|20\d{2})\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(because|due to|driven by|as a result|caus\w*|thanks to|since|in order|therefore|owing"
    r"|attribut\w*|to (achieve|ensure|help)|aim\w*|mainly|reason\w*)\b",
    re.IGNORECASE,
)


@lru_cache
def answer_kind(question: str) -> Kind:
    """The kind asked for first; "other" where the question words do not tell."""
    found = [(match.start(), kind) for kind, match in _matches(question) if match]
    return min(found, key=lambda place: place[0], default=(0, _OTHER))[1]


def _matches(question: str) -> Iterator[tuple[Kind, re.Match[str] | None]]:
    return ((kind, words.search(question)) for kind, words in _QUESTIONS.items())


def holds_answer_kind(question: str, sentence: str) -> float:
    """1 where the sentence holds something of the kind asked for that the question does not, 0
    where it does not, 0.5 where the kind is unknown."""
    match answer_kind(question):
        case "number":
            return float(bool(numbers(sentence) - _numbers_of(question)))
        case "date":
            return float(_DATE.search(sentence) is not None)
        case "name":
            return float(bool(names(sentence) - _words_of(question)))
        case "reason":
            return float(_REASON.search(sentence) is not None)
        case _:
            return 0.5


# A question is held against a hundred sentences, so what it tells is kept.


@lru_cache
def _numbers_of(question: str) -> frozenset[Decimal]:
    return frozenset(numbers(question))


@lru_cache
def _words_of(question: str) -> frozenset[str]:
    return frozenset(tokens(question))
