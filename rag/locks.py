"""One process at a time: locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file ``path``; says that another process is ``what`` where it has to wait.

    Whoever holds it may take it again, in the same thread.
    """
    lock = FileLock(path, is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.warning("another process is %s; waiting for it", what)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
