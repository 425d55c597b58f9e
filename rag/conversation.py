"""A question and the turns before it → a question that stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.claims import names
from rag.question import MAX_QUESTION_CHARS
from rag.terms import terms

# "that" mostly opens a clause; it stands for something where a phrase ends with it.
_PRONOUN = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|theirs|those|these"
    r"|(this|that|one|there|then|both)(?=\s*([,;?.!]|$)))(?!\w)",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"(and|but|so|or|also|then|what about|how about)\b", re.IGNORECASE)
_ELLIPTIC_TERMS = 2  # with no more words of its own and no name, "since when?" needs a subject


def standalone(question: str, history: Sequence[str]) -> str:
    """The question, followed in brackets by the one that it refers to, where it refers to one.

    ``history`` holds the earlier questions, oldest first. Only the last is read, with what it
    referred to itself: further back, a subject is stale. No model is asked, so a rewritten
    question has no words that the user did not write.
    """
    if not history or not refers_back(question):
        return question
    before = standalone(history[-1], history[-2:-1])
    return f"{question} ({before})"[:MAX_QUESTION_CHARS]


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood alone: it goes on ("and …"), a pronoun stands
    before any name ("who is he?"), or it has hardly a word of its own ("since when?")."""
    if _CONTINUES.match(question):
        return True
    named = names(question)
    pronoun = _PRONOUN.search(question)
    if pronoun is not None:
        return not named & names(question[: pronoun.start()])
    return not named and len(set(terms(question))) <= _ELLIPTIC_TERMS
