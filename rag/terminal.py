"""Text from files, made fit for a terminal."""

from __future__ import annotations

# Persian, Hindi and emoji are misspelt without their joiner and non-joiner.
_JOINERS = "\u200c\u200d"
# Hints for breaking lines, and marks of byte order: nothing that a reader sees.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))


def printable(text: str) -> str:
    """The text on one line; control and bidirectional characters become visible.

    An escape sequence in a document must not act on the terminal that shows it.
    """
    line = " ".join(text.translate(_UNSEEN).split())
    return "".join(c if c.isprintable() or c in _JOINERS else "�" for c in line)
