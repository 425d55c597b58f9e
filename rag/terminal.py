"""Text from files, made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line; control and bidirectional characters become visible.

    An escape sequence in a document must not act on the terminal that shows it.
    """
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
