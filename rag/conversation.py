"""A message and those before it → the questions in it, each so that it stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.claims import names
from rag.question import MAX_QUESTION_CHARS
from rag.sentences import split_sentences
from rag.terms import terms

_QUESTION_WORD = "what|who|whom|whose|when|where|why|how|which"
_JOINED = re.compile(rf",?\s+and\s+(?=(?:{_QUESTION_WORD})\b)", re.IGNORECASE)
_ENDS_ASKING = re.compile(r"""[?？]["'”’»)\]]*$""")
_ASKS = re.compile(rf"(?:{_QUESTION_WORD})\b|.*[?？]", re.IGNORECASE | re.DOTALL)
_AFTER_QUESTION = re.compile(r"(?<=[?？])\s+")
_LABEL = re.compile(r"[\W_]*\b(?:question|q)\s*[:：]\s*", re.IGNORECASE)
MAX_PARTS = 3
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


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a message, as it was asked and as it stands alone."""

    text: str
    standalone: str


def understood(message: str, history: Sequence[str]) -> list[Asked]:
    """The questions in a message; ``history`` holds the earlier messages, oldest first.

    What refers back is followed by what it refers to, in brackets: the question before, or what
    was said before it in the same message. No model is asked, so a rewritten question has no
    words that the user did not write.
    """
    lead, parts = split_question(message)
    turns = [*history, lead] if lead else list(history)
    found: list[Asked] = []
    for part in parts:
        # A later part without a name shares the subject of the first.
        shares = bool(found) and not names(part)
        alone = _with_context(part, turns) if shares else standalone(part, turns)
        found.append(Asked(part, alone))
        turns.append(part)
    return found


def split_question(question: str) -> tuple[str, list[str]]:
    """What is said before the first question, and the questions: "who is X, and when did he
    leave?" asks two things.

    Sentences that do not ask are left out where others do, be they thanks, pasted passages or
    instructions. A part asks something and has a word of its own, so that "when and where" is
    one question. What seems to hold more than MAX_PARTS is a text, and is left whole.
    """
    spans = split_sentences(question)
    sentences = [part for span in spans for part in _AFTER_QUESTION.split(span.of(question))]
    asking = [s for s in sentences if _ENDS_ASKING.search(s) and terms(s)] or [question]
    parts = [part for sentence in asking for part in _split_joined(_LABEL.split(sentence)[-1])]
    if len(parts) > MAX_PARTS:
        return "", [question]
    return question[: question.find(asking[0])].strip(), parts


def _split_joined(sentence: str) -> list[str]:
    parts = _JOINED.split(sentence)
    separate = all(terms(part) and _ASKS.match(part) for part in parts)
    return parts if separate and not _goes_on(parts) else [sentence]


def _goes_on(parts: Sequence[str]) -> bool:
    """Whether a part goes on with a clause of the first: "the man who came and who left"."""
    inside = {word.casefold() for word in parts[0].split()[1:]}
    return any(part.split()[0].casefold() in inside for part in parts[1:])


def standalone(question: str, history: Sequence[str]) -> str:
    """The question with what it refers to, where it refers to something.

    Only the last turn is read, with what it referred to itself: further back, a subject is stale.
    """
    return _with_context(question, history) if refers_back(question) else question


def _with_context(question: str, history: Sequence[str]) -> str:
    if not history:
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
