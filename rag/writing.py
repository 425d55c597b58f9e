"""Source sentences and proven drafts → the sentences of an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from rag.conflict import disagree
from rag.grounding import Grounded, Grounder
from rag.types import Evidence

_FOREIGN_MARKER = re.compile(r"\s*\[\d+\]")
_ENDED = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")


def quote(
    grounder: Grounder, candidates: Sequence[Evidence], near: float, further: float
) -> list[Grounded]:
    """The first candidate that can stand as an answer, and a second one that is near it, or
    further from it in another document."""
    quoted: list[Grounded] = []
    for candidate in candidates:
        allowed = near if candidate.doc == candidates[0].doc else further
        if quoted and candidates[0].score - candidate.score >= allowed:
            continue
        found = grounder.ground_sentence(candidate.text)
        if found is not None and not any(candidate in said.quotes for said in quoted):
            quoted.append(found)
    return quoted[:2]


def disputed(question: str, sentences: Sequence[Grounded]) -> list[Grounded]:
    """Those sentences that another one contradicts."""
    return [
        one
        for one in sentences
        if any(disagree(question, one.text, other.text) for other in sentences)
    ]


def displayed(sentence: str) -> str:
    """A sentence as part of an answer: on one line, ended, and without markers of its own.

    Markers of a draft or of a document are not ours, and would point at nothing.
    """
    text = without_markers(" ".join(sentence.split()))
    return text if _ENDED.search(text) else text + "."


def count_words(sentences: Sequence[Grounded]) -> int:
    """All words, apart by blanks."""
    return sum(len(sentence.text.split()) for sentence in sentences)


def count_facts(grounder: Grounder, sentences: Sequence[Grounded]) -> int:
    """The different facts that the question does not hold itself."""
    return len({fact for sentence in sentences for fact in grounder.new_facts(sentence.text)})


def within(max_words: int, sentences: Sequence[Grounded]) -> list[Grounded]:
    """The first sentence, and further ones while they fit."""
    lengths = accumulate(len(sentence.text.split()) for sentence in sentences)
    fits = [length <= max_words for length in lengths]
    return [s for i, s in enumerate(sentences) if i == 0 or fits[i]]


def without_markers(text: str) -> str:
    """The text without what looks like a marker of ours, such as "[1]"."""
    return _FOREIGN_MARKER.sub("", text)
