"""What can be asked at all, and the words that questions are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.errors import QuestionError
from rag.terms import tokens

MAX_QUESTION_CHARS = 2000

QUESTION_WORD = "what|who|whom|whose|when|where|why|how|which"  # patterns
AUXILIARY = (
    "is|are|was|were|am|do|does|did|has|have|had|can|could|may|might|must|shall|should|will|would"
)
# Of people, firms and works, in a question: "Xu Zhuhong", but not "Which American".
_NAME_PART = r"[A-Z][\w-]{1,50}"  # bounded, for time's sake
FULL_NAME = re.compile(
    rf"\b(?!(?i:{QUESTION_WORD}|{AUXILIARY})\b)"
    rf"{_NAME_PART}(?: {_NAME_PART})+\b(?!['’]| [A-Z])"
)
PLURAL = r"[\w'’-]*(?:\w\w[^\W\dsui]s|people|children|men)"  # not "this", "class", "bus"
_COUNT = "two|three|four|five|six|seven|eight|nine|ten"
_FEW_WORDS = (
    r"(?:(?!(?:of|for|in|on|at|with|by|to|from|as|who|whose|that|which|when|where)\b)"
    r"[\w'’-]+ ){0,4}?"
)
_LIST = re.compile(
    # What is many itself: "which firms are", not "what time are you open".
    rf"\b(what|who|which)\b(?:(?: [\w'’-]+)? (?:{PLURAL}|them|these|those|else))? (are|were|r)\b"
    r"|\b(what|who|which) (?:(?:are|were) )?(?:the )?"
    rf"(all|{_COUNT})\b(?!-)"
    # "Name the three partners", but not "name the CEO" or "list price".
    rf"|(?:^|\b(?:please|you|to) )(?:list|name|enumerate) "
    rf"(?:all|every|some|what|{_FEW_WORDS}(?:{PLURAL}|{_COUNT}))\b(?!['’-])",
    re.IGNORECASE,
)
_ASKS = re.compile(rf"(?:{QUESTION_WORD})\b", re.IGNORECASE)
_POLITE = re.compile(
    r"\W*(?:(?:please|hi|hello|so|ok|and),? )*"
    r"(?:(?:can|could|would|will) you (?:please )?tell (?:me|us)|tell (?:me|us)|let me know"
    r"|do you (?:happen to )?know|(?:i|we)(?:['’]d| would) like to know|i want to know|i wonder),? "
    rf"(?=(?:{QUESTION_WORD})\b)",
    re.IGNORECASE,
)
_VERB_LAST = re.compile(  # "who the mayor is"
    r"(?P<asks>who|what|where|when|how \w+|which \w+) (?P<of>.{1,200}?) "
    r"(?P<verb>is|are|was|were)\W*",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(rf"\W*(?:{AUXILIARY})\b", re.IGNORECASE)


def check_question(question: object) -> str:
    """The question on one line; QuestionError where it cannot be asked."""
    if not isinstance(question, str):
        raise QuestionError(f"a question is a text; found {type(question).__name__}")
    question = " ".join(question.split())
    if not question:
        raise QuestionError("the question is empty; ask something, in words")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(question):,} characters, at most {MAX_QUESTION_CHARS:,} are "
            f"read; shorten it, or put long text into the corpus"
        )
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in question):
        raise QuestionError("the question is not text (it holds control or undecodable bytes)")
    if not tokens(question):
        raise QuestionError(f"the question has no word: {question[:20]!r}; ask something, in words")
    return question


def plainly_asked(question: str) -> str:
    """The question without what is only polite, as a sentence: "can you tell me who she is"."""
    polite = _POLITE.match(question)
    asked = question[polite.end() :] if polite else question
    if polite and (last := _VERB_LAST.fullmatch(asked)):
        asked = f"{last['asks']} {last['verb']} {last['of']}"
    return with_question_mark(asked[:1].upper() + asked[1:])


def with_question_mark(question: str) -> str:
    """The question with the mark that people in haste leave out."""
    if "?" in question and question.endswith(")"):  # "and by how much? (the revenue)"
        return question
    return question.rstrip(" ?？.!") + ("？" if question.endswith("？") else "?")


def asks_for_a_list(question: str) -> bool:
    """Whether several things are asked for by name: "what are the …", "name the three …"."""
    return _LIST.search(question) is not None


def asks_yes_or_no(question: str) -> bool:
    """Whether it may be answered by yes or no: "did …", "is …"."""
    return _YES_OR_NO.match(question) is not None


def repeats(question: str, words: Sequence[str]) -> bool:
    """Whether a sentence of these tokens says the question itself, as a list of questions does, or
    an instruction on what to answer. Keywords without a question word may well stand in an answer.
    """
    return bool(_ASKS.match(question)) and _spaced(question) in f" {' '.join(words)} "


@lru_cache
def _spaced(question: str) -> str:
    return f" {' '.join(tokens(question))} "
