"""Where questions come from: our own, the form of an outside suite, or BEIR's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from eval.questions import (
    GoldSpan,
    Question,
    QuestionFileError,
    check_against_corpus,
    load_questions,
    read_lines,
    split_of,
)
from rag.documents import load_corpus
from rag.errors import UsageError

ARTICLES = Path("seeds")
QUESTIONS = Path("eval/questions")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Suite:
    """Questions over a folder of documents; ``split`` maps ids to "dev" or "test"."""

    name: str
    corpus: Path
    questions: tuple[Question, ...]
    split: dict[str, str]


@dataclass(frozen=True, slots=True)
class RetrievalSuite:
    """BEIR's form: documents and queries with judgements, no answers."""

    name: str
    documents: dict[str, str]  # id → title and text
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]


def load_suite(path: Path | None) -> Suite | RetrievalSuite:
    """The suite at ``path``, or our own. Raises UsageError for a folder that is none."""
    if path is None:
        return own_suite()
    if (path / "questions.jsonl").is_file() and (path / "docs").is_dir():
        return spanned_suite(path)
    if (path / "qa.jsonl").is_file() and (path / "docs").is_dir():
        return outside_suite(path)
    if all((path / name).is_file() for name in ("docs.jsonl", "queries.jsonl", "qrels.tsv")):
        return beir_suite(path)
    raise UsageError(
        f"--suite {path} is no suite; expected docs/ with questions.jsonl or qa.jsonl, or "
        f"docs.jsonl, queries.jsonl and qrels.tsv"
    )


def own_suite() -> Suite:
    """The questions of eval/questions, checked against the five articles."""
    questions = load_questions(sorted(QUESTIONS.glob("*.jsonl")))
    texts = {document.id: document.text for document in load_corpus(ARTICLES).documents}
    check_against_corpus(questions, texts)
    return Suite("articles", ARTICLES, tuple(questions), split_of(questions))


def spanned_suite(path: Path) -> Suite:
    """docs/ and questions.jsonl in the form of eval/questions; all of them are "test"."""
    questions = load_questions([path / "questions.jsonl"])
    documents = load_corpus(path / "docs").documents
    check_against_corpus(questions, {document.id: document.text for document in documents})
    split = dict.fromkeys((question.id for question in questions), "test")
    return Suite(path.name, path / "docs", tuple(questions), split)


@dataclass(frozen=True, slots=True)
class _OutsideRow:
    """A line of an outside qa.jsonl; further fields are passed over."""

    id: str
    question: str
    answers: list[str]
    answerable: bool
    docs: list[str]
    type: str = "question"


@dataclass(frozen=True, slots=True)
class _Text:
    """A line of BEIR's docs.jsonl or queries.jsonl."""

    id: str
    text: str
    title: str = ""


def outside_suite(path: Path) -> Suite:
    """docs/*.txt and qa.jsonl (id, question, answers, answerable, docs, type).

    Gold documents are known, gold spans are not: a whole document counts as evidence. All
    questions are "test": nothing is tuned on them.
    """
    documents = load_corpus(path / "docs").documents
    whole = {d.id.removesuffix(".txt"): GoldSpan(d.id, 0, len(d.text)) for d in documents}
    questions: dict[str, Question] = {}
    for place, row in read_rows(TypeAdapter(_OutsideRow), path / "qa.jsonl"):
        unknown = [doc for doc in row.docs if doc not in whole]
        if unknown:
            raise QuestionFileError(f"{place}: field docs names {unknown[0]}, not in {path}/docs")
        if row.id in questions:
            raise QuestionFileError(f"{place}: field id is {row.id!r}, already used")
        questions[row.id] = Question(
            id=row.id,
            kind=row.type,
            question=row.question,
            answerable=row.answerable,
            facts=(tuple(row.answers),) if row.answers else (),
            evidence=tuple(whole[doc] for doc in row.docs),
        )
    return Suite(
        path.name, path / "docs", tuple(questions.values()), dict.fromkeys(questions, "test")
    )


def beir_suite(path: Path) -> RetrievalSuite:
    """docs.jsonl (id, title, text), queries.jsonl (id, text), qrels.tsv (query, doc, score; with a
    header or without). Raises UsageError where one of them is empty."""
    texts = TypeAdapter(_Text)
    documents = {
        row.id: f"{row.title}\n\n{row.text}".strip()
        for _, row in read_rows(texts, path / "docs.jsonl")
    }
    queries = {row.id: row.text for _, row in read_rows(texts, path / "queries.jsonl")}
    qrels: dict[str, dict[str, int]] = {}
    lines = list(read_lines(path / "qrels.tsv"))
    if lines and not _ends_in_number(lines[0][1]):
        del lines[0]  # a header
    for number, line in lines:
        query, _, rest = line.partition("\t")
        document, _, score = rest.partition("\t")
        if query not in queries or not score.strip().isdigit():
            raise QuestionFileError(
                f"{path / 'qrels.tsv'}, line {number}: expected a known query, a document and a "
                f"whole number between tabs"
            )
        qrels.setdefault(query, {})[document] = int(score)
    for name, found in (("docs.jsonl", documents), ("qrels.tsv", qrels)):
        if not found:
            raise UsageError(f"{path / name} holds no line, expected at least one; add it")
    return RetrievalSuite(path.name, documents, queries, qrels)


def _ends_in_number(line: str) -> bool:
    return line.rpartition("\t")[2].strip().isdigit()


def read_rows(adapter: TypeAdapter[T], path: Path) -> Iterator[tuple[str, T]]:
    """Each line with its place; QuestionFileError where it is not as expected."""
    for number, line in read_lines(path):
        place = f"{path}, line {number}"
        try:
            yield place, adapter.validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"])) or "line"
            raise QuestionFileError(f"{place}: field {field}: {first['msg']}") from None
