"""Text → sentence spans with exact offsets, also where the text has lost its full stops.

Real corpora come with damage: "winter.The AI e-commerce era", "the AI startup, DeepSeekThis
announcement", "public cloud products From the report". Cutting those apart matters here, since
a sentence is the unit that is quoted. Rules only, no model: what is in doubt stays together, since
a wrong cut leaves half a sentence to quote and a missed one a long quote, neither a wrong offset.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.types import Span

_SPACED_ENDS = ".!?…।॥۔؟"  # also of Hindi, Urdu and Arabic
_CJK_ENDS = "。！？"  # with no space behind them
ENDS = _SPACED_ENDS + _CJK_ENDS
_LINE_ENDS = ENDS.replace("…", "") + ":;"  # no line goes on behind these

# A span longer than this is cut at white space: it would not fit the embedder's window
# (256 tokens) and nobody reads such a quote. Also what keeps a 10 MB line harmless.
MAX_SENTENCE_CHARS = 800

_ABBREVIATIONS = frozenset(
    "sr jr st gen col lt sgt capt maj adm rep sen gov hon rev inc ltd co corp llc bros "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun "
    "etc al approx est dept fig figs eq no nos vol pp ch sec art mt ft ave blvd incl excl "
    "ph.d".split()
)
# No sentence ends with these.
_NEVER_LAST = frozenset("mr mrs ms dr prof vs eg ie e.g i.e cf ed eds".split())
# Also whole words, or words that are seldom shortened: abbreviations only before a number.
_BEFORE_NUMBERS = frozenset("max min ext tel para par cl reg chap ca avg temp nr ver".split())
_MONTHS = frozenset(
    "january february march april may june july august september october november december "
    "januar februar märz mai juni juli oktober dezember".split()
)

# Closed-class words that open English sentences. These stand in hardly any name: by themselves
# they show that "DeepSeekThis" is two words while "DeepSeek" is one.
_SURE_STARTERS = frozenset(
    "the this these those it its they their he his she her we our although though despite "
    "because however moreover furthermore additionally meanwhile yet but thus recently "
    "currently finally amid amidst unlike".split()
)
# These stand within names and titles as well: "createdAt", "Gone With the Wind".
_LINKING_STARTERS = frozenset(
    "in on at to by for from with as after before during since while when where if and or so "
    "also then that such you your over under among beneath beyond like without within until "
    "once soon".split()
)
# And these end names or begin labels: "Capital One", "Doctor Who", "select All files".
_NAMING_STARTERS = frozenset(
    "one two three several some many most both each every another all other not there here now "
    "today who what which how why".split()
)
_OPENERS = _SURE_STARTERS | _LINKING_STARTERS
_STARTERS = _OPENERS | _NAMING_STARTERS
# A sentence seldom ends with these: "set the status to In progress".
_SELDOM_LAST = _STARTERS | frozenset("an of is are was were be".split())
_TIMES = frozenset(
    "minute minutes hour hours day days week weeks month months year years decades".split()
)

_WORD = re.compile(r"[A-Za-z]+")
_MAX_WORD = 40  # letters that are looked at on each side of a cut
_MAX_EMPHASIS = 400  # characters that are looked back over for the mark that begins it
_TERMINAL = re.compile(
    rf"""(?<![{_SPACED_ENDS}])[{_SPACED_ENDS}]++["'“”’»)\]*_]*+      # the end
        (?:\[\^?[\w ]{{1,20}}+\])*+                                  # marks of footnotes
        (?=\s+["'“‘«(\[*_`¿¡„]*(?:[^\W_a-z]|[$€£¥]\d))               # and the next sentence
      | [{_CJK_ENDS}]["”’」』]*
    """,
    re.VERBOSE,
)
# "winter.The": the space is lost. A bracket or one more dot behind it is a mark of code.
_LOST_SPACE = re.compile(
    r"""(?<=[a-z]{2})[.!?]["”’]?(?=["“‘]?([A-Z][a-z][A-Za-z]*+)(?![()\]}`_/:]|\.\w))"""
)
# "DeepSeek|This", "AI|It": the full stop and the space are lost.
_LOST_BOTH = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# "business development Two months later": the full stop is lost, the space is not.
_LOST_STOP = re.compile(r"(?<=[a-z]{2}|[0-9]{2}) (?=([A-Z][a-z]+)(,?) ([a-z]+))")
_LAST_WORD = re.compile(r"([^\W_][\w.]*)\.$")
_NEXT_WORD = re.compile(r"[\W_]*([^\W_]+)")
_RIGHT_WORD = re.compile(r"[A-Z][a-z]++(?![A-Za-z(_`])")  # not the end of a name of code
_LETTERS_BEFORE = re.compile(r"[A-Za-z]+$")
# Of prose, not of an address or of code: "net.Socket", "{stream.Writable}".
_PLAIN_WORD_BEFORE = re.compile(r"(?<![\w./@{[|])[a-z]{4,}$")
_INITIALS = re.compile(r"(?:[a-z]\.)+[a-z]")
_DAY = re.compile(r"\d{1,2}")
_NUMBER = r"\d{1,3}(?:\.\d{1,3}){0,5}"
_LABEL = re.compile(rf"\W{{0,20}}(?:{_NUMBER}|[ivx]{{1,5}})\.(?=[*_]{{0,3}}\s)")
_HEADING = re.compile(r"#{1,6}\s")
_ANY_MONTH = "|".join(sorted(_MONTHS))
_LIST_ITEM = re.compile(
    rf"(?:\(?{_NUMBER}[.)]|\(?[a-z]\)|\([A-Zivx]{{1,5}}\))[ \t]++(?!(?i:{_ANY_MONTH})\b)\S"
)
# Of mail and of Markdown; with ">>> " Python asks for a line.
_QUOTE_MARKS = re.compile(r"(?!>>>[ \t])(?:>[ \t]?)*+")
# Below a caption or a headline, a capital behind a mark opens a quotation, and a note in brackets
# before a capital is a label: neither goes on with the line above.
_WORDS = re.compile(
    r"""[^\W_]|["'“‘«(]{0,2}[$€£]\d|(?!\([^()]{1,60}\) [A-Z])["'“‘«(]{1,2}[^\W\dA-Z_]"""
)
_OPENING_MARKS = frozenset("\"'“‘«([{$€£")
_LABELLED = re.compile(
    r"""(?:\[?\d[\d:.,/-]{0,20}(?:\ (?:[\d:.,/-]{1,20}|[AP]M)){0,3}+\]?\ )?  # "[1/2/24, 10:15 AM] "
        (?:[a-z][\w.'’-]{0,40}+                                            # "subject: "
          |[^\W\d_a-z][\w.'’-]{0,40}+(?:\ [\w.'’-]{1,40}+){0,3}+):\s       # "Ann Lee: "
    """,
    re.VERBOSE,
)

# Where a sentence surely ran into the next: "investorsThe". The capital stands first in the
# pattern so that the search passes over all else at speed.
_JOINT = re.compile(r"[A-Z](?<=[a-z]{4}[A-Z])[a-z]++(?![A-Z(_`])")
# A text with fewer such joints may have them from names of code ("printThis"), not from damage.
_CHARS_PER_JOINT = 10_000


@dataclass(frozen=True, slots=True)
class Words:
    """How often each spelling stands in a document, which tells "DeepSeek" from "DeepSeekThis";
    and whether sentences surely ran together in it."""

    counts: Counter[str]
    is_damaged: bool

    def has_name(self, word: str) -> bool:
        """Whether a spelling comes back, and never in lower case."""
        return self.counts[word] > 1 and self.counts[word.lower()] == 0


def count_words(text: str) -> Words:
    """Of a whole document."""
    joints = sum(right.lower() in _SURE_STARTERS for right in _JOINT.findall(text))
    is_damaged = joints > 0 and joints * _CHARS_PER_JOINT >= len(text)
    return Words(Counter(_WORD.findall(text)), is_damaged)


def split_sentences(
    text: str, within: Span | None = None, words: Words | None = None
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
                *_lost_space_cuts(text, block),
                *_lost_both_cuts(text, block, words),
                *_lost_stop_cuts(text, block),
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
    quoted, line = _unquoted(line.lstrip())
    previously_quoted, previous = _unquoted(previous)
    if not previous or quoted != previously_quoted or not _WORDS.match(line):
        return False
    if _HEADING.match(previous) or _LIST_ITEM.match(line) or _are_records(previous, line):
        return False
    wrapped = 40 <= len(previous) <= 100 and previous[-1] not in _LINE_ENDS
    return wrapped or (line[0].islower() and not quoted)  # "> cd /tmp" may be a prompt


def _unquoted(line: str) -> tuple[str, str]:
    """The marks of quotation that a line begins with, and the rest."""
    marks = _QUOTE_MARKS.match(line)
    end = marks.end() if marks else 0
    return line[:end], line[end:]


def _are_records(previous: str, line: str) -> bool:
    """Whether two lines are turns of a talk, fields of a header, rows of a table or of JSON."""
    return (
        all(_LABELLED.match(one) for one in (previous, line))
        or all(" | " in one for one in (previous, line))
        or all(one[0] in _OPENING_MARKS for one in (previous, line))
    )


def _terminal_cuts(text: str, block: Span) -> Iterator[int]:
    label = _LABEL.match(text, block.start, block.end)  # "1." stays with its item
    start = label.end() if label else block.start
    for match in _TERMINAL.finditer(text, start, block.end):
        if not (_goes_on(text, block.start, match) or _is_abbreviation(text, block.start, match)):
            yield match.end()


def _goes_on(text: str, floor: int, match: re.Match[str]) -> bool:
    """Whether a small letter that is not of ASCII follows ("ca. über", "ул. ленина"), or a mark of
    emphasis ends nothing that it began ("SELECT users.* FROM").
    """
    mark = text[match.end() - 1]
    if mark in "*_" and mark not in text[max(floor, match.start() - _MAX_EMPHASIS) : match.start()]:
        return True
    after = _NEXT_WORD.match(text, match.end()) if text[match.start()] in ".!?…" else None
    # Not islower(): that holds for all of Georgian, which begins its sentences no other way.
    return after is not None and after.group(1)[0].title() != after.group(1)[0]


def _lost_space_cuts(text: str, block: Span) -> Iterator[int]:
    for match in _LOST_SPACE.finditer(text, block.start, block.end):
        if _is_abbreviation(text, block.start, match):
            continue
        plain = _before(text, block.start, match.start(), _PLAIN_WORD_BEFORE)  # not "Math.Round"
        if plain or match.group(1).lower() in _SURE_STARTERS:
            yield match.end()


def _is_abbreviation(text: str, floor: int, match: re.Match[str]) -> bool:
    """Whether what may end a sentence is the full stop of an abbreviation or of a date."""
    dot = match.start()
    if text[dot] != ".":
        return False
    before = _LAST_WORD.search(text, max(floor, dot - 20), dot + 1)
    after = _NEXT_WORD.match(text, match.end())
    if before is None or after is None:
        return False
    word, following = before.group(1).lower(), after.group(1).lower()
    if word in _NEVER_LAST or (len(word) == 1 and word.isalpha()):
        return True
    if following in _MONTHS and _DAY.fullmatch(word):  # "3. Oktober"
        return True
    if following[0].isdigit() and word in _BEFORE_NUMBERS:
        return True
    # "in the U.S. The company": the sentence ends as well.
    shortened = word in _ABBREVIATIONS or _INITIALS.fullmatch(word) is not None
    return shortened and following not in _OPENERS


def _lost_both_cuts(text: str, block: Span, words: Words) -> Iterator[int]:
    for match in _LOST_BOTH.finditer(text, block.start, block.end):
        cut = match.start()
        right = _RIGHT_WORD.match(text, cut, min(block.end, cut + _MAX_WORD))
        if right is None:
            continue
        left = _before(text, block.start, cut, _LETTERS_BEFORE)
        if _are_two_words(left, right.group(), words):
            yield cut


def _are_two_words(left: str, right: str, words: Words) -> bool:
    is_sure = right.lower() in _SURE_STARTERS
    if not left:  # after a digit
        return is_sure
    # A spelling that comes back is a name ("DingTalk"), not an accident.
    if words.counts[left + right] > 1:
        return False
    ends_in_a_word = left.islower() and len(left) > 3  # not "iPhone", "eBay"
    if is_sure:
        return ends_in_a_word or words.counts[left] > 0
    return ends_in_a_word and (words.is_damaged or words.has_name(right))  # not "timeoutSeconds"


def _lost_stop_cuts(text: str, block: Span) -> Iterator[int]:
    for match in _LOST_STOP.finditer(text, block.start, block.end):
        before = _before(text, block.start, match.start(), _LETTERS_BEFORE)
        starter, comma, following = match.groups()
        if _opens_a_sentence(before, starter.lower(), comma, following):
            yield match.start()


def _opens_a_sentence(before: str, starter: str, comma: str, following: str) -> bool:
    if before.lower() in _SELDOM_LAST:
        return False
    after_a_name = before[:1].isupper()
    if starter in _NAMING_STARTERS:  # "Two months later", not "phase Two begins"
        return following in _TIMES and not after_a_name
    return starter in _OPENERS and (comma == "," or not after_a_name)  # not "Gone With the Wind"


def _before(text: str, floor: int, end: int, pattern: re.Pattern[str]) -> str:
    """The word of the pattern that ends at ``end``; empty where there is none."""
    match = pattern.search(text[max(floor, end - _MAX_WORD) : end])
    return match.group() if match else ""


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
