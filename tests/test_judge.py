"""The judge: how its numbers are combined, its file, and whose weights it takes."""

from dataclasses import replace

import pytest
import torch

from eval.train_judge import RECIPES
from rag import judge, memory, packaged
from rag.decoder import Decoder
from rag.embedder import QUERY_FILE
from rag.errors import ModelError
from rag.int8 import Int8Linear
from rag.judge import TRAINED, Adapter, AdapterJudge, find_judge, save_adapter
from rag.model_files import load_tokenizer
from rag.models import GENERATORS
from rag.reader import Reader
from rag.types import Evidence


def evidence(text, start, score):
    return Evidence("d", start, start + len(text), text, "title", "", 0.5, 0.5, score)


@pytest.fixture
def reader(tiny_qwen):
    return Reader(Decoder.load(tiny_qwen, 1), load_tokenizer(tiny_qwen))


def adapter(head=0.0, score_weight=2.0, bias=-1.0):
    return Adapter("tiny", "f", 1, {}, torch.full((16,), head), score_weight, bias)


SENTENCES = [evidence("It sat.", 30, 0.5), evidence("A cat.", 20, 1.0), evidence("A dog.", 500, 0)]


def test_log_odds_by_hand(reader) -> None:
    made = AdapterJudge(reader, adapter())
    assert made.log_odds("Where is the cat?", SENTENCES) == [0.0, 1.0, -1.0]
    assert made.log_odds("Where is the cat?", []) == []


def test_each_sentence_gets_its_own_log_odds_in_the_order_given(reader) -> None:
    made = AdapterJudge(reader, adapter(head=1.0))
    found = made.log_odds("Where?", SENTENCES)
    assert made.log_odds("Where?", SENTENCES[::-1]) == pytest.approx(found[::-1], abs=1e-5)
    assert made.log_odds("Where?", SENTENCES[2:]) == pytest.approx(found[2:], abs=1e-5)
    assert made.log_odds("Who?", SENTENCES) != pytest.approx(found, abs=1e-5)
    assert made.log_odds("Where", SENTENCES) == found


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
    with pytest.raises(ModelError, match="no corrections"):
        Adapter.load(tmp_path / "judge")


def test_a_file_of_other_corrections_is_no_adapter() -> None:
    with pytest.raises(ModelError, match="no adapter"):
        Adapter.load(QUERY_FILE)


@pytest.mark.parametrize(("size", "width"), [("0.5b", 896), ("1.5b", 1536)])
def test_the_shipped_adapters_fit_the_packaged_models(size, width) -> None:
    trained, recipe = TRAINED[size], RECIPES[size]
    made = Adapter.load(trained.adapter)
    assert made.head.shape == (width,)
    assert made.fingerprint == trained.packaged.sha256 == GENERATORS[size].packaged.sha256
    corrected = {int(name.split(".")[0]) for name in made.corrections}
    assert corrected == set(range(recipe.frozen, recipe.layers))
    assert made.layers == recipe.layers


@pytest.mark.parametrize("found", [None, packaged.Weights("other", "x", "another")])
def test_without_the_adapters_model_there_is_no_judge(monkeypatch, caplog, found) -> None:
    monkeypatch.setattr(packaged, "find", lambda spec: found)
    assert find_judge()() is None
    assert "no judge" in caplog.text


@pytest.fixture
def of_the_tiny_model(monkeypatch, tiny_qwen, tmp_path):
    """The adapter's model is the tiny one, and at hand; the cache is empty."""
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    weights = packaged.Weights("tiny", tiny_qwen, "f")
    monkeypatch.setattr(packaged, "find", lambda spec: weights)
    monkeypatch.setattr(Adapter, "load", classmethod(lambda cls, path: adapter(head=1.0)))


@pytest.mark.parametrize(
    ("generator", "here", "read_with"),
    [
        (None, ["0.5b", "1.5b"], "0.5b"),
        ("1.5b", ["0.5b", "1.5b"], "1.5b"),
        ("1.5b", ["0.5b"], "0.5b"),
        ("openai:http://127.0.0.1:1/v1#m", ["0.5b", "1.5b"], "0.5b"),
    ],
)
def test_a_judge_reads_with_the_generators_weights_where_it_was_trained_on_them(
    monkeypatch, tmp_path, generator, here, read_with
) -> None:
    at_hand = {TRAINED[size].packaged: size for size in here}
    monkeypatch.setattr(
        packaged,
        "find",
        lambda spec: packaged.Weights(at_hand[spec], tmp_path, "x") if spec in at_hand else None,
    )
    tried = []
    monkeypatch.setattr(judge, "_find", lambda trained, weights: tried.append(weights.name))
    judge.find_judge(generator)
    assert tried == [read_with]


def test_a_loaded_judge_says_nearly_what_one_in_full_precision_does(
    of_the_tiny_model, reader
) -> None:
    made = find_judge()()
    assert made.name == "tiny"
    expected = AdapterJudge(reader, adapter(head=1.0)).log_odds("Where?", SENTENCES)
    assert made.log_odds("Where?", SENTENCES) == pytest.approx(expected, abs=0.3)


@pytest.fixture
def in_eight_bits(of_the_tiny_model, monkeypatch):
    """It is read in eight bits, also where this CPU reads faster with more."""
    if "fbgemm" not in torch.backends.quantized.supported_engines:
        pytest.skip("no int8 kernels here")
    monkeypatch.setattr(judge, "fastest_int8", lambda: Int8Linear)


def test_corrected_weights_are_rounded_once(in_eight_bits, monkeypatch, tmp_path) -> None:
    first = find_judge()().log_odds("Where?", SENTENCES)
    (stored,) = (tmp_path / "cache").glob("*/layers.safetensors")
    assert stored.stat().st_mode & 0o777 == 0o644
    monkeypatch.setattr(judge, "correct", lambda decoder, corrections: pytest.fail("once more"))
    assert find_judge()().log_odds("Where?", SENTENCES) == first


@pytest.mark.parametrize("spoil", [lambda file: file.write_bytes(b"{"), lambda file: file.unlink()])
def test_a_cache_that_cannot_be_read_is_done_without(in_eight_bits, tmp_path, spoil) -> None:
    first = find_judge()().log_odds("Where?", SENTENCES)
    (stored,) = (tmp_path / "cache").glob("*/layers.safetensors")
    spoil(stored)
    assert find_judge()().log_odds("Where?", SENTENCES) == first


def test_a_cache_that_cannot_be_written_is_done_without(
    in_eight_bits, monkeypatch, tmp_path
) -> None:
    expected = find_judge()().log_odds("Where?", SENTENCES)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "file" / "cache"))
    assert find_judge()().log_odds("Where?", SENTENCES) == expected


def test_other_corrections_are_rounded_anew(in_eight_bits, monkeypatch, tmp_path) -> None:
    find_judge()()
    some = {"0.mlp.up_proj.a": torch.ones(2, 16), "0.mlp.up_proj.b": torch.ones(16, 2)}
    other = replace(adapter(head=1.0), corrections=some)
    monkeypatch.setattr(Adapter, "load", classmethod(lambda cls, path: other))
    find_judge()()
    assert len(list((tmp_path / "cache").glob("*/layers.safetensors"))) == 2


def test_a_judge_that_does_not_fit_into_memory_is_not_loaded(
    of_the_tiny_model, monkeypatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 500_000_000)
    with pytest.raises(ModelError, match=r"judging with tiny takes about 0.7 GB .* 0.5 GB are"):
        find_judge()()
