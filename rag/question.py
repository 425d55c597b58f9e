"""What can be asked at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.errors import QuestionError
from rag.terms import tokens

MAX_QUESTION_CHARS = 2000

_LIST = re.compile(
    r"\b(what|who|which)\b(?: [\w'’-]+){0,2} (are|were|all|two|three|four|five|six|seven|eight)\b"
    r"|\b(list|name|enumerate)\b (all|the|every|some)\b|^(list|name|enumerate) ",
    re.IGNORECASE,
)

_ASKS = re.compile(r"(who|whom|whose|what|when|where|why|how|which)\b", re.IGNORECASE)


def check_question(question: str) -> str:
    """The question on one line; QuestionError where it cannot be asked."""
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
    return question


def asks_for_a_list(question: str) -> bool:
    """Whether several things are asked for by name: "what are the …", "name the three …"."""
    return _LIST.search(question) is not None


def repeats(question: str, words: Sequence[str]) -> bool:
    """Whether a sentence of these tokens says the question itself, as a list of questions does, or
    an instruction on what to answer. Keywords without a question word may well stand in an answer.
    """
    return bool(_ASKS.match(question)) and _spaced(question) in f" {' '.join(words)} "


@lru_cache
def _spaced(question: str) -> str:
    return f" {' '.join(tokens(question))} "
