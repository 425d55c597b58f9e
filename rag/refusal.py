"""What is said where the corpus does not tell, and why it is not answered."""

from __future__ import annotations

from collections.abc import Sequence

from rag.claims import missing_names
from rag.question import with_question_mark
from rag.terms import tokens
from rag.types import Evidence

REFUSAL = "The corpus does not tell."


def not_told(part: str) -> str:
    """What an answer says of a part of the question that stays open."""
    return f"The corpus does not tell: {with_question_mark(part)}"


def reason(
    question: str, evidence: Sequence[Evidence], probability: float, threshold: float
) -> str:
    """Why nothing answers a question that nothing speaks against (see ``rag.premise``), in a
    sentence; ``evidence`` is best first, ``threshold`` the least probability that is answered."""
    if not evidence:
        return "Nothing was found."
    if probability >= threshold:
        return "No sentence that was found could be shown to answer it."
    missing = missing_names(question, set(tokens(evidence[0].context)))
    unnamed = f"does not name {' or '.join(missing)}; it " if missing else ""
    return (
        f"The nearest sentence {unnamed}answers with a probability of {probability:.0%}, and "
        f"{threshold:.0%} is needed."
    )
