"""A question's words as the corpus writes them: slips mended, names with their capitals.

What is read with a question knows names by their capitals, and people in haste write none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from rag.claims import WORD
from rag.terms import STOPWORDS, stem

_OPENING = re.compile(r"""(?:^|[.!?:;]\s+|\n)["'“‘(\[]*\Z""")
_OPENING_CHARS = 6  # before a word that tell whether it opens a sentence
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST = 5  # letters; one slip turns most shorter words into others ("form", "from")

# Too short to be mended as others are, and what tells the kind of answer that is asked for.
_ASKING = {
    slip: word
    for word, slips in {
        "what": "wat wht waht whta hwat",
        "which": "wich whic whcih wihch",
        "when": "wehn whn whne",
        "where": "wher whre wehre wheer",
        "who": "woh",
        "how": "hwo",
        "why": "wy whi",
    }.items()
    for slip in slips.split()
}
_ASKING |= {slip.capitalize(): word.capitalize() for slip, word in _ASKING.items()}


def as_written(question: str, texts: Sequence[str], is_word: Callable[[str], bool]) -> str:
    """The question with those of its words that ``texts`` write otherwise as they do.

    What is no word, and does not stand there, gives way to what does and differs by a letter left
    out, put in or changed for the next ("goverment"), or to a word that asks ("wich"). A
    lower-cased word that stands only with a capital gets it ("qwen"), unless some name in the
    question has one: then it is meant so.
    """
    if question.isupper():
        question = question.lower()
    text = "\n".join(texts)
    folded = text.lower()
    slips = [word for word in WORD.findall(question) if word in _ASKING]
    question = _replaced(question, {w: _ASKING[w] for w in slips if not _stands(w.lower(), folded)})
    unknown = {w for w in _lower(question) if not _stands(w, folded) and not is_word(w)}
    if unknown:
        question = _replaced(question, _meant(unknown, Counter(_LETTERS.findall(folded))))
    if any(not word.isupper() for name in _names(question) for word in name):
        return question
    uncased = {w for w in _lower(question) if not _stands(w, text) and _stands(w, folded)}
    return _replaced(question, _capitals(uncased, text)) if uncased else question


def _lower(question: str) -> set[str]:
    return {word for word in WORD.findall(question) if word.islower()} - STOPWORDS


def _stands(word: str, text: str) -> bool:
    """As a word; a pattern for each would take longer to make than to search for."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            return True
        at = text.find(word, at + 1)
    return False


def _replaced(question: str, by: Mapping[str, str]) -> str:
    return WORD.sub(lambda match: by.get(match[0], match[0]), question)


def _meant(unknown: set[str], written: Mapping[str, int]) -> dict[str, str]:
    """By word, the most frequent one that it may be a slip of."""
    known = {stem(word) for word in written}
    meant: dict[str, str] = {}
    for word in unknown:
        words = [other for other in written if other[0] == word[0] and is_slip(word, other)]
        if words and stem(word) not in known:
            meant[word] = max(words, key=lambda other: (written[other], other))
    return meant


def _capitals(words: set[str], text: str) -> dict[str, str]:
    """By lower-cased word, the spelling in names that hold no others: not that of "exchange" in
    "Freight Exchange"."""
    allowed = words | STOPWORDS
    names = (name for name in _names(text) if all(word.lower() in allowed for word in name))
    return {word.lower(): word for name in names for word in name if word.lower() in words}


def _names(text: str) -> Iterator[list[str]]:
    """Runs of words with capitals, without one that opens a sentence."""
    name: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        capital = not match[0].islower()
        if not capital or text[end : match.start()] not in (" ", "-"):
            yield name
            name = []
        if capital and not _opens(text, match.start()):
            name.append(match[0])
        end = match.end()
    yield name


def _opens(text: str, start: int) -> bool:
    return _OPENING.search(text[max(0, start - _OPENING_CHARS) : start]) is not None


def is_slip(word: str, other: str) -> bool:
    """Whether a letter too many, one too few or two that changed places make all the difference."""
    short, long = sorted((word, other), key=len)
    if len(short) < _SHORTEST or len(long) - len(short) > 1 or short == long:
        return False
    pairs = zip(short, long, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
