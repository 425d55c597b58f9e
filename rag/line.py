"""First come, first served, for work that cannot be shared."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Line:
    """Where threads wait for their turn, and are told how many are before them."""

    def __init__(self) -> None:
        self._tickets: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def place(self) -> Iterator[Callable[[], int]]:
        """A place in the line; what it gives waits a little, and tells how many are before."""
        ticket = object()
        with self._changed:
            self._tickets.append(ticket)

        def before() -> int:
            with self._changed:
                if self._tickets[0] is not ticket:
                    self._changed.wait(timeout=0.5)
                return self._tickets.index(ticket)

        try:
            yield before
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                self._changed.notify_all()
