"""Questions with what a right answer holds, where it stands, and a fixed split."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rag.errors import RagError, UsageError

KINDS = (
    "fact number list why multi_source temporal conflict alias rough followup injection "
    "off_topic near_miss false_premise"
).split()
SPLITS = ("dev", "test")


class QuestionFileError(RagError):
    """A line of a question file is wrong; the message names file, line and field."""


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Characters of a document that hold the answer, or part of it."""

    doc: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """One test case. Each fact, and each forbidden value, is a list of acceptable spellings."""

    id: str
    kind: str
    question: str
    answerable: bool
    facts: tuple[tuple[str, ...], ...]
    evidence: tuple[GoldSpan, ...]
    forbidden: tuple[tuple[str, ...], ...] = ()
    history: tuple[str, ...] = ()
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Question:
        """From plain lists and dictionaries; missing fields take their defaults."""
        return cls(
            id=fields["id"],
            kind=fields["kind"],
            question=fields["question"],
            answerable=fields["answerable"],
            facts=tuple(tuple(fact) for fact in fields.get("facts", [])),
            evidence=tuple(GoldSpan(**span) for span in fields.get("evidence", [])),
            forbidden=tuple(tuple(value) for value in fields.get("forbidden", [])),
            history=tuple(fields.get("history", [])),
            note=fields.get("note", ""),
        )


# "18" is not in "18.228", but "$5" is in "US$5".
_BEFORE, _AFTER = r"(?:(?<!\w)|(?<!\d)(?=[$€£¥]))(?<!\d[.,])", r"(?!\w)(?![.,]\d)"


def contains(text: str, spellings: Sequence[str]) -> bool:
    """Whether any spelling stands in the text as whole words.

    Case, white space, thousands commas and the shape of quotation marks do not count. Letters may
    stand before a currency sign.
    """
    folded = _fold(text)
    return any(
        re.search(rf"{_BEFORE}{re.escape(_fold(spelling))}{_AFTER}", folded)
        for spelling in spellings
    )


def _fold(text: str) -> str:
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.casefold())
    text = text.translate(str.maketrans("’‘“”–—", "''\"\"--"))
    return re.sub(r"\s+", " ", text).strip()


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not blank; QuestionFileError for what is not UTF-8."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"{path}: not UTF-8 at byte {error.start}") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def load_questions(paths: Iterable[Path]) -> list[Question]:
    """All questions of the files, in order.

    Raises QuestionFileError for a malformed line or an id that comes twice.
    """
    questions: list[Question] = []
    seen: dict[str, str] = {}
    for path in paths:
        for number, line in read_lines(path):
            place = f"{path}, line {number}"
            question = _parse(line, place)
            if question.id in seen:
                raise QuestionFileError(
                    f"{place}: field id is {question.id!r}, already used in {seen[question.id]}"
                )
            seen[question.id] = place
            questions.append(question)
    return questions


def _parse(line: str, place: str) -> Question:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise QuestionFileError(f"{place}: not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise QuestionFileError(f"{place}: expected an object, found {type(fields).__name__}")

    def check(name: str, valid: bool, expected: str) -> None:
        if not valid:
            found = json.dumps(fields.get(name), ensure_ascii=False)[:60]
            raise QuestionFileError(f"{place}: field {name} is {found}, expected {expected}")

    for name in ("id", "question"):
        check(name, _is_text(fields.get(name)), "a text that is not empty")
    check("kind", fields.get("kind") in KINDS, f"one of {', '.join(KINDS)}")
    check("answerable", isinstance(fields.get("answerable"), bool), "true or false")
    for name in ("facts", "forbidden"):
        check(name, _is_spellings(fields.get(name, [])), "a list of lists of texts")
    check("history", _is_texts(fields.get("history", [])), "a list of texts")
    check("evidence", _is_evidence(fields.get("evidence", [])), "a list of {doc, start, end}")
    unknown = sorted(fields.keys() - Question.__slots__)
    if unknown:
        raise QuestionFileError(f"{place}: field {unknown[0]} is unknown")
    return Question.from_dict(fields)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_spellings(value: object) -> bool:
    return isinstance(value, list) and all(_is_texts(item) and item for item in value)


def _is_evidence(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(span, dict)
        and span.keys() == {"doc", "start", "end"}
        and isinstance(span["doc"], str)
        and type(span["start"]) is int
        and type(span["end"]) is int
        for span in value
    )


def check_against_corpus(questions: Iterable[Question], texts: Mapping[str, str]) -> None:
    """Raise QuestionFileError unless all gold evidence lies in the corpus and holds its facts."""
    for question in questions:
        if question.answerable != bool(question.facts):
            raise QuestionFileError(f"{question.id}: field facts does not fit answerable")
        quotes = []
        for span in question.evidence:
            text = texts.get(span.doc)
            if text is None:
                raise QuestionFileError(f"{question.id}: field evidence names {span.doc}, unknown")
            if not 0 <= span.start < span.end <= len(text):
                raise QuestionFileError(
                    f"{question.id}: field evidence is {span.start}–{span.end}, {span.doc} has "
                    f"{len(text)} characters"
                )
            quotes.append(text[span.start : span.end])
        for fact in question.facts:
            if not any(contains(quote, fact) for quote in quotes):
                raise QuestionFileError(
                    f"{question.id}: field evidence does not hold the fact {fact[0]!r}"
                )


class Asked(Protocol):
    """Whatever belongs to a question."""

    @property
    def question(self) -> Question: ...


Asking = TypeVar("Asking", bound=Asked)


def hold_out(examples: Sequence[Asking], every: int | None) -> tuple[list[Asking], list[Asking]]:
    """To train on, and to test on: those of every n-th document, which an id begins with.

    Raises UsageError where none is left to train on.
    """
    documents = sorted({_document(example) for example in examples})
    left_out = set(documents[::every] if every else ())
    seen = [example for example in examples if _document(example) not in left_out]
    if not seen:
        raise UsageError(
            f"none of {len(examples)} questions is left to train on, expected at least one; choose "
            f"a larger --sample, or drop --hold-out"
        )
    return seen, [example for example in examples if _document(example) in left_out]


def _document(example: Asked) -> str:
    return example.question.id.rsplit("-", 1)[0]


def split_of(questions: Sequence[Question]) -> dict[str, str]:
    """Question id → "dev" or "test": within each kind, every other one by hash of its id.

    Stratified, balanced, and fixed for a set of questions. A new question draws the split of its
    kind anew, so questions are added only together with a new baseline and new reports.
    """
    by_kind: defaultdict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_kind[question.kind].append(question)
    split = {}
    for members in by_kind.values():
        members.sort(key=lambda q: hashlib.sha256(q.id.encode()).hexdigest())
        split.update({q.id: SPLITS[i % 2] for i, q in enumerate(members)})
    return split
