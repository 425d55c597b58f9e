"""The block of "key: value" lines between two lines of "---" that a text may begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_CHARS = 20_000  # of a block
# Of YAML, no more is read than what stands on the line of its key; other lines may be a list, a
# long value, the end of one in brackets, a comment or blank. A key holds either spaces or, as in
# "og:title", full stops and colons: with both, it could be prose.
_FIELD = re.compile(r"[\"']?([^\W\d_](?:[\w -]{0,60}?|[\w.:-]{0,60}?))[\"']?[ \t]*:(?:[ \t]+(.*))?")
_OTHER_LINE = re.compile(r"[ \t#\]}-].*|")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Values by key in lower case; the text proper begins at ``end``."""

    fields: dict[str, str]
    end: int

    def first(self, *keys: str) -> str:
        """The value of the first of the keys that there is, or ""."""
        return next((self.fields[key] for key in keys if key in self.fields), "")


def front_matter(text: str) -> FrontMatter:
    """What ``text`` begins with; without fields, and ending at 0, where it is no such block."""
    fields: dict[str, str] = {}
    position = 0
    for line in text[:_MAX_CHARS].splitlines(keepends=True):
        content = line.removeprefix("\ufeff").rstrip()
        is_first, position = position == 0, position + len(line)
        if is_first and content != "---":
            break
        if not is_first and content in ("---", "...") and fields:
            return FrontMatter(fields, position)
        field = _FIELD.fullmatch(content)
        if field and field[2]:
            fields.setdefault(field[1].lower(), _unquoted(field[2]))
        elif not field and not _OTHER_LINE.fullmatch(content):
            break
    return FrontMatter({}, 0)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
