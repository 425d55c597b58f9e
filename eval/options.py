"""Numbers on a command line: checked before any work begins."""

from __future__ import annotations

from rag.errors import UsageError


def expect_at_least(least: int, option: str, value: int | None) -> None:
    """Raise UsageError for a number that is smaller; None is an option that was not given."""
    if value is not None and value < least:
        raise UsageError(f"{option} is {value}, expected a number of at least {least}")
