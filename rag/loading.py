"""Loading without looking for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Python's search for unreachable cycles is off within, and skips what was loaded from then on.

    Imports and tokenizers make millions of objects that stay; searching them again and again takes
    a quarter of the time until the first answer (eval/LOG.md).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
