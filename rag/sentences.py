"""Text → sentence spans with exact offsets, also where the text has lost its full stops.

Real corpora come with damage: "winter.The AI e-commerce era", "the AI startup, DeepSeekThis
announcement", "public cloud products From the report". Cutting those apart matters here, since
a sentence is the unit that is quoted. Rules only, no model: a wrong cut costs a shorter quote,
never a wrong offset.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from rag.types import Span

# A span longer than this is cut at white space: it would not fit the embedder's window
# (256 tokens) and nobody reads such a quote. Also what keeps a 10 MB line harmless.
MAX_SENTENCE_CHARS = 800

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st gen col lt sgt rep sen gov hon rev inc ltd co corp llc bros "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun "
    "vs etc al eg ie cf approx est dept fig figs eq no nos vol pp ed eds ch sec art "
    "u.s u.k u.n e.u e.g i.e a.m p.m d.c ph.d".split()
)

# Closed-class words that open English sentences: the only evidence that "DeepSeekThis" is two
# words while "DeepSeek" is one.
_STARTERS = frozenset(
    "the this that these those it its they their he she his her we our you your "
    "in on at to by for from with as after before during since while when where if although "
    "though despite because however moreover furthermore additionally meanwhile yet but and or "
    "so also then thus such some many most both each every another other all not there here "
    "over under among amid amidst beneath beyond unlike like without within until once soon now "
    "today recently currently finally what who how why which one two three several".split()
)

_WORD = re.compile(r"[A-Za-z]+")
_MAX_WORD = 40  # letters that are looked at on each side of a cut
_TERMINAL = re.compile(
    r"""(?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s+["'“‘«(\[]*[^\W_a-z])  # the end of a sentence
      | (?<=[a-z]{2})[.!?]["”’]?(?=["“‘]?[A-Z][a-z])    # "winter.The": the space is lost
      | [。！？]["”’」』]*                                 # CJK
    """,
    re.VERBOSE,
)
# "DeepSeek|This", "AI|It": the full stop and the space are lost.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# "business development Two months later": the full stop is lost, the space is not.
_BARE_STARTER = re.compile(r"(?<=[a-z]{2}|[0-9]{2}) (?=([A-Z][a-z]+),? [a-z])")
_LAST_WORD = re.compile(r"([\w.]+)\.$")


def count_words(text: str) -> Counter[str]:
    """How often each spelling stands in a document: what tells "DeepSeek" from "DeepSeekThis"."""
    return Counter(_WORD.findall(text))


def split_sentences(
    text: str, within: Span | None = None, words: Counter[str] | None = None
) -> list[Span]:
    """Spans of the sentences of ``text``, or of a part of it, in order, not overlapping.

    ``words`` are those of the whole document, where the caller has counted them already.

    Every character that is not white space lies in exactly one span; spans begin and end with
    a character that is not white space; none is longer than MAX_SENTENCE_CHARS.
    """
    within = within or Span(0, len(text))
    words = words or count_words(text)
    spans: list[Span] = []
    for block in _blocks(text, within.start, within.end):
        cuts = sorted(
            {
                *_terminal_cuts(text, block),
                *_camel_cuts(text, block, words),
                *_bare_starter_cuts(text, block),
            }
        )
        for piece in _between(block, cuts):
            spans.extend(_fit(text, piece))
    return spans


def _blocks(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs and list items; lines of hard-wrapped prose stay together."""
    block_start = position = start
    previous = ""
    for line in text[start:end].splitlines(keepends=True):
        if position > block_start and not _continues(previous, line):
            yield Span(block_start, position)
            block_start = position
        position += len(line)
        previous = line.strip()
    if position > block_start:
        yield Span(block_start, position)


def _continues(previous: str, line: str) -> bool:
    """Whether a line break is a soft wrap: a line of 40 to 100 characters without an end."""
    line = line.lstrip()
    if not previous or not line or not line[0].isalnum():
        return False
    wrapped = 40 <= len(previous) <= 100 and previous[-1] not in ".!?:;。！？"
    return line[0].islower() or wrapped


def _terminal_cuts(text: str, block: Span) -> Iterator[int]:
    for match in _TERMINAL.finditer(text, block.start, block.end):
        if match.group().startswith(".") and _is_abbreviation(text, block.start, match.start()):
            continue
        yield match.end()


def _is_abbreviation(text: str, floor: int, dot: int) -> bool:
    match = _LAST_WORD.search(text, max(floor, dot - 20), dot + 1)
    if match is None:
        return False
    word = match.group(1).lower()
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha())


def _camel_cuts(text: str, block: Span, words: Counter[str]) -> Iterator[int]:
    for match in _CAMEL.finditer(text, block.start, block.end):
        cut = match.start()
        left_match = re.search(r"[A-Za-z]+$", text[max(block.start, cut - _MAX_WORD) : cut])
        right_match = _WORD.match(text, cut, min(block.end, cut + _MAX_WORD))
        if left_match is None or right_match is None:
            if text[cut - 1].isdigit() and right_match and right_match.group().lower() in _STARTERS:
                yield cut
            continue
        left, right = left_match.group(), right_match.group()
        # A spelling that comes back is a name ("DingTalk"), not an accident.
        if words[left + right] > 1:
            continue
        ends_in_a_word = left.islower() and len(left) > 3  # not "iPhone", "eBay"
        ends_in_a_name = words[left] > 0 and right.lower() in _STARTERS  # not "LinkedIn"
        if right[1:].islower() and (ends_in_a_word or ends_in_a_name):
            yield cut


def _bare_starter_cuts(text: str, block: Span) -> Iterator[int]:
    for match in _BARE_STARTER.finditer(text, block.start, block.end):
        if match.group(1).lower() in _STARTERS:
            yield match.start()


def _between(block: Span, cuts: list[int]) -> Iterator[Span]:
    inner = cuts[bisect_left(cuts, block.start + 1) : bisect_left(cuts, block.end)]
    edges = [block.start, *inner, block.end]
    return (Span(a, b) for a, b in pairwise(edges))


def _fit(text: str, span: Span) -> Iterator[Span]:
    """The span without white space around it, cut to MAX_SENTENCE_CHARS at white space."""
    start, end = _strip(text, span.start, span.end)
    while end - start > MAX_SENTENCE_CHARS:
        limit = start + MAX_SENTENCE_CHARS
        space = max(text.rfind(" ", start + 1, limit), text.rfind("\n", start + 1, limit))
        cut = space if space > start else limit
        yield Span(*_strip(text, start, cut))
        start, end = _strip(text, cut, end)
    if start < end:
        yield Span(start, end)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
