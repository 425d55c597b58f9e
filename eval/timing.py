"""Times → percentiles and ratios, and how they are taken."""

from __future__ import annotations

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")
Seconds = Mapping[str, Sequence[float]]  # stage → one for each round


@dataclass(frozen=True, slots=True)
class Spread:
    """Of repeated measurements, in seconds."""

    p50: float
    p95: float
    n: int


def spread(seconds: Sequence[float]) -> Spread:
    """Percentiles by nearest rank: values that were measured. ValueError where there are none."""
    if not seconds:
        raise ValueError("no times to take percentiles of")
    ordered = sorted(seconds)
    ranks = [-(-len(ordered) * percent // 100) for percent in (50, 95)]
    return Spread(ordered[ranks[0] - 1], ordered[ranks[1] - 1], len(ordered))


def times_as_fast(ours: Sequence[float], reference: Sequence[float]) -> float:
    """Median over rounds of the reference's time by ours: what slows a whole round falls out."""
    return median(theirs / own for own, theirs in zip(ours, reference, strict=True))


class Stopwatch:
    """Wall-clock seconds by stage, in the order in which they were taken."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def time(self, stage: str, work: Callable[[], T]) -> T:
        """What the work returns."""
        started = time.perf_counter()
        result = work()
        self._seconds[stage].append(time.perf_counter() - started)
        return result

    def alternate(self, arms: Mapping[str, Callable[[], object]], rounds: int) -> None:
        """Every arm once a round, in turns: first to last, then last to first.

        Another call with the same arms goes on where the last one stopped.
        """
        names = list(arms)
        for _ in range(rounds):
            forwards = len(self._seconds[names[0]]) % 2 == 0
            for name in names if forwards else reversed(names):
                self.time(name, arms[name])

    def seconds(self, warm_up: int = 0) -> dict[str, list[float]]:
        """Without the first ``warm_up`` of each stage."""
        return {stage: taken[warm_up:] for stage, taken in self._seconds.items()}


def peak_memory_gb() -> float:
    """The most that this process has ever held, in GB (1e9 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
