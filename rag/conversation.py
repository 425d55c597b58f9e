"""A message and those before it → the questions in it, each so that it stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.claims import names
from rag.errors import QuestionError
from rag.question import (
    AUXILIARY,
    FULL_NAME,
    MAX_QUESTION_CHARS,
    PLURAL,
    QUESTION_WORD,
    check_question,
)
from rag.sentences import split_sentences
from rag.terms import terms

_JOINED = re.compile(  # but not "when and where", nor "who founded it and is its head"
    rf"(?<!\bwhen)(?<!\bwhere)(?<!\bwhy)(?<!\bhow),?\s+and\s+(?=(?:{QUESTION_WORD})\b"
    rf"|(?:{AUXILIARY})\s+(?:it|he|she|they|there|you|we|i)\b)",
    re.IGNORECASE,
)
_ENDS_ASKING = re.compile(r"""[?？]["'”’»)\]]*$""")
_BEGINS_ASKING = re.compile(rf"(?:{QUESTION_WORD})\s+(?:{AUXILIARY})\b", re.IGNORECASE)
_NAME_WITH_MARK = re.compile(rf"(?:{QUESTION_WORD})\b(?! an?\b)[^!]*!$", re.IGNORECASE)  # Yahoo!
_ASKING_WORD = re.compile(QUESTION_WORD)
_ASKS = re.compile(rf"(?:{QUESTION_WORD})\b|.*[?？]", re.IGNORECASE | re.DOTALL)
_AFTER_QUESTION = re.compile(r"(?<=[?？])\s+")
_LABEL = re.compile(  # "### Question: who …", but not "what is Q: 5"
    r"^[\W_]*(?:question|q)\s*[:：]\s*"
    rf"|\b(?:question|q)\s*[:：]\s*(?=(?:{QUESTION_WORD}|{AUXILIARY})\b)",
    re.IGNORECASE,
)
MAX_PARTS = 3
_TURNS = 2  # of a conversation that a question may refer to
_EXPECTED = 'history is a list of questions, such as ["who runs Xianyu?"]'
# "It" stands for nothing in "is it true", "does it take", "is it legal to park here".
_EMPTY_IT = (
    r"\s+(?:true|takes?|took|possible|said|that)\b"
    r"|\s+(?:costs?|legal|illegal|lawful|allowed|permitted|forbidden|prohibited|ok|okay|acceptable"
    r"|necessary|mandatory|compulsory|customary|common|normal|usual|important|better|cheaper)"
    r"\s+(?:for\s+(?:\w+\s+){1,3})?to\s+\w+\s+\w"
)
# Words that stand for something else. "that", "there" and the like mostly open a clause, and do
# so only where a phrase ends with them.
_PRONOUN = re.compile(
    r"\b(?:[Hh]e|[Ss]he|[Tt]hey|[Hh]im|[Hh]er|[Tt]hem|[Hh]is|[Hh]ers|[Ii]ts|[Tt]heirs?"
    rf"|[Tt]hose|[Tt]hese|[Ii]t(?!{_EMPTY_IT})"
    r"|(?:[Tt]his|[Tt]hat|[Tt]hen|[Bb]oth|(?<!are )(?<!is )(?<!were )(?<!was )there)"
    r"(?=\s*(?:[,;?.!]|$))|that\s+(?:decade|year|quarter|month|week|day|time))(?!\w)"
)
_NOT_ASKING = rf"(?!(?:{QUESTION_WORD}|{AUXILIARY})\b)"  # before a word
# A few words after a preposition: a phrase that puts the earlier question to something else.
_WORDS = rf"(?:\s+{_NOT_ASKING}[\w'’.-]+){{1,4}}\W*$"
_CONTINUES = re.compile(
    r"(?:and|but|or|what about|how about|same (?:for|in|at|on|with|to|goes|question))\b"
    r"|(?:please )?(?:tell (?:me|us)|say) more\W*$"
    rf"|(?:also,?\s+)?(?:in|for|at|on|since|with|from){_WORDS}|also{_WORDS}"
    # "This year" is the present one.
    rf"|(?:{AUXILIARY}) (?:that|this(?! (?:decade|year|quarter|month|week)))\b",
    re.IGNORECASE,
)
_WHY_SO = re.compile(  # "why Germany", "why only in New York", but not "why prices fell"
    r"[Ww]hy(?:\s+(?:not|only|in|for|at|on|since|with|from|the))*"
    r"\s+(?:\w+|[A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*)+)\W*$"
)
# "Where did he work?" after "When was Li Shan hired?", but not after "Who follows Li Shan?".
_PERSON = re.compile(rf"\b(?i:{AUXILIARY})\s+({FULL_NAME.pattern})")
_OF_PERSON = re.compile(  # not "HER", which is no pronoun
    r"\b(?:(?P<whose>(?:[Hh]is|[Hh]er)(?= \w))|[Hh]e|[Ss]he|[Hh]im|[Hh]er)\b"
)
_MALE = re.compile(r"\b(?:he|him|his)\b", re.IGNORECASE)
_FEMALE = re.compile(r"\b(?:she|her)\b", re.IGNORECASE)
# "How many sellers has 1688?", but not "what was 2023 like" or "what was 20% of it".
_NUMBER_AS_NAME = re.compile(
    rf"\b(?:{AUXILIARY})\s+(?!(?:19|20)\d\d\b)\d{{3,}}(?![\w%]|[.,]\d)", re.IGNORECASE
)
_DEFINES = re.compile(r"(?:what|who)(?:'s|’s| is| are| was| were)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\b(?:the|an?)\s+\w", re.IGNORECASE)
# "At the end of 2024, …": tells when or where, and is nothing that "it" could stand for.
_SETTING = re.compile(
    r"^\W*(?:at|in|on|before|after|by|since|during|until|as)\b"
    r"(?! (?:which|what|whom|when)\b)[^,]*,",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\W(?:when|if|because|that|and|or|but|after|before|while|who|whose|which|where|until|once"
    r"|whether|how|why|what|as|than|since)\b|[,;:(?!]",
    re.IGNORECASE,
)
# "Can employees take their …", but not "how many employees do they have".
_SUBJECT_OF_THEY = re.compile(
    rf"\b(?:{AUXILIARY}|to|for|if|when)\s+(?:{_NOT_ASKING}[a-z-]+\s+)?{_NOT_ASKING}{PLURAL}\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a message, as it was asked and as it stands alone."""

    text: str
    standalone: str


def earlier_questions(history: object) -> list[str]:
    """The questions asked before, each on one line, without blank ones.

    Raises QuestionError for what is no list of them, such as a single text, which would be taken
    for its letters.
    """
    if isinstance(history, str | bytes) or not isinstance(history, Sequence):
        raise QuestionError(f"{_EXPECTED}; found {type(history).__name__}")
    if not all(isinstance(earlier, str) for earlier in history):
        raise QuestionError(f"{_EXPECTED}; found one that is no text")
    try:
        return [check_question(earlier) for earlier in history if earlier.strip()]
    except QuestionError as error:
        raise QuestionError(f"an earlier question cannot be read: {error}") from error


def understood(message: str, history: Sequence[str]) -> list[Asked]:
    """The questions in a message; ``history`` holds the earlier messages, oldest first,
    of which the last two count. Raises QuestionError where those are no questions.

    What refers back is followed by what it refers to, in brackets: the question before, or what
    was said before it in the same message. No model is asked, so a rewritten question has no
    words that the user did not write.
    """
    history = earlier_questions(history)[-_TURNS:]
    lead, parts = split_question(message)
    tells = lead and (names(lead) or not history)  # thanks are nothing to refer to
    turns = [*history, lead] if tells else list(history)
    found: list[Asked] = []
    for part in parts:
        named = _with_person(part, turns)
        # A later part without a name shares the subject of the first.
        shares = bool(found) and not names(named) and not _NUMBER_AS_NAME.search(part)
        alone = _with_context(part, turns) if shares else standalone(part, turns)
        found.append(Asked(part, alone))
        turns.append(part)
    return found


def split_question(question: str) -> tuple[str, list[str]]:
    """What is said before the first question, and the questions: "who is X, and when did he
    leave?" asks two things.

    Sentences that do not ask are left out where others do, be they thanks, pasted passages or
    instructions; one may ask without a question mark. A part asks something and has a word of its
    own, so that "when and where" is one question. What seems to hold more than MAX_PARTS is a text,
    and is left whole.
    """
    spans = split_sentences(question)
    sentences = [part for span in spans for part in _AFTER_QUESTION.split(span.of(question))]
    if any(map(_NAME_WITH_MARK.match, sentences)):
        return "", [question]
    asking = [s for s in sentences if _asks(s) and terms(s)] or [question]
    parts = [part for sentence in asking for part in _split_joined(_LABEL.split(sentence)[-1])]
    if len(parts) > MAX_PARTS:
        return "", [question]
    return question[: question.find(asking[0])].strip(), parts


def _asks(sentence: str) -> bool:
    return bool(_ENDS_ASKING.search(sentence) or _BEGINS_ASKING.match(sentence))


def _split_joined(sentence: str) -> list[str]:
    parts = _JOINED.split(sentence)
    separate = all(terms(part) and _ASKS.match(part) for part in parts)
    return parts if separate and not _goes_on(parts) else [sentence]


def _goes_on(parts: Sequence[str]) -> bool:
    """Whether a part goes on with a clause of the first: "the man who came and who left"."""
    inside = {word.casefold() for word in parts[0].split()[1:]}
    first = (part.split()[0].casefold() for part in parts[1:])
    return any(word in inside and _ASKING_WORD.fullmatch(word) for word in first)


def standalone(question: str, history: Sequence[str]) -> str:
    """The question with what it refers to, where it refers to something.

    Only the last turn is read, with what it referred to itself: further back, a subject is stale.
    """
    named = _with_person(question, history)
    if refers_back(named) or (named != question and _PRONOUN.search(named)):
        return _with_context(question, history)
    return named


def _with_person(question: str, history: Sequence[str]) -> str:
    """The question with the name for "he" or "she", where the one before asks about one person."""
    pronoun = _OF_PERSON.search(question)
    if not history or not pronoun or (_MALE.search(question) and _FEMALE.search(question)):
        return question
    subject = question[: pronoun.start()]
    if _SUBJECT.search(subject) or FULL_NAME.search(subject):
        return question
    before = standalone(history[-1], history[-2:-1])
    person = _PERSON.search(before)
    if not person or set(FULL_NAME.findall(before)) != {person[1]}:
        return question
    named = _OF_PERSON.sub(lambda p: person[1] + ("’s" if p["whose"] else ""), question)
    return named if len(named) <= MAX_QUESTION_CHARS else question


def _with_context(question: str, history: Sequence[str]) -> str:
    if not history:
        return question
    before = standalone(history[-1], history[-2:-1])
    return f"{question} ({before[: max(0, MAX_QUESTION_CHARS - len(question) - 3)]})"


def refers_back(question: str) -> bool:
    """Whether a question cannot be understood alone: it goes on ("and …", "in Germany?"), a pronoun
    stands before any name or subject ("who is he?"), or it has no word of its own ("since when?").
    """
    if _CONTINUES.match(question) or _WHY_SO.match(question):
        return True
    pronoun = _PRONOUN.search(question)
    if pronoun is not None:
        return not _has_subject(question, pronoun)
    return not names(question) and len(set(terms(question))) <= 1 and not _DEFINES.match(question)


def _has_subject(question: str, pronoun: re.Match[str]) -> bool:
    """Whether what stands before the pronoun can be what it stands for."""
    before = _SETTING.sub("", question[: pronoun.start()]).strip()
    ends = not question[pronoun.end() :].strip(" ?.!")
    if ends and pronoun.group() in ("it", "this", "that") and not _CLAUSE.search(before):
        return False  # "when did the board approve it": it is not the board
    if names(question) & names(before) or _SUBJECT.search(before):
        return True
    several = pronoun.group().lower() in ("they", "them", "their", "theirs")
    return several and _SUBJECT_OF_THEY.search(before) is not None
