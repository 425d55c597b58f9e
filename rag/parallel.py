"""Jobs in threads: several at a time, their results in order; or each by one of a few threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from rag.errors import UsageError

MAX_CONCURRENCY = 256

Result = TypeVar("Result")


def check_concurrency(concurrency: int) -> None:
    """Raise UsageError for a number that is out of bounds."""
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise UsageError(f"concurrency is {concurrency}, expected 1 to {MAX_CONCURRENCY}")


def in_order(jobs: Iterable[Callable[[], Result]], concurrency: int) -> Iterator[Result]:
    """The result of each job, at most ``concurrency`` of them begun and not yet given out.

    With 1 the caller's own thread works. Jobs are drawn by the caller's thread, when they are
    needed. Raises UsageError for a concurrency out of bounds; what a job raises comes in its place,
    and ends the rest.
    """
    check_concurrency(concurrency)
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


class Workers:
    """So many threads that do what they are told, first come, first served.

    They end with the program, in the middle of their work where it does not wait for that.
    """

    def __init__(self, count: int) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for _ in range(count):
            threading.Thread(target=self._work, daemon=True).start()

    def do(self, job: Callable[[], Result]) -> Result:
        """What comes of the job, which may be an error that it raises."""
        done: Future[Result] = Future()

        def run() -> None:
            try:
                done.set_result(job())
            except BaseException as error:  # noqa: BLE001, is raised where the job is waited for
                done.set_exception(error)

        self._jobs.put(run)
        return done.result()

    def _work(self) -> None:
        while True:
            self._jobs.get()()
