"""First come, first served, for work of which little can be done at a time."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import mean

from rag.errors import BusyError, ClosingError, UsageError

MAX_WAITING = 40
_RECENT = 20  # pieces of work that tell how long the next will take
_TICK = 0.5  # seconds until one who waits is told again how many are before


@dataclass(slots=True, eq=False)
class _Ticket:
    began: float | None = None  # time.monotonic() of its turn


class Line:
    """Where threads wait for their turn, and are told how many are before them.

    At most ``limit`` wait, while ``at_once`` are at work. Raises UsageError for less than 0 and 1.
    """

    def __init__(self, limit: int = MAX_WAITING, at_once: int = 1) -> None:
        if limit < 0 or at_once < 1:
            raise UsageError(
                f"{limit} may wait and {at_once} work at a time, expected at least 0 and 1; "
                f"change --queue or --concurrency"
            )
        self._limit = limit
        self._at_once = at_once
        self._tickets: deque[_Ticket] = deque()
        self._recent: deque[float] = deque([1.0], maxlen=_RECENT)  # seconds each was at work
        self._changed = threading.Condition()
        self._closed = False

    @contextmanager
    def place(self) -> Iterator[Callable[[], int]]:
        """A place in the line; what it gives waits a little, and tells how many are before.

        Raises BusyError where the line is full, ClosingError once it is closed.
        """
        ticket = _Ticket()
        with self._changed:
            self._admit()
            self._tickets.append(ticket)

        def before() -> int:
            with self._changed:
                if self._before(ticket):
                    self._changed.wait(timeout=_TICK)
                count = self._before(ticket)
                if not count and ticket.began is None:
                    ticket.began = time.monotonic()
                return count

        try:
            yield before
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                if ticket.began is not None:
                    self._recent.append(time.monotonic() - ticket.began)
                self._changed.notify_all()

    def _admit(self) -> None:
        if self._closed:
            raise ClosingError("this server is shutting down; ask again", retry_after=1)
        if len(self._tickets) >= self.places:
            left = mean(self._recent) * len(self._tickets) / self._at_once
            seconds = max(1, math.ceil(left))
            raise BusyError(
                f"{self._limit} questions wait, which is as many as may; "
                f"ask again in {seconds} seconds",
                retry_after=seconds,
            )

    def _before(self, ticket: _Ticket) -> int:
        return max(0, self._tickets.index(ticket) + 1 - self._at_once)

    @property
    def at_once(self) -> int:
        """How many may have their turn at a time."""
        return self._at_once

    @property
    def places(self) -> int:
        """How many may wait or be at work."""
        return self._limit + self._at_once

    @property
    def waiting(self) -> int:
        """How many wait."""
        return max(0, len(self._tickets) - self._at_once)

    @property
    def at_work(self) -> int:
        """How many have their turn."""
        return min(len(self._tickets), self._at_once)

    @property
    def closed(self) -> bool:
        """Whether nobody is let in any more."""
        return self._closed

    def close(self) -> None:
        """Let nobody in any more; those who are in stay."""
        with self._changed:
            self._closed = True

    def drained(self, timeout: float) -> bool:
        """Wait until the line is empty, for ``timeout`` seconds at most; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._tickets, timeout)
