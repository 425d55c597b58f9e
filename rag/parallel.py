"""Several jobs at a time, in threads, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from rag.errors import UsageError

MAX_CONCURRENCY = 256

Result = TypeVar("Result")


def in_order(jobs: Iterable[Callable[[], Result]], concurrency: int) -> Iterator[Result]:
    """The result of each job, at most ``concurrency`` of them begun and not yet given out.

    With 1 the caller's own thread works. Jobs are drawn by the caller's thread, when they are
    needed. Raises UsageError for a concurrency out of bounds; what a job raises comes in its place,
    and ends the rest.
    """
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise UsageError(f"concurrency is {concurrency}, expected 1 to {MAX_CONCURRENCY}")
    return (job() for job in jobs) if concurrency == 1 else _pooled(jobs, concurrency)


def _pooled(jobs: Iterable[Callable[[], Result]], concurrency: int) -> Iterator[Result]:
    pool = ThreadPoolExecutor(concurrency)
    begun: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            begun.append(pool.submit(job))
            if len(begun) == concurrency:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
