"""A sentence that denies what one before it says: "the company called the reports unfounded"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.claims import negates
from rag.question import asks_yes_or_no
from rag.terms import terms
from rag.types import Evidence

_SAID = (
    r"(?:the|these|those|this|all|both) (?:\w+ )?"
    r"(?:rumou?rs?|reports?|claims?|charges?|allegations?|accusations?|speculations?)\b"
)
# What is denied stands before: "denied this", but not "denied that the plan was new".
_DENIES_THIS = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|refut(?:es|ed|ing)) (?:this|it)(?=[.,;:!]|\s(?:and|but|or)\b|$)",
    re.I,
)
_DENIES_WHAT_WAS_SAID = re.compile(
    rf"\b(?:den(?:y|ies|ied|ying)|refut(?:e|es|ed|ing)|(?:dismiss|reject)\w*) {_SAID}"
    r"|\b(?:unfounded|untrue|baseless)\b",
    re.IGNORECASE,
)
_RUMOUR = re.compile(r"\b(?:rumou?r\w*|leak\w*|reportedly|alleged\w*|speculat\w+)\b", re.IGNORECASE)
_NEXT_CHARS = 40  # from the end of what is denied to where the denial begins …
_FAR_CHARS = 2_000  # … or, of a rumour with which it shares so many words:
_SHARED = 2


def denial_of(question: str, claim: Evidence, evidence: Sequence[Evidence]) -> Evidence | None:
    """The first sentence after a claim that denies it, in its document; None where none does."""
    denials = (e for e in evidence if denies(question, claim, e))
    return min(denials, key=lambda e: e.start, default=None)


def denies(question: str, claim: Evidence, other: Evidence) -> bool:
    """Whether the other sentence says of what stands shortly before it that it is not so.

    Of what is no rumour, only where the question is whether it is so: who leads the plaintiffs is
    not denied with what they say.
    """
    between = other.start - claim.end
    if claim.doc != other.doc or not 0 <= between <= _FAR_CHARS or negates(other.text):
        return False
    rumour = _RUMOUR.search(claim.text) is not None
    what_was_said = _DENIES_WHAT_WAS_SAID.search(other.text) is not None
    if between <= _NEXT_CHARS:
        denied = what_was_said or _DENIES_THIS.search(other.text) is not None
        return denied and (rumour or asks_yes_or_no(question))
    shared = {*terms(claim.text)} & {*terms(other.text)}
    return what_was_said and rumour and len(shared) >= _SHARED
