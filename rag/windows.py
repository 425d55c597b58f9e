"""Evidence → windows: runs of sentences that follow one another in their document."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.types import Evidence

# Characters between two sentences that are read as one piece of text: what a blank line, a
# caption or a line of boilerplate takes.
_NEIGHBOUR_CHARS = 100
_MAX_SENTENCES = 8  # of one window


def with_previous(evidence: Sequence[Evidence], count: int) -> list[Evidence]:
    """The best ``count``, and each sentence that stands before one of them, in the order given.

    The sentence before says what "he" and "it" stand for, and may answer itself.
    """
    best = set(evidence[:count])
    ordered = sorted(evidence, key=_place)
    before = {one for one, other in pairwise(ordered) if other in best and _adjoin(one, other)}
    return [e for e in evidence if e in best | before]


def windows(evidence: Sequence[Evidence]) -> list[list[int]]:
    """The evidence, by number, in windows, each in the order of its document."""
    found: list[list[int]] = []
    for i in sorted(range(len(evidence)), key=lambda i: _place(evidence[i])):
        last = found[-1] if found else []
        if last and len(last) < _MAX_SENTENCES and _adjoin(evidence[last[-1]], evidence[i]):
            last.append(i)
        else:
            found.append([i])
    return found


def _place(evidence: Evidence) -> tuple[str, int]:
    return evidence.doc, evidence.start


def _adjoin(one: Evidence, other: Evidence) -> bool:
    return one.doc == other.doc and 0 <= other.start - one.end <= _NEIGHBOUR_CHARS
