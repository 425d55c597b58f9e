"""What can be asked at all."""

from __future__ import annotations

from rag.errors import QuestionError

MAX_QUESTION_CHARS = 2000


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
