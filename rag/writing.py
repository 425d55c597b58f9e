"""Source sentences and proven drafts → the sentences of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from rag.conflict import disagree, names_differ
from rag.denial import denial_of, denies
from rag.grounding import Grounded, Grounder
from rag.question import asks_for_a_list
from rag.sections import as_read, needs_head
from rag.sentences import ENDS
from rag.terms import terms
from rag.types import Evidence

_FOREIGN_MARKER = re.compile(r"\[(\d+)\]")
# Not an index: "x[0]", as sources are counted from 1, and whatever is marked as code: "`argv[1]`".
_WRITTEN_MARKER = re.compile(r"(`[^`\s]+`)|\s*(?!(?<=\w)\[0\])\[\d+\]")
_ENDED = re.compile(  # before marks of emphasis and of footnotes, too
    rf"""[{ENDS}．:]["'”’»)\]*_]*(?:[\[［]\^?[\w ]{{1,20}}[\]］])*$"""
)
# Marks of an item of a list, a heading or a quotation; "- 5 °C" and "> 5 mg" tell an amount.
_LAYOUT = re.compile(r"(?:(?:[-*+•▪◦‣]|#{1,6}|>)\s(?:\[[ xX]\]\s)?)+(?![\d$€£])")
_OF_NUMBERS = frozenset(
    terms(
        "two three four five six seven eight nine ten hundred thousand million billion percent cent"
        " second minute hour day week month quarter year dollar euro pound yuan first last next new"
        " more most less least some about around after before until out"
    )
)
_BETWEEN_ITEMS = " ,;，；、،؛"  # what ends a line of a list, but no sentence


@dataclass(frozen=True, slots=True)
class Margins:
    """How far behind the first, by their scores, a second sentence is still quoted: less than"""

    near: float  # in the same document
    further: float  # in another one, or where a list is asked for: what it adds is worth more
    contradicting: float  # in another one, where it says otherwise
    weakest: float  # a score below which it tells nothing, unless it contradicts
    doubtful: float  # a score below which a sentence answers nothing, and so contradicts nothing


def quote(
    grounder: Grounder,
    question: str,
    candidates: Sequence[Evidence],
    margins: Margins,
    others: Sequence[Evidence] = (),
) -> list[Grounded]:
    """The first candidate that can stand as an answer, and a second sentence: one of ``others``
    that says otherwise, or else a candidate that is near the first; or what either says and the
    sentence that denies it."""
    near = margins.further if asks_for_a_list(question) else margins.near
    waiting = iter(candidates)
    for first in waiting:
        if found := grounder.ground_sentence(first.text):
            quoted = [_in_words(found, first)]
            break
    else:
        return []
    joining = (e for e in waiting if _joins(question, first, e, near, margins))
    for second in chain(_against(question, first, others, margins), joining):
        overlaps = any(_overlap(second, quote) for quote in quoted[0].quotes)
        if not overlaps and (found := grounder.ground_sentence(second.text)):
            quoted.append(_in_words(found, second))
            break
    for said in quoted:
        denial = denial_of(question, said.quotes[0], grounder.evidence)
        if denial and (found := grounder.ground_sentence(denial.text)):
            return [said, found]
    return quoted


def _against(
    question: str, first: Evidence, others: Sequence[Evidence], margins: Margins
) -> Iterator[Evidence]:
    """Those of the others that answer the question, and otherwise."""
    return (
        other
        for other in others
        if other.score >= margins.doubtful and _contradicts(question, first, other, margins)
    )


def _overlap(one: Evidence, other: Evidence) -> bool:
    """As an item does with its list."""
    return one.doc == other.doc and one.start < other.end and other.start < one.end


def _in_words(found: Grounded, quoted: Evidence) -> Grounded:
    """A list, or a row of a table, in words; the names of its columns are quoted, too, where they
    are read."""
    quotes = found.quotes
    if quoted.head and needs_head(quoted.head.text):
        quotes = (*quotes, quoted.head)
    return replace(found, text=as_read(quoted), quotes=quotes)


def _joins(question: str, first: Evidence, second: Evidence, near: float, margins: Margins) -> bool:
    behind = first.score - second.score
    near = near if second.doc == first.doc else margins.further
    if behind < near and second.score >= margins.weakest:
        return True
    return _contradicts(question, first, second, margins)


def _contradicts(question: str, first: Evidence, second: Evidence, margins: Margins) -> bool:
    return (
        second.doc != first.doc
        and first.score - second.score < margins.contradicting
        and _share_a_word(first, second)
        and disagree(question, first.text, second.text)
    )


def disputed(question: str, sentences: Sequence[Grounded], margins: Margins) -> list[Grounded]:
    """Those sentences that another one contradicts, of another document: one that tells two dates
    tells of two things; and what is denied, with its denial."""

    def contradict(one: Grounded, other: Grounded) -> bool:
        a, b = one.quotes[0], other.quotes[0]
        if a.doc == b.doc:
            return denies(question, a, b) or denies(question, b, a)
        if not _share_a_word(a, b):
            return False
        if min(a.score, b.score) < margins.doubtful:  # names that are nearly one still tell
            return names_differ(question, one.text, other.text)
        return disagree(question, one.text, other.text)

    return [one for one in sentences if any(contradict(one, other) for other in sentences)]


def _share_a_word(one: Evidence, other: Evidence) -> bool:
    """Besides numbers and what is counted in them: 75 minutes of surgery are none of a concert."""
    words, others = ({t for t in terms(e.text) if not t[0].isdigit()} for e in (one, other))
    return bool(words & others - _OF_NUMBERS)


def displayed(sentence: str) -> str:
    """A sentence as part of an answer: on one line, ended, and with no marker that is not ours, nor
    what a line of a list or of a table begins with."""
    line = " ".join(sentence.split())
    marks = _LAYOUT.match(line)
    plain = line[marks.end() :] if marks else line
    text = with_foreign_markers(plain.strip("| ")).rstrip(_BETWEEN_ITEMS)
    return text if _ENDED.search(text) else text + "."


def count_words(sentences: Sequence[Grounded]) -> int:
    """All words, apart by blanks."""
    return sum(len(sentence.text.split()) for sentence in sentences)


def count_facts(grounder: Grounder, sentences: Sequence[Grounded]) -> int:
    """The different facts that the question does not hold itself."""
    return len({fact for sentence in sentences for fact in grounder.new_facts(sentence.text)})


def within(max_words: int, sentences: Sequence[Grounded]) -> list[Grounded]:
    """The first sentence, and further ones while they fit."""
    lengths = accumulate(len(sentence.text.split()) for sentence in sentences)
    fits = [length <= max_words for length in lengths]
    return [s for i, s in enumerate(sentences) if i == 0 or fits[i]]


def with_foreign_markers(text: str) -> str:
    """The text with what looks like a marker of ours, such as "[1]", in brackets of another width:
    it would point at nothing, but without it "a[0]" would be "a"."""
    return _FOREIGN_MARKER.sub(r"［\1］", text)


def without_markers(draft: str) -> str:
    """The draft without the markers that a model wrote, who does not know ours."""
    return _WRITTEN_MARKER.sub(r"\1", draft)
