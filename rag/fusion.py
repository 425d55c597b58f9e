"""Several rankings → one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item", int, tuple[str, int, int])  # whatever has an order of its own


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Item]], k: int = 60
) -> list[tuple[Item, float]]:
    """Items with the sum of 1 / (k + rank) over all rankings, best first, ties by item.

    Cormack, Clarke & Büttcher, SIGIR 2009; k = 60 is theirs.
    """
    scores: defaultdict[Item, float] = defaultdict(float)
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] += 1 / (k + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
