"""Which lines of a document are furniture: front matter, navigation, advertisements, teasers.

They are left out of the index, so that they are neither found nor quoted; the file and its
offsets stay as they are. Rules for plain text saved from the web, in the spirit of jusText
(Pomikálek 2011, "Removing boilerplate and duplicate content from web corpora"), which needs
HTML that is no longer there.
"""

from __future__ import annotations

import re

from rag.front_matter import front_matter
from rag.types import Span

_NAVIGATION = re.compile(
    r"""(advertisements?|sponsored(\ content)?|contact\ us|call\ us|working\ hours
      |share(\ this)?|subscribe(\ now)?|sign\ (in|up)|log\ ?in|menu|home|search|print|comments?
      |skip\ to\ (main\ )?content|back\ to\ top|read\ more|load\ more|next|previous
      |all\ rights\ reserved\.?|privacy\ policy|terms\ of\ (use|service)|cookie\ policy)
      \s*[:|›»…]*""",
    re.VERBOSE | re.IGNORECASE,
)
_CALL_TO_CONTACT = re.compile(r"contact us, dear|we serve you", re.IGNORECASE)
# Not "The licence is MIT, © 2024 Ann Lee", nor "Ann Lee has all rights reserved".
_COPYRIGHT = re.compile(
    r"((all )?(contents?|images?|photos?|copyright):?\s*)?(©|copyright \(c\)).*"
    r"|(copyright\b.*|.*[.,;|\d–—-]\s*)?all rights reserved\.?",
    re.IGNORECASE,
)
_RELATED = re.compile(
    r"(related (posts?|articles?|stories|news)|you (may|might) also like"
    r"|recommended (for you|articles?|reading)|more (from|stories)(\s++[\w'’-]++){0,4}"
    r"|read next|latest (posts?|news))\s*(:|…|\.{3})?",
    re.IGNORECASE,
)
# "BLOG 2023-11-09": the foot of a teaser card.
_CARD_FOOT = re.compile(r"[A-Z][A-Za-z &]{2,20}\s+\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_BULLET = re.compile(r"^\s*[•·▪◦*-]\s+")


def find_boilerplate(text: str) -> list[Span]:
    """Spans of whole lines of ``text`` that are page furniture, in order, merged."""
    lines = _lines(text)
    furniture = _teaser_cards(text, lines)
    body = front_matter(text).end
    furniture.update(number for number, line in enumerate(lines) if line.end <= body)
    for number, line in enumerate(lines):
        content = line.of(text).strip()
        if _RELATED.fullmatch(content) and _is_tail(text, lines, number):
            furniture.update(range(number, len(lines)))
        elif _NAVIGATION.fullmatch(content) or (
            len(content) < 120
            and (_CALL_TO_CONTACT.search(content) or _COPYRIGHT.fullmatch(content))
        ):
            furniture.add(number)
    return _merge([lines[number] for number in sorted(furniture)])


def content_start(text: str) -> int:
    """The offset behind a byte-order mark, which is no part of the first line."""
    return int(text.startswith("\ufeff"))


def _lines(text: str) -> list[Span]:
    spans, position = [], content_start(text)
    for line in text[position:].splitlines(keepends=True):
        spans.append(Span(position, position + len(line)))
        position += len(line)
    return spans


def _teaser_cards(text: str, lines: list[Span]) -> set[int]:
    """Line numbers of cards: a bulleted heading that is said twice, a summary, label and date."""
    filled = [number for number, line in enumerate(lines) if line.of(text).strip()]
    contents = [lines[number].of(text).strip() for number in filled]
    cards: set[int] = set()
    for i in range(len(filled) - 1):
        heading = _BULLET.sub("", contents[i])
        said_twice = _fold(heading) == _fold(contents[i + 1])
        if not (said_twice and _BULLET.match(lines[filled[i]].of(text))):
            continue
        foot = next(
            (j for j in range(i + 2, min(i + 8, len(filled))) if _CARD_FOOT.fullmatch(contents[j])),
            None,
        )
        last = foot if foot is not None else i + 1
        cards.update(range(filled[i], filled[last] + 1))
    return cards


def _fold(line: str) -> str:
    return re.sub(r"\W+", " ", line).casefold().strip()


def _is_tail(text: str, lines: list[Span], number: int) -> bool:
    """A heading such as "Related posts" ends the article only in its last third."""
    return lines[number].start > len(text) * 2 // 3


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].end == span.start:
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return merged
