"""The judge: how its numbers are combined, its file, and whose weights it takes."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rag import judge, packaged
from rag.errors import ModelError
from rag.generator import TransformersGenerator
from rag.judge import Adapter, AdapterJudge, load_judge, save_adapter
from rag.types import Evidence


def evidence(text, start, score):
    return Evidence("d", start, start + len(text), text, "title", "", 0.5, 0.5, score)


@pytest.fixture
def generator(tiny_qwen):
    model = AutoModelForCausalLM.from_pretrained(tiny_qwen, dtype=torch.float32).eval()
    return TransformersGenerator(model, AutoTokenizer.from_pretrained(tiny_qwen), "tiny", "f")


def adapter(head=0.0, score_weight=2.0, bias=-1.0):
    return Adapter("tiny", "f", 1, {}, torch.full((16,), head), score_weight, bias)


SENTENCES = [evidence("It sat.", 30, 0.5), evidence("A cat.", 20, 1.0), evidence("A dog.", 500, 0)]


def test_log_odds_by_hand(generator) -> None:
    made = AdapterJudge(generator, adapter())
    assert made.log_odds("Where is the cat?", SENTENCES) == [0.0, 1.0, -1.0]
    assert made.log_odds("Where is the cat?", []) == []


def test_each_sentence_gets_its_own_log_odds_in_the_order_given(generator) -> None:
    made = AdapterJudge(generator, adapter(head=1.0))
    found = made.log_odds("Where?", SENTENCES)
    assert made.log_odds("Where?", SENTENCES[::-1]) == pytest.approx(found[::-1], abs=1e-5)
    assert made.log_odds("Where?", SENTENCES[2:]) == pytest.approx(found[2:], abs=1e-5)
    assert made.log_odds("Who?", SENTENCES) != pytest.approx(found, abs=1e-5)


def test_an_adapter_survives_its_file(tmp_path) -> None:
    made = adapter(head=0.25)
    save_adapter(made, tmp_path / "judge")
    loaded = Adapter.load(tmp_path / "judge")
    assert torch.equal(loaded.head, made.head)
    assert (loaded.model, loaded.fingerprint, loaded.layers) == ("tiny", "f", 1)
    assert (loaded.score_weight, loaded.bias) == (2.0, -1.0)


@pytest.mark.parametrize("content", [None, b"", b"not an adapter"])
def test_a_broken_adapter_is_an_error_of_ours(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "judge").write_bytes(content)
    with pytest.raises(ModelError, match="no adapter"):
        Adapter.load(tmp_path / "judge")


def test_the_shipped_adapter_fits_the_packaged_model() -> None:
    made = Adapter.load()
    assert made.head.shape == (896,)
    assert made.fingerprint == judge.GENERATOR.packaged.sha256
    assert {int(name.split(".")[0]) for name in made.corrections} == set(range(8, made.layers))


@pytest.mark.parametrize("found", [None, packaged.Weights("other", "x", "another")])
def test_without_the_adapters_model_there_is_no_judge(
    monkeypatch, caplog, generator, found
) -> None:
    monkeypatch.setattr(packaged, "find", lambda spec: found)
    assert load_judge(generator) is None
    assert "no judge" in caplog.text
