"""Questions of some documents only."""

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from conftest import BagOfWordsEmbedder
from test_pipeline import PreferringJudge, pipeline

from rag.ask import format_answer
from rag.config import Config
from rag.errors import UsageError
from rag.filters import Filter
from rag.page import Turn, conversation
from rag.pipeline import Pipeline
from rag.retriever import Retriever

QUESTION = "How many employees has Kivi Oy in Oulu?"


@pytest.fixture
def made(tmp_path: Path) -> Pipeline:
    corpus = tmp_path / "corpus"
    (corpus / "reports" / "old").mkdir(parents=True)
    for name, head, count in (
        ("reports/new.txt", "2025-03-01\n\n", 520),
        ("reports/old/first.txt", "2023-03-01\n\n", 340),
        ("note.txt", "", 410),
    ):
        text = f"{head}Kivi Oy has {count} employees in Oulu.\n"
        (corpus / name).write_text(text, encoding="utf-8")
    return pipeline(corpus, config=Config(), judge=PreferringJudge("employees"))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), {"reports/new.txt", "reports/old/first.txt", "note.txt"}),
        (Filter(since="2023-03-01"), {"reports/new.txt", "reports/old/first.txt"}),
        (Filter(since="2023-03-02"), {"reports/new.txt"}),
        (Filter(until="2023-03-01"), {"reports/old/first.txt"}),
        (Filter(source="reports/*"), {"reports/new.txt", "reports/old/first.txt"}),
        (Filter(source="*.txt", until="2024-01-01"), {"reports/old/first.txt"}),
        (Filter(source="nothing"), set()),
        (Filter(source="reports"), {"reports/new.txt", "reports/old/first.txt"}),
        (Filter(source="./reports/old/"), {"reports/old/first.txt"}),
        (Filter(source="rep"), set()),
        (Filter(source="."), {"reports/new.txt", "reports/old/first.txt", "note.txt"}),
        (Filter(source="./"), {"reports/new.txt", "reports/old/first.txt", "note.txt"}),
    ],
)
def test_only_what_is_wanted_is_found(made: Pipeline, wanted: Filter, expected: set[str]) -> None:
    hits, evidence = Retriever(made.index.only(wanted), BagOfWordsEmbedder()).find(QUESTION, 8)
    assert {hit.chunk.doc for hit in hits} == {e.doc for e in evidence} == expected
    assert {c.doc for c in made.only(wanted).ask(QUESTION).citations} <= expected


@pytest.mark.parametrize(
    ("source", "path", "taken"),
    [
        ("reports [2025]", "reports [2025]/new.txt", True),
        ("./reports [2025]/", "reports [2025]/new.txt", True),
        ("reports [2025]", "reports [2025] of Bo/new.txt", False),
        ("reports [2025]", "reports 5/new.txt", True),
        ("reports 202[!5]", "reports 2024/new.txt", True),
        ("reports 202[!5]", "reports 2025/new.txt", False),
        ("note [1].txt", "note [1].txt", True),
        ("note [[]1].txt", "note [1].txt", True),
        ("note [1.txt", "note [1.txt", True),
        ("/", "note.txt", False),
        ("reports/**/a.txt", "reports/a.txt", True),
        ("reports/**/a.txt", "reports/x/y/a.txt", True),
        ("reports/**/a.txt", "reports/x/ba.txt", False),
        ("reports/**/a.txt", "reports/ba.txt", False),
        ("reports/**/a.txt", "reports2/a.txt", False),
        ("**/a.txt", "a.txt", True),
        ("**/**/x/**/a.txt", "x/a.txt", True),
        ("**/x/**/a.txt", "y/x/a.txt", True),
        ("**/x", "x/a.txt", True),
        ("tables/a.csv#3", "tables/a.csv", True),
        ("a.JSONL#12", "a.JSONL", True),
        ("a.csv#3", "a.csv.txt", False),
        ("issue #3", "issue #3/note.txt", True),
        ("issue #3", "issue /note.txt", False),
        ("a.parquet#3", "a.parquet#3", True),
    ],
)
def test_brackets_are_a_set_of_characters_or_part_of_a_name(source, path, taken) -> None:
    wanted = Filter(source=source)
    assert wanted.takes(path) == taken
    assert not taken or any(fnmatchcase(path, glob) for glob in wanted.globs)


@pytest.mark.parametrize("source", ["café", "café/*.txt", "*é*"])
def test_a_letter_may_be_written_in_two_ways(source: str) -> None:
    for form, other in (("NFC", "NFD"), ("NFD", "NFC")):
        wanted = Filter(source=normalize(form, source))
        assert wanted.takes(normalize(other, "café/menu.txt"))
        assert not wanted.takes("cafe/menu.txt")


def test_folders_are_named_as_the_system_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Filter(source="reports\\old").takes("reports/old/first.txt")
    monkeypatch.setattr("os.sep", "\\")
    assert Filter(source=".\\reports\\old\\").takes("reports/old/first.txt")


def test_a_row_stands_for_its_file(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.csv").write_text("text\nKivi Oy has 520 employees.\nKivi Oy sells stones.\n")
    (corpus / "b.csv").write_text("text\nKivi Oy has 340 employees.\n")
    index = pipeline(corpus).index.only(Filter(source="a.csv#2"))
    hits, _ = Retriever(index, BagOfWordsEmbedder()).find(QUESTION, 8)
    assert {hit.chunk.doc for hit in hits} == {"a.csv#1", "a.csv#2"}


@pytest.mark.parametrize(
    "given", [{"since": date(2025, 1, 1)}, {"until": date(2025, 1, 1)}, {"source": None}]
)
def test_what_is_no_text_is_told(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"--{next(iter(given))} is .*; expected text"):
        Filter(**given)


def test_the_best_of_the_wanted_is_found_however_many_are_better(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(80):  # more than either ranking is deep
        (corpus / f"{number:02}.txt").write_text("How many employees has Kivi Oy in Oulu, then?")
    (corpus / "worst.txt").write_text("Some employees work there.")
    made = pipeline(corpus)
    assert "worst.txt" not in {
        hit.chunk.doc for hit in Retriever(made.index, BagOfWordsEmbedder()).find(QUESTION, 50)[0]
    }
    retriever = Retriever(made.index.only(Filter(source="w*")), BagOfWordsEmbedder())
    assert [hit.chunk.doc for hit in retriever.find(QUESTION, 50)[0]] == ["worst.txt"]


def test_both_searches_take_any_rows(made: Pipeline) -> None:
    vector = BagOfWordsEmbedder().encode([QUESTION])[0]
    size = len(made.index.chunks)
    for chosen in ([], [0], [1, 2], range(size)):
        allowed = np.isin(np.arange(size), list(chosen))
        assert {i for i, _ in made.index.dense.search(vector, 9, allowed)} == set(chosen)
        assert {i for i, _ in made.index.lexical.search(QUESTION, 9, allowed)} == set(chosen)


def test_nothing_wanted_is_a_refusal(made: Pipeline) -> None:
    answer = made.only(Filter(source="nothing")).ask(QUESTION)
    assert answer.refused
    assert answer.passages == ()


def test_what_is_searched_is_said(made: Pipeline) -> None:
    documents = list(made.index.documents.values())
    assert Filter(source="rep*").summary(documents) == "documents searched: 2"
    assert Filter(since="2025-01-01").summary(documents) == (
        "documents searched: 1; left out for want of a date: 1"
    )


@pytest.mark.parametrize("day", ["2025", "2025-02-30", "02/12/2025", "20250212", "soon"])
def test_a_day_that_is_none(day: str) -> None:
    with pytest.raises(UsageError, match="is no day"):
        Filter(since=day)
    with pytest.raises(UsageError, match="exchange them"):
        Filter(since="2025-02-02", until="2025-02-01")


def test_sides_of_a_disagreement_are_dated(made: Pipeline) -> None:
    answer = made.only(Filter(source="reports/*")).ask(QUESTION)
    assert answer.conflict == (1, 2)
    assert {c.date for c in answer.citations} == {"2025-03-01", "2023-03-01"}
    shown = "\n".join(format_answer(answer, 80))
    assert "The sources disagree: [1] (20" in shown
    assert "reports/new.txt · new.txt · 2025-03-01\n" in shown
    page = conversation([Turn(QUESTION, answer=answer)])
    assert "2025-03-01" in page
    assert "2023-03-01" in page
    assert "no date" not in page
    undated = made.only(Filter(source="*n[eo]*")).ask(QUESTION)
    assert {c.doc for c in undated.citations} == {"reports/new.txt", "note.txt"}
    assert "no date" in conversation([Turn(QUESTION, answer=undated)])
