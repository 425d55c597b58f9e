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
from rag.dates import MONTH
from rag.patterns import sought, tells
from rag.question import AUXILIARY, QUESTION_WORD
from rag.terms import tokens

Kind = Literal["number", "date", "name", "reason", "definition", "statement", "event", "other"]

_AMOUNTS = (
    "percent|share|price|number|amount|proportion|portion|rate|cost|fee|fine|sum|total|margin|stake"
    "|salary|budget|revenue|turnover|profit|loss|speed|temperature|height|weight|length|width"
    "|depth|age|score|capacity|population|dose|valuation|size"
)
_QUESTIONS: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(
        r"\bhow (much|many|large|big|high|far|long|old|often|strongly)\b|\bpercentage\b"
        r"|\bhow (tall|deep|wide|thick|heavy|fast|small|steep|hot|cold) (is|was|are|were|do|does"
        r"|did|has|had|can|could|may|must|should|will|would)\b"
        r"|\bwhat (percent|share|price|number|amount|proportion)\b"
        rf"|\b(at|by|for|of) (what|which) ({_AMOUNTS}|vote)\b",
        re.IGNORECASE,
    ),
    "date": re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|time)\b", re.IGNORECASE),
    "name": re.compile(
        r"\b(who|whom|whose|where)\b|\bwhich (person|executive|city|country|place)\b"
        r"|\bwhat (is|was|are|were) the (names?|person|executive|city|country|place)\b",
        re.IGNORECASE,
    ),
    "reason": re.compile(r"\bwhy\b|\breasons?\b|\bwhat (made|caused|drove|led)\b", re.IGNORECASE),
}
# Words that ask, or join a clause: "the fee for customers who …", "what happens when …".
_JOINING = re.compile("who|whom|whose|where|when", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[?!.(]\s*")
_ASKED_BEFORE = re.compile(rf"\b(?:{QUESTION_WORD})\b|^\W*(?:{AUXILIARY})\b", re.IGNORECASE)
_ASKED_TOO = re.compile(  # "where and when", "do you know when", "when it ends, who"
    r"(?:\b(?:and|or)(?: (?:since|by|until|till|from|to|for|with))?"
    rf"|^(?:{AUXILIARY})\b.*\b(?:know|known|say|clear|tell|tell me|tell us|find out)"
    rf"|^(?:where|when) (?!(?:{AUXILIARY})\b).*,)\s+$",
    re.IGNORECASE,
)
_ASKS_ITSELF = re.compile(rf"(?:where|when)\s+(?:{AUXILIARY})\b|\w+\W*$", re.IGNORECASE)
_OPENS_CLAUSE = re.compile(  # "when the lease ends, who pays"
    rf"(?:where|when)\s+(?!(?:{AUXILIARY})\b)\w[^?]*,\s*(?:{QUESTION_WORD}|{AUXILIARY})\b",
    re.IGNORECASE,
)
# Of what is asked for, such as "the company's yearly"; not of what is said about something else.
_FEW_WORDS = (
    r"((?!(of|for|to|in|on|with|behind|about|that|who|whose|which|say|said|think|tell|kind|sort"
    r"|does|did)\b)[\w'’-]+ ){0,4}"
)
_WORD_AFTER = (
    r"(?=\s*([?.,;]|$)|\s+(is|was|are|were|do|does|did|has|had|have|can|could|may|must|should|will"
    r"|would|of|for|per|in|at|on|to|between|by|before|after|under|from|last|this|next|when|where"
    r"|if)\b)"
)
_AMOUNT_ASKED = re.compile(  # where no question word tells the kind
    rf"\b(what|which) ([\w'’-]+ )?({_AMOUNTS}){_WORD_AFTER}"
    rf"|\bwhat (is|was|are|were|will be|would be) {_FEW_WORDS}({_AMOUNTS}){_WORD_AFTER}"
    rf"|\bwhat (did|does|do|will|would) {_FEW_WORDS}(cost|pay|earn|charge|weigh){_WORD_AFTER}",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\b((?-i:(?!may\b))({MONTH})|(mon|tues|wednes|thurs|fri|satur|sun)days?"  # "may" is a verb
    r"|century|decade|year|month|week|weekdays?|weekends?|day|quarter(?! of)"
    # "26 weeks" may be a length: it tells when after such a word only.
    r"|(within|after|in|every|last|next) ([\w'’-]+ ){0,2}(minute|hour|day|week|month|year)s?"
    r"|spring|summer|autumn|winter|noon|midnight|today|tomorrow|yesterday|ago|since"
    r"|\d{1,2}:\d{2}|\d{1,2}\s?[ap]\.?m|\d{1,2}(?P<mark>[/.-])\d{1,2}(?P=mark)\d{2}"
    r"|1\d{3}s?|20\d{2}s?)\b",
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
    found = list(_asked(question))
    if not found and _AMOUNT_ASKED.search(question):
        return "number"
    if {kind for _, kind in found} <= {"name"} and (asked := sought(question)):
        return asked.kind
    return min(found, key=lambda place: place[0])[1] if found else "other"


def _asked(question: str) -> Iterator[tuple[int, Kind]]:
    """The kinds that are asked for, and where."""
    for kind, words in _QUESTIONS.items():
        for match in words.finditer(question):
            if not _JOINING.fullmatch(match.group()) or _asks(question, match):
                yield match.start(), kind


def _asks(question: str, word: re.Match[str]) -> bool:
    """Whether "who", "where" or "when" asks, and does not join a clause to what is asked."""
    before = _SENTENCE_END.split(question[: word.start()])[-1]
    if not _ASKED_BEFORE.search(before):
        return not _OPENS_CLAUSE.match(question, word.start())
    return bool(_ASKED_TOO.search(before) or _ASKS_ITSELF.match(question, word.start()))


def holds_answer_kind(question: str, sentence: str) -> float:
    """1 where the sentence holds something of the kind asked for that the question does not, 0
    where it does not, 0.5 where the kind is unknown, or may well be told in other words."""
    match answer_kind(question):
        case "number":
            return float(bool(numbers(sentence) - _numbers_of(question)))
        case "date":
            return float(_DATE.search(sentence) is not None)
        case "name":
            return float(bool(names(sentence) - _words_of(question)))
        case "reason":
            return float(_REASON.search(sentence) is not None)
        case "definition" | "statement" | "event":
            return 1.0 if tells_plainly(question, sentence, sentence) else 0.5
        case _:
            return 0.5


def tells_plainly(question: str, sentence: str, context: str) -> bool:
    """Whether it tells, by its words alone, who somebody is, what they said or what happened when,
    if that is what the question asks for."""
    asked = sought(question)
    return (
        asked is not None
        and asked.kind == answer_kind(question)
        and tells(asked, sentence, context)
    )


# A question is held against a hundred sentences, so what it tells is kept.


@lru_cache
def _numbers_of(question: str) -> frozenset[Decimal]:
    return frozenset(numbers(question))


@lru_cache
def _words_of(question: str) -> frozenset[str]:
    return frozenset(tokens(question))
