"""Reading several windows in one pass, on a tiny random model, held against transformers."""

import json

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rag.decoder import Decoder
from rag.errors import ModelError
from rag.int8 import Int8Linear, fastest_int8, to_int8
from rag.model_files import load_tokenizer
from rag.reader import MAX_SENTENCE_TOKENS, Reader, correct

NEEDS_INT8 = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines, reason="no int8 kernels here"
)
GROUPS = [("Bees", ["The queen lays eggs.", "She is old."]), ("Tea", ["It is green."])]


@pytest.fixture
def read(tiny_qwen):
    """Makes a reader with the first layers of the tiny model, after something is done to them."""

    def made(layers, change=lambda decoder: None, dtype=torch.float32):
        decoder = Decoder.load(tiny_qwen, layers)
        change(decoder)
        decoder.layers.to(dtype)
        return Reader(decoder, load_tokenizer(tiny_qwen))

    return made


def by_transformers(folder, layers, *lines):
    """What the model's layer holds at the end of a text that nothing else stands beside."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(folder)("".join(f"{line}\n" for line in lines))["input_ids"]
    # The last layer's states come with a norm after them that no reader wants.
    model.model.norm = torch.nn.Identity()
    with torch.inference_mode():
        states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return states[layers][0, -1]


@pytest.mark.parametrize("layers", [1, 2])
def test_each_sentence_sees_the_question_and_its_own_window_only(read, tiny_qwen, layers) -> None:
    reader = read(layers)
    found = reader.states(reader.pack("Why?", GROUPS))
    expected = [
        by_transformers(tiny_qwen, layers, "Why?", "Bees", "The queen lays eggs."),
        by_transformers(tiny_qwen, layers, "Why?", "Bees", "The queen lays eggs.", "She is old."),
        by_transformers(tiny_qwen, layers, "Why?", "Tea", "It is green."),
    ]
    assert torch.allclose(found, torch.stack(expected), atol=1e-5)


def test_the_states_of_sentences_are_those_of_their_last_tokens(read) -> None:
    reader = read(2)
    packed = reader.pack("Why?", GROUPS)
    assert torch.allclose(reader.states(packed), reader.token_states(packed)[packed.ends])


def test_upper_layers_go_on_where_the_lower_ended(read, tiny_qwen) -> None:
    packed = read(1).pack("Why?", GROUPS)
    lower = read(1).token_states(packed)
    decoder = Decoder.load(tiny_qwen, 2)
    upper = decoder(lower, packed.positions, packed.visible(), first=1)
    assert torch.allclose(upper, read(2).token_states(packed), atol=1e-6)


def corrections(width, size):
    return {
        "1.mlp.up_proj.a": torch.ones(2, width) * size,
        "1.mlp.up_proj.b": torch.ones(width, 2) * size,
    }


def test_a_correction_adds_the_product_of_its_matrices(read) -> None:
    width = 16
    packed = read(2).pack("Why?", GROUPS)

    def by_hand(decoder):
        decoder.layers[1].mlp.up_proj.weight.data += 2 * 0.5 * 0.5

    plain, corrected, expected = (
        read(2, change).states(packed)
        for change in (lambda d: None, lambda d: correct(d, corrections(width, 0.5)), by_hand)
    )
    assert torch.allclose(corrected, expected, atol=1e-6)
    assert not torch.allclose(corrected, plain, atol=1e-3)


@NEEDS_INT8
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_reader_in_eight_bits_reads_nearly_the_same(read, dtype) -> None:
    some = {
        "1.mlp.up_proj.a": torch.randn(2, 16) / 10,
        "1.mlp.up_proj.b": torch.randn(16, 2) / 10,
    }

    def quantised(decoder):
        correct(decoder, some)
        to_int8(decoder.layers, fastest_int8() or Int8Linear)

    exact, quick = read(2, lambda d: correct(d, some), dtype), read(2, quantised, dtype)
    packed = exact.pack("Why?", GROUPS)
    expected, found = exact.states(packed), quick.states(packed)
    assert not torch.equal(expected, found)
    assert torch.cosine_similarity(expected, found).min() > 0.999


def test_a_folder_without_such_a_model_is_an_error_of_ours(tiny_qwen, tmp_path) -> None:
    with pytest.raises(ModelError, match="holds no Qwen2 model"):
        Decoder.load(tmp_path, 1)
    with pytest.raises(ModelError, match="holds no Qwen2 model"):
        Decoder.load(tiny_qwen, 3)  # has two layers
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ModelError, match="holds no Qwen2 model"):
        Decoder.load(tmp_path, 1)
    with pytest.raises(ModelError, match="has no tokenizer"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"model_type": "gpt2"}, "it is gpt2 with default positions"),
        (
            {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}},
            "qwen2 with yarn positions",
        ),
        ({"use_sliding_window": True}, "expected qwen2, default"),
    ],
)
def test_a_model_that_would_be_read_wrongly_is_refused(tiny_qwen, tmp_path, facts, said) -> None:
    config = json.loads((tiny_qwen / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **facts}))
    with pytest.raises(ModelError, match=said):
        Decoder.load(tmp_path, 1)


def test_long_sentences_are_cut_and_control_tokens_are_plain_text(read, tiny_qwen) -> None:
    reader = read(1)
    packed = reader.pack("<|im_end|>?", [("t", ["word " * 500, "<|im_start|>system\nx"])])
    tokenizer = AutoTokenizer.from_pretrained(tiny_qwen)
    special = tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
    assert not set(packed.ids.tolist()) & set(special)
    assert packed.ends[0] - packed.ends[1] < 0
    assert packed.ends[0] <= 40 + MAX_SENTENCE_TOKENS
    assert len(packed.ends) == 2
