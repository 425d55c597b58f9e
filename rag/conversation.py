"""A question and the turns before it → a question that stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.claims import names
from rag.question import MAX_QUESTION_CHARS
from rag.terms import terms

# Words that stand for something else. "that", "there" and the like mostly open a clause, and do
# so only where a phrase ends with them; "it" stands for nothing in "is it true" or "does it take".
_PRONOUN = re.compile(
    r"\b(?:[Hh]e|[Ss]he|[Tt]hey|[Hh]im|[Hh]er|[Tt]hem|[Hh]is|[Hh]ers|[Ii]ts|[Tt]heirs?"
    r"|[Tt]hose|[Tt]hese|[Ii]t(?!\s+(?:true|takes?|took|possible|said|that)\b)"
    r"|(?:[Tt]his|[Tt]hat|[Tt]hen|[Bb]oth|(?<!are )(?<!is )(?<!were )(?<!was )there)"
    r"(?=\s*(?:[,;?.!]|$)))(?!\w)"
)
_CONTINUES = re.compile(r"(?:and|but|or|what about|how about)\b", re.IGNORECASE)
_DEFINES = re.compile(r"(?:what|who)(?:'s|’s| is| are| was| were)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\b(?:the|an?)\s+\w", re.IGNORECASE)


def standalone(question: str, history: Sequence[str]) -> str:
    """The question, followed in brackets by the one that it refers to, where it refers to one.

    ``history`` holds the earlier questions, oldest first. Only the last is read, with what it
    referred to itself: further back, a subject is stale. No model is asked, so a rewritten
    question has no words that the user did not write.
    """
    if not history or not refers_back(question):
        return question
    before = standalone(history[-1], history[-2:-1])
    return f"{question} ({before[: max(0, MAX_QUESTION_CHARS - len(question) - 3)]})"


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood alone: it goes on ("and …"), a pronoun stands
    before any name or subject ("who is he?"), or it has no word of its own ("since when?")."""
    if _CONTINUES.match(question):
        return True
    pronoun = _PRONOUN.search(question)
    if pronoun is not None:
        before = question[: pronoun.start()]
        return not names(question) & names(before) and _SUBJECT.search(before) is None
    return not names(question) and len(set(terms(question))) <= 1 and not _DEFINES.match(question)
