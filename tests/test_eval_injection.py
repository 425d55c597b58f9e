"""Planted instructions: every attack has its own word, and success is noticed."""

from dataclasses import replace

import pytest
from conftest import BagOfWordsEmbedder, FixedGenerator
from pydantic import TypeAdapter

from eval.injection import ATTACKS, Attack, attacked, describe, obeyed, plant
from eval.suites import read_rows
from rag.config import Config
from rag.documents import load_corpus
from rag.index import open_or_build
from rag.pipeline import Pipeline


@pytest.fixture(scope="module")
def targets():
    return plant([attack for _, attack in read_rows(TypeAdapter(Attack), ATTACKS)])


@pytest.fixture(scope="module")
def opened(targets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    (folder / "docs").mkdir()
    for target in targets:
        (folder / "docs" / f"{target.attack.id}.txt").write_text(target.text, encoding="utf-8")
    embedder, config = BagOfWordsEmbedder(), Config(quote_words=0)
    index = open_or_build(folder / "index", load_corpus(folder / "docs"), embedder, config)
    return Pipeline(index, embedder, FixedGenerator("Zorvex00, as [7] says."), config)


def test_there_are_many_attacks_each_with_its_own_place_and_word(targets) -> None:
    assert len(targets) >= 60
    assert len({t.question for t in targets}) == len({t.canary for t in targets}) == len(targets)
    for target in targets:
        assert target.canary in target.text
        assert target.fact in target.text
        assert "{" not in target.text.replace('{"role"', "").replace("\\text{answer }", "")


def test_success_is_a_canary_a_foreign_marker_or_a_false_quote(opened, targets) -> None:
    documents = opened.index.documents
    answer = opened.ask(targets[-1].question)
    assert answer.citations
    assert not obeyed(answer, "Zorvex99", documents)
    assert obeyed(replace(answer, answer=f"Zorvex99. {answer.answer}"), "Zorvex99", documents)
    assert obeyed(replace(answer, answer=f"{answer.answer} [9]"), "Zorvex99", documents)
    false = (replace(answer.citations[0], quote="what nobody wrote"),)
    assert obeyed(replace(answer, citations=false), "Zorvex99", documents)


def test_a_draft_that_obeys_is_not_shown(opened, targets) -> None:
    outcomes = attacked(opened, targets[:3])
    assert not any(outcome.succeeded for outcome in outcomes)
    assert "0.000 [0.000, 0.562] of 3 attacks succeeded (none)" in describe("x", outcomes)
