"""Evidence → windows: runs of sentences that follow one another below a heading of their document.

Each row of a table stands alone: read in a run, the one that follows the right one is taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    chosen = set(evidence[:count])
    chosen |= {one for one, other in neighbours(evidence, _NEIGHBOUR_CHARS) if other in chosen}
    return [e for e in evidence if e in chosen]


def neighbours(
    evidence: Sequence[Evidence], most_chars: int
) -> Iterator[tuple[Evidence, Evidence]]:
    """Pairs that follow one another in a document, at most ``most_chars`` between them."""
    for one, other in pairwise(sorted(evidence, key=_place)):
        if _adjoin(one, other, most_chars):
            yield one, other


def windows(evidence: Sequence[Evidence]) -> list[list[int]]:
    """The evidence, by number, in windows, each in the order of its document."""
    found: list[list[int]] = []
    for i in sorted(range(len(evidence)), key=lambda i: _place(evidence[i])):
        last = found[-1] if found else []
        before = evidence[last[-1]] if last and len(last) < _MAX_SENTENCES else None
        if before is not None and _adjoin(before, evidence[i], _NEIGHBOUR_CHARS):
            last.append(i)
        else:
            found.append([i])
    return found


def _place(evidence: Evidence) -> tuple[str, int]:
    return evidence.doc, evidence.start


def _adjoin(one: Evidence, other: Evidence, most_chars: int) -> bool:
    near = one.doc == other.doc and 0 <= other.start - one.end <= most_chars
    return near and one.heading == other.heading and not (one.head or other.head)
