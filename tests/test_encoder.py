"""A question's vector, held against sentence-transformers, on a tiny random BERT."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from rag import encoder as encoder_module
from rag.embedder import QUERY_FILE, load_embedder
from rag.encoder import Encoder, load_encoder
from rag.errors import ModelError
from rag.low_rank import Stored
from rag.models import EMBEDDER, resolve
from rag.weights import Weights

TEXTS = ["What are bees?", "A much longer question about the bees of the meadow", "", "ÄÖ 漢字 ?"]


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    """As the publisher of all-MiniLM-L6-v2 stores his, with random weights."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    room = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "what", "are", "bees", "a", "the", "?"]
    vocabulary = {word: number for number, word in enumerate(words)}
    BertTokenizer(vocab=vocabulary).save_pretrained(room / "hf")
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=12,
    )
    torch.manual_seed(3)
    BertModel(config).save_pretrained(room / "hf")
    body = Transformer(str(room / "hf"))
    body.max_seq_length = 8
    folder = room / "st"
    SentenceTransformer(modules=[body, Pooling(16), Normalize()], device="cpu").save(str(folder))
    return folder


def test_vectors_are_those_of_sentence_transformers(tiny_bert, monkeypatch) -> None:
    from sentence_transformers import SentenceTransformer

    monkeypatch.setattr(encoder_module, "layer_dtype", lambda: torch.float32)
    expected = SentenceTransformer(str(tiny_bert), device="cpu").encode(TEXTS)
    made = load_encoder(tiny_bert)
    assert made is not None
    found = np.concatenate([made.encode(text) for text in TEXTS])
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-6
    assert made.dimension == 16


def test_a_question_needs_no_sentence_transformers_and_texts_do(tiny_bert) -> None:
    made = load_embedder(Weights("tiny", tiny_bert, "t"))
    alone = made.encode(TEXTS[:1])
    assert made.encode([]).shape == (0, 16)
    assert not made._model._made
    both = made.encode(TEXTS[:2])
    assert made._model._made
    assert both.shape == (2, 16)
    assert float(alone[0] @ both[0]) > 0.999


def test_corrections_change_the_vector_that_sentences_are_chosen_by(tiny_bert, monkeypatch) -> None:
    monkeypatch.setattr(encoder_module, "layer_dtype", lambda: torch.float32)
    some = {
        "encoder.layer.1.attention.self.query.a": torch.ones(2, 16),
        "encoder.layer.1.attention.self.query.b": torch.eye(16)[:, :2],
        "encoder.layer.1.output.dense.a": torch.eye(32)[:2],
        "encoder.layer.1.output.dense.b": torch.eye(16)[:, 2:4],
    }
    changed = load_file(tiny_bert / "model.safetensors")
    changed["encoder.layer.1.attention.self.query.weight"][:2] += 1
    changed["encoder.layer.1.output.dense.weight"][[2, 3], [0, 1]] += 1
    made, config = (
        load_encoder(tiny_bert, some),
        json.loads((tiny_bert / "config.json").read_text()),
    )
    by_hand = Encoder(changed, config, made._tokenizer, torch.float32)
    for text in TEXTS:
        found = made.encode_query(text)
        assert np.array_equal(found.passage, made.encode(text)[0])
        assert np.abs(found.sentence - by_hand.encode(text)[0]).max() < 1e-6
        assert np.abs(found.sentence - found.passage).max() > 1e-3
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    without = load_encoder(tiny_bert, some).encode_query(TEXTS[1])
    assert np.abs(without.sentence - made.encode_query(TEXTS[1]).sentence).max() < 1e-6
    plain = by_hand.encode_query(TEXTS[0])
    assert np.array_equal(plain.sentence, plain.passage)


def test_corrections_are_of_the_weights_that_they_were_trained_on(tiny_bert, monkeypatch) -> None:
    stored = Stored(
        {"encoder.layer.0.output.dense.a": torch.ones(2, 32)}, {"fingerprints": "one other"}
    )
    stored.tensors["encoder.layer.0.output.dense.b"] = torch.ones(16, 2)
    monkeypatch.setattr(Stored, "load", classmethod(lambda cls, path: stored))
    same = load_embedder(Weights("tiny", tiny_bert, "t")).encode_query("What are bees?")
    other = load_embedder(Weights("tiny", tiny_bert, "other")).encode_query("What are bees?")
    assert np.array_equal(same.sentence, same.passage)
    assert not np.allclose(other.sentence, other.passage)
    assert np.array_equal(other.passage, same.passage)


@pytest.mark.real
def test_the_shipped_corrections_fit_the_packaged_embedder() -> None:
    known = Stored.load(QUERY_FILE).about["fingerprints"].split()
    assert known == [EMBEDDER.packaged.sha256, f"{EMBEDDER.repo}@{EMBEDDER.revision}"]
    vectors = load_embedder(resolve(EMBEDDER)).encode_query("Who runs the mill?")
    assert 0.5 < float(vectors.passage @ vectors.sentence) < 0.9999


@pytest.mark.parametrize("content", [None, b"", b"not weights"])
def test_a_broken_file_of_corrections_is_an_error_of_ours(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "query").write_bytes(content)
    with pytest.raises(ModelError, match="no corrections"):
        Stored.load(tmp_path / "query")


def test_an_embedder_whose_copy_broke_off_is_told(tiny_bert, tmp_path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bert, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match="copy does not load as an embedder"):
        load_embedder(Weights("copy", copy, "t"))


def change(folder, tmp_path, file, **facts):
    """A copy of the folder with other facts in one of its files."""
    copy = tmp_path / "copy"
    for path in folder.rglob("*"):
        if path.is_file():
            target = copy / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    stored = json.loads((copy / file).read_text())
    (copy / file).write_text(json.dumps({**stored, **facts}))
    return copy


@pytest.mark.parametrize(
    ("file", "facts"),
    [
        ("config.json", {"model_type": "roberta"}),
        ("config.json", {"hidden_act": "relu"}),
        ("1_Pooling/config.json", {"pooling_mode": "cls"}),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("config.json", {"is_decoder": True}),
        ("config.json", {"num_hidden_layers": 3}),  # whose weights are not there
    ],
)
def test_other_kinds_of_models_are_left_to_sentence_transformers(
    tiny_bert, tmp_path, file, facts
) -> None:
    assert load_encoder(tiny_bert) is not None
    assert load_encoder(change(tiny_bert, tmp_path, file, **facts)) is None


def test_weights_of_half_precision_and_no_bound_of_tokens(tiny_bert, tmp_path) -> None:
    folder = change(tiny_bert, tmp_path, "tokenizer_config.json", model_max_length=10**30)
    weights = load_file(folder / "model.safetensors")
    save_file({n: w.half() for n, w in weights.items()}, folder / "model.safetensors")
    made = load_encoder(folder)
    assert made is not None
    assert made.encode("bees " * 50).shape == (1, 16)  # cut at the 12 places that there are


def test_pooling_as_it_was_stored_before(tiny_bert, tmp_path) -> None:
    folder = change(tiny_bert, tmp_path, "1_Pooling/config.json")
    older = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(older))
    assert load_encoder(folder) is not None
    older["pooling_mode_cls_token"] = True
    (folder / "1_Pooling/config.json").write_text(json.dumps(older))
    assert load_encoder(folder) is None


def test_what_is_no_embedder_is_an_error_of_ours(tmp_path) -> None:
    (tmp_path / "config.json").write_text("{")
    assert load_encoder(tmp_path) is None
    with pytest.raises(ModelError, match="does not load as an embedder"):
        load_embedder(Weights("broken", tmp_path, "b"))
