"""Where questions come from: our own, the form of an outside suite, or BEIR's."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.questions import Question, check_against_corpus, load_questions, split_of
from rag.documents import load_corpus
from rag.errors import UsageError

ARTICLES = Path("seeds")
QUESTIONS = Path("eval/questions")


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
    if (path / "qa.jsonl").is_file() and (path / "docs").is_dir():
        return outside_suite(path)
    if all((path / name).is_file() for name in ("docs.jsonl", "queries.jsonl", "qrels.tsv")):
        return beir_suite(path)
    raise UsageError(
        f"--suite {path} is no suite; expected docs/ and qa.jsonl, or docs.jsonl, queries.jsonl "
        f"and qrels.tsv"
    )


def own_suite() -> Suite:
    """The questions of eval/questions, checked against the five articles."""
    questions = load_questions(sorted(QUESTIONS.glob("*.jsonl")))
    texts = {document.id: document.text for document in load_corpus(ARTICLES).documents}
    check_against_corpus(questions, texts)
    return Suite("articles", ARTICLES, tuple(questions), split_of(questions))


def outside_suite(path: Path) -> Suite:
    """docs/*.txt and qa.jsonl (id, question, answers, answerable, docs, type).

    Gold documents are known, gold spans are not: a whole document counts as evidence. All
    questions are "test": nothing is tuned on them.
    """
    lengths = {document.id: len(document.text) for document in load_corpus(path / "docs").documents}
    rows = _read_lines(path / "qa.jsonl")
    questions = tuple(_outside_question(row, lengths) for row in rows)
    return Suite(path.name, path / "docs", questions, {q.id: "test" for q in questions})


def _outside_question(row: dict[str, object], lengths: dict[str, int]) -> Question:
    answers, docs = row["answers"], row["docs"]
    assert isinstance(answers, list)
    assert isinstance(docs, list)
    evidence = [
        {"doc": f"{doc}.txt", "start": 0, "end": lengths[f"{doc}.txt"]}
        for doc in docs
        if f"{doc}.txt" in lengths
    ]
    return Question.from_dict(
        {
            "id": row["id"],
            "kind": row.get("type") or "question",
            "question": row["question"],
            "answerable": row["answerable"],
            "facts": [answers] if answers else [],
            "evidence": evidence,
        }
    )


def beir_suite(path: Path) -> RetrievalSuite:
    """docs.jsonl (id, title, text), queries.jsonl (id, text), qrels.tsv (query, doc, score)."""
    documents = {
        str(row["id"]): f"{row.get('title', '')}\n\n{row['text']}".strip()
        for row in _read_lines(path / "docs.jsonl")
    }
    queries = {str(row["id"]): str(row["text"]) for row in _read_lines(path / "queries.jsonl")}
    qrels: dict[str, dict[str, int]] = {}
    with (path / "qrels.tsv").open(encoding="utf-8", newline="") as file:
        rows: Sequence[Sequence[str]] = list(csv.reader(file, delimiter="\t"))[1:]
    for query, document, score in rows:
        qrels.setdefault(query, {})[document] = int(score)
    return RetrievalSuite(path.name, documents, queries, qrels)


def _read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
