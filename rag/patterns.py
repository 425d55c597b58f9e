"""Questions whose answers show by their words: who or what something is, what somebody said, and
what happened when.

The sentences are found by patterns, as in answering of questions before it was learnt. For
definitions: an apposition, a title, a copula, a naming, an abbreviation (Hildebrandt et al. 2004,
https://aclanthology.org/N04-1007/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from rag.dates import MONTH
from rag.question import plainly_asked
from rag.terms import terms

_OTHER_WORDS = (  # with which something else is asked: "who is in charge of it"
    "of|for|in|on|at|with|by|to|from|as|about|behind|after|before|between|than|and|or|not|that"
    "|which|who|when|where|why|how|what|this|these|those|it|he|she|they|his|her|their|its|there"
    "|here|i|you|we|your|our|my|going|being|doing"
)
_WORD = rf"(?!(?:{_OTHER_WORDS})(?![\w&-]))[\w.&'’-]{{1,50}}"
_WORDS = rf"{_WORD}(?: {_WORD}){{0,3}}"
_DEFINITION = re.compile(
    r"\W*(?:(?:who|what)(?:['’]?s| is| are| was| were)|(?:please )?tell me about|define|explain)"
    rf" (?:the |an? )?[\"'“‘]?(?P<of>{_WORDS})\W*",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    rf"\W*(?:what (?:did|does|do|has|have|had) (?:the )?(?P<of>{_WORDS}?)"
    r" (?:say|said|tell|told|think|claim|announced?|argued?|note|warn|promised?|reply|write)"
    rf"|how (?:did|does|has) (?:the )?(?P<who>{_WORDS}?) (?:react|respond)(?:ed)?)\b(?P<topic>.*)",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\W*what (?:happened|took place|occurred|went on)(?P<topic>(?: \S{1,40}){0,5}?)"
    r" (?:on|in|during) (?P<of>(?=[^?]*\d)[\w ,.]{3,30})\W*",
    re.IGNORECASE,
)
# People by what they do, mostly by how such words end; a few of firms and places.
_ROLE = (
    r"(?:ceo|cfo|cto|coo|chair|president|head|chief|boss|king|queen|prince|princess|pope|judge"
    r"|expert|captain|general|colonel|dr|attorney|architect|nurse|poet|star|veteran|\w{1,20}man"
    r"|\w{1,20}woman|\w{1,20}person|platform|start-?up|company|firm|group|brand|app|model|capital"
    r"|city|town|village|island|river"
    r"|(?!(?:after|under|over|other|another|either|neither|whether|rather|later|earlier|latter"
    r"|longer|together|however|never|number|\w{4,6}ber|summer|winter|easter)\b)"
    r"\w{2,20}(?:er|or|ist|ian|ant|eer))s?"
)
# "Alibaba's CEO", "alibaba ceo", but not "Jo Baker"; "nicknamed the Goat".
_NO_SUBJECT = re.compile(rf"(?:nick)?named\b|.*['’]s\b|.*\b(?=[a-z]){_ROLE}$")
_TITLED = r"(?:(?:mr|mrs|ms|miss|dr|prof|professor|sir|dame)\.? )?(?-i:[A-Z][\w.-]{0,20} ){0,2}"
_ARTICLE = r"(?:an?|the|one|our|its|their|his|her|[\w'’]{1,30}['’]s)"
_BE = (
    r"(?:is|are|was|were|has been|became|serves as|served as|works as|worked as|refers to|means"
    r"|stands for)"
)
_SAYS = (
    r"(?:says?|said|tells?|told|states?|stated|stating|claim(?:s|ed)?|announce[sd]?|argue[sd]?"
    r"|note[sd]?|writes?|wrote|warn(?:s|ed)?|promise[sd]?|stress(?:es|ed)?|(?:re-)?emphasi[sz]e[sd]?"
    r"|add(?:s|ed)|explain(?:s|ed)?|call(?:s|ed)|believe[sd]?|thinks?|thought|post(?:s|ed)"
    r"|repl(?:y|ied|ies)|respond(?:s|ed)?|admit(?:s|ted)?|insist(?:s|ed)?|complain(?:s|ed)?"
    r"|acknowledge[sd]?|suggest(?:s|ed)?|predict(?:s|ed)?|hopes?|expects|praise[sd]?"
    r"|critici[sz]e[sd]?|describe[sd]?|confirm(?:s|ed)?|den(?:y|ies|ied)|puts? it|disclose[sd]?)"
)
_SPOKEN_OF = 0.6  # least share of the topic's words; of 28 near misses in training none has it


class Sought(NamedTuple):
    """What such a question asks for."""

    kind: Literal["definition", "statement", "event"]
    of: str  # what is defined, who spoke, or a date
    topic: frozenset[str]  # terms of what was spoken of, or what it happened to


@lru_cache
def sought(question: str) -> Sought | None:
    """None for any other question."""
    question = plainly_asked(question)
    if match := _STATEMENT.match(question):
        return Sought("statement", match["of"] or match["who"], frozenset(terms(match["topic"])))
    if match := _EVENT.fullmatch(question):
        return Sought("event", match["of"], frozenset(terms(match["topic"])))
    if match := _DEFINITION.fullmatch(question):
        of = match["of"].rstrip(".")
        return None if _NO_SUBJECT.match(of) else Sought("definition", of, frozenset())
    return None


def tells(asked: Sought, sentence: str, context: str) -> bool:
    """Whether the sentence tells it, by its words; those of the topic may stand in the context."""
    if asked.kind != "event" and asked.of.split()[-1].lower() not in sentence.lower():
        return False  # sooner than by patterns, which take half a millisecond
    if asked.topic and len(asked.topic & set(terms(context))) < _SPOKEN_OF * len(asked.topic):
        return False
    return _telling(asked).search(sentence) is not None


@lru_cache
def _telling(asked: Sought) -> re.Pattern[str]:
    match asked.kind:
        case "definition":
            patterns = _defining(_as_pattern(asked.of))
        case "statement":
            patterns = _saying(asked.of)
        case "event":
            patterns = _dated(asked.of)
    return re.compile("|".join(patterns), re.IGNORECASE)


def _as_pattern(words: str) -> str:
    return r"\b" + r"[\s-]".join(map(re.escape, words.split())) + r"(?![\w-])"


def _defining(named: str) -> Iterator[str]:
    name = rf"[\"'“‘]?{named}[\"'”’]?"
    yield rf"{name}[,.]? (?:\([^)]{{1,60}}\) )?{_BE} (?:\w{{1,20}} )?{_ARTICLE} "  # X is now a
    yield rf"{name}[,.]?[\"'”’]? (?:who |which )?(?:{_BE} )?{_ARTICLE} (?!\w+ly\b)\w"  # X, a baker
    yield rf"{name}, (?:[\w-]{{1,30}} ){{0,4}}?{_ROLE}\b"  # X, chief analyst at CITIC
    yield rf"{name},? (?:of|from|at) (?:the )?(?-i:[A-Z])"  # X of the Citizens' List
    yield rf"\b{_ROLE},? {_TITLED}{name}"  # Xianyu President X
    yield rf"\b{_ROLE} (?:of|at) [^,]{{1,60}}, {_TITLED}{name}"  # the president of Xianyu, X
    yield rf"\b{_ROLE} (?:(?:of|at) [^,]{{1,60}} )?(?:is|was) {_TITLED}{name}"  # the editor is X
    yield rf"\b(?:known|considered|called|dubbed|named)(?: as)?(?: the| an?)? {name}"
    yield rf"\({name}\)|{name} \("  # Customer Management Revenue (X)


def _saying(speaker: str) -> Iterator[str]:
    surname = (
        rf"(?:(?<!\w )|(?<=mr )|(?<=ms )|(?<=mrs )|(?<=dr )){_as_pattern(speaker.split()[-1])}"
    )
    name = rf"(?:{_as_pattern(speaker)}|{surname})"  # but not another one of that surname
    yield rf"{name},? (?-i:[a-z’'-]{{1,20}},? ){{0,2}}?{_SAYS}\b"  # X later said
    yield rf"{name}, [^,]{{1,80}}, {_SAYS}\b"  # X, chief analyst at CITIC, believes
    yield rf"\b{_SAYS},? (?:[\w’'-]{{1,20}},? ){{0,4}}?{name}"  # said the chief analyst X
    yield rf"\baccording to (?:[\w’'-]{{1,20}},? ){{0,4}}?{name}"


def _dated(when: str) -> Iterator[str]:
    """Any year is taken for that of a day."""
    month = re.search(rf"\b(?:{MONTH})\b", when, re.IGNORECASE)
    day = re.search(r"\b\d{1,2}(?=\b|st|nd|rd|th)", when)
    year = re.search(r"\b[12]\d{3}\b", when)
    if month and day:
        name = rf"\b{month[0][:3]}[a-z]{{0,6}}\.?"
        yield rf"{name} {day[0]}(?!\d)|\b{day[0]}(?:st|nd|rd|th)? (?:of )?{name}"
    elif month and year:
        yield rf"\b{month[0][:3]}[a-z]{{0,6}}\.?,? (?:of )?{year[0]}\b"
    else:
        yield rf"\b{re.escape(when.strip(' ,.'))}\b"
