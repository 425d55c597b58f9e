"""What is taken out of a file before it becomes Documents, and why a file is left out."""

from __future__ import annotations

from dataclasses import dataclass


class Unreadable(Exception):
    """Why a file is skipped and what would help, in words on one line."""


@dataclass(frozen=True, slots=True)
class Extract:
    """One text of a file. What the file does not tell is empty.

    ``pages`` holds the offset in ``text`` at which each page begins.
    """

    text: str
    title: str = ""
    date: str = ""  # ISO 8601, a day
    url: str = ""
    pages: tuple[int, ...] = ()
    row: int = 0  # from 1, in a file of rows


@dataclass(frozen=True, slots=True)
class Reading:
    """All texts of a file, and in words what of it was left out."""

    extracts: tuple[Extract, ...]
    left_out: str = ""
