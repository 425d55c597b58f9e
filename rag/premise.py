"""Whether what was found speaks against what a question takes for granted.

A judge of half a billion parameters takes "it fell by 12%" for an answer to "why did it rise by
12%?", last year's revenue for this year's, and the chief executive for the finance director. Each
rule is for a kind of word of which a right answer hardly ever has another one than the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from rag.claims import negates, numbers, share_of_names
from rag.dates import MONTH
from rag.question import AUXILIARY, FULL_NAME, QUESTION_WORD, asks_yes_or_no
from rag.terms import stem, terms, tokens
from rag.types import Evidence
from rag.years import are_of_other_periods, years_told

# Only what says that the other is not so, whoever does it: "bought" is no opposite of "sold".
_OPPOSITES = (
    (
        "rise rose risen climb grow grew grown increase gain jump surge soar widen lengthen"
        " raise dearer crept improve",
        "fall fell fallen decline decrease drop plunge slump shrink shrank shrunk reduce"
        " reduction sink sank sunk tumble slip narrow shorten cut cheaper worsen",
    ),
    (
        "accept approve approval agree allow",
        "reject rejection refuse refusal deny denied forbid forbidden banned",
    ),
    ("succeed success successful", "fail failed failure"),
)
_SIDES = [tuple(frozenset(map(stem, side.split())) for side in pair) for pair in _OPPOSITES]
_ALL_SIDES = [side for pair in _SIDES for side in pair]
_CLAUSE_END = re.compile(r"[,;:—–] ")
_ADVICE = re.compile(r"\bhow (?:do|can|could|should|would|to)\b", re.IGNORECASE)
_MONTH = re.compile(  # in lower case, verbs; before a name, people: "April Jones"
    rf"\b(?!may\b|march\b)(?i:{MONTH})\b(?! [A-Z])"
)
_TWO_YEARS = re.compile(r"\b\d{4}[/–-]\d\d\b")  # "2024/25", of which one is read
_OFFICES = {
    "ceo": r"ceo|chief executive",
    "cfo": r"cfo|chief financial officer|finance (?:director|chief)|(?:chief|head) of finance",
    "cto": r"cto|chief technology officer",
    "coo": r"coo|chief operating officer",
    "chair": r"(?<!vice )(?<!vice-)chair(?:man|woman|person)?",
    "vice_chair": r"vice[ -]chair(?:man|woman|person)?",
    "president": r"(?<!vice )(?<!vice-)president",
    "vice_president": r"vice[ -]president|vp",
    "founder": r"(?:co-?)?founde[rd]",
}
_OFFICE = re.compile(
    "|".join(rf"(?P<{name}>\b(?:{form})\b)" for name, form in _OFFICES.items()), re.IGNORECASE
)
# "The Managing Director" may be called otherwise, as people and firms seldom are.
_NAMED = re.compile(
    rf"(?<!\bthe )(?<!\ba )(?<!\ban )(?<!\bour )(?<!\bmy )(?<!\byour )(?<!\btheir )(?<!\bits )"
    r"(?<!\bin )(?<!\bat )"  # what is told of a place need not name it
    rf"{FULL_NAME.pattern}"
)
_GREETING = re.compile(
    r"\W*(?:hello|hi|hey|thanks?(?: you)?(?: (?:very|so) much| a lot)?|ok(?:ay)?|bye"
    r"|good ?(?:morning|afternoon|evening|night|day|bye))(?: there| all)?\W*",
    re.IGNORECASE,
)
_IN_ENGLISH = re.compile(rf"\W*(?:{QUESTION_WORD}|{AUXILIARY})\b", re.IGNORECASE)
# Of those alone whose holders are hardly ever called otherwise, as a chair is.
_EXACT_OFFICES = frozenset({"cfo", "cto", "coo"})
_OTHER_SCRIPT = 1.5  # bytes a character, from which most letters are not Latin
_SPELT_ALIKE = 0.8  # by difflib's ratio: "Zhuhong", "Zuhong"; for words longer than
_TOO_SHORT = 4  # characters, where "Musk" is as near to "must"


class _Told(NamedTuple):
    """What a text tells of the kinds of words that are compared."""

    sides: tuple[int, ...]  # 1 or 2, of each pair of opposites; 0 for neither or both
    months: frozenset[str]
    offices: frozenset[str]


def objection(question: str, evidence: Sequence[Evidence]) -> str:
    """What speaks against an answer, in a sentence, or "": that it is a greeting, that the best
    sentence tells the opposite of what is taken for granted, or that none has heard of what is
    asked about."""
    if not evidence:
        return ""
    if _GREETING.fullmatch(question):
        return "That asks nothing."
    if _tells_opposite(question, evidence[0].text):
        return f"The nearest sentence says otherwise: “{' '.join(evidence[0].text.split())}”"
    unheard = _unheard_of(question, evidence) or _missing_offices(question, evidence)
    return f"Nothing that was found speaks of {' or '.join(unheard)}." if unheard else ""


def _tells_opposite(question: str, sentence: str) -> bool:
    """Whether the sentence says "fell" where the question takes for granted that it rose, or the
    like, of something that both name: "cut caffeine" says how to improve sleep."""
    affirmed = " ".join(clause for clause in _CLAUSE_END.split(sentence) if not negates(clause))
    pairs = zip(_asked(question).sides, _told(affirmed).sides, strict=True)
    if not any(a and b and a != b for a, b in pairs):
        return False
    shared = set(terms(question)) & set(terms(sentence))
    return any(not term[0].isdigit() for term in shared.difference(*_ALL_SIDES))


def tells_other(question: str, sentence: str) -> bool:
    """Whether it is of other years, months or offices, and of none that the question names.

    What tells several values mostly compares them: "3.4 days; in 2020 it had been 5.1".
    """
    asked, told = _asked(question), _told(sentence)
    pairs = ((asked.months, told.months), (asked.offices, told.offices))
    if any(a and b and a.isdisjoint(b) for a, b in pairs):
        return True
    if _TWO_YEARS.search(question) or _count_values(sentence) > 1:
        return False
    return are_of_other_periods(question, sentence)


def _count_values(sentence: str) -> int:
    return len(numbers(sentence) - {Decimal(year) for year in years_told(sentence)})


@lru_cache
def _asked(question: str) -> _Told:
    told = _told(question)
    # "It fell" answers "did it rise?"; "to raise it, cut that" is no premise that is denied.
    open_to_both = asks_yes_or_no(question) or negates(question) or _ADVICE.search(question)
    return told._replace(sides=(0,) * len(_SIDES)) if open_to_both else told


def _told(text: str) -> _Told:
    words = {stem(token) for token in tokens(text)}
    return _Told(
        tuple(_side(bool(words & first), bool(words & second)) for first, second in _SIDES),
        frozenset(month[:3].lower() for month in _MONTH.findall(text)),
        frozenset(match.lastgroup or "" for match in _OFFICE.finditer(text)),
    )


def _side(first: bool, second: bool) -> int:
    return 0 if first == second else 1 if first else 2


def _unheard_of(question: str, evidence: Sequence[Evidence]) -> list[str]:
    """The full names in the question that nothing that was found has heard of. Text of another
    script writes them otherwise."""
    asked = _NAMED.findall(question)
    read = "\n".join(e.context for e in evidence) if asked else ""
    if len(read.encode()) > _OTHER_SCRIPT * len(read):
        return []
    folded = read.casefold()
    unread = [name for name in asked if not re.search(_any_word(name), folded)]
    if not unread:
        return []
    present = {word for e in evidence for word in tokens(e.context)}  # takes 10 ms
    return [
        name
        for name in unread
        if not share_of_names(set(tokens(name)), present)
        and not _misspelt(tokens(name), present)
        and not re.search(_initials(name), read)
    ]


def _missing_offices(question: str, evidence: Sequence[Evidence]) -> list[str]:
    asked = _asked(question).offices & _EXACT_OFFICES
    if not asked or not _IN_ENGLISH.match(question):
        return []
    told = any(asked & _told(e.context).offices for e in evidence)
    return [] if told else [f"a {office.upper()}" for office in sorted(asked)]


def _any_word(name: str) -> str:
    """A pattern, for folded text."""
    return rf"\b(?:{'|'.join(map(re.escape, tokens(name)))})"


def _initials(name: str) -> str:
    """A pattern: "U.S." and "US" are the United States."""
    return rf"\b{r'[.]?'.join(re.escape(word[0]) for word in name.split())}\b"


def _misspelt(words: Sequence[str], present: set[str]) -> bool:
    long = (word for word in words if len(word) > _TOO_SHORT)
    return any(get_close_matches(word, present, 1, _SPELT_ALIKE) for word in long)
