"""What can be asked at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.errors import QuestionError
from rag.terms import terms

MAX_QUESTION_CHARS = 2000

_LIST = re.compile(
    r"\b(what|who|which)\b(?: [\w'’-]+){0,2} (are|were|all|two|three|four|five|six|seven|eight)\b"
    r"|\b(list|name|enumerate)\b (all|the|every|some)\b|^(list|name|enumerate) ",
    re.IGNORECASE,
)
_QUESTION_WORD = "what|who|whom|whose|when|where|why|how|which"
_JOINED = re.compile(
    rf"(?<=\?)\s+(?=\w)|(?<=？)\s*(?=\w)|,?\s+and\s+(?=(?:{_QUESTION_WORD})\b)", re.IGNORECASE
)
_ASKS = re.compile(rf"(?:{_QUESTION_WORD})\b|.*[?？]$", re.IGNORECASE | re.DOTALL)
MAX_PARTS = 3


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


def split_question(question: str) -> list[str]:
    """The questions in a question: "who is X, and when did he leave?" asks two things.

    A part asks something and has a word of its own, so that "when and where" is one question. What
    seems to hold more than MAX_PARTS is rather a text than several questions, and is left whole.
    """
    parts = _JOINED.split(question)
    separate = all(terms(part) and _ASKS.match(part) for part in parts)
    if not separate or len(parts) > MAX_PARTS or _goes_on(parts):
        return [question]
    return parts


def _goes_on(parts: Sequence[str]) -> bool:
    """Whether a part goes on with a clause of the first: "the man who came and who left"."""
    inside = {word.casefold() for word in parts[0].split()[1:]}
    return any(part.split()[0].casefold() in inside for part in parts[1:])


def asks_for_a_list(question: str) -> bool:
    """Whether several things are asked for by name: "what are the …", "name the three …"."""
    return _LIST.search(question) is not None
