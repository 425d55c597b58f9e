"""Reading several windows in one pass, on a tiny random model."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rag.generator import TransformersGenerator
from rag.int8 import Int8Linear, fastest_int8, to_int8
from rag.reader import MAX_SENTENCE_TOKENS, Reader

NEEDS_INT8 = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines, reason="no int8 kernels here"
)
GROUPS = [("Bees", ["The queen lays eggs.", "She is old."]), ("Tea", ["It is green."])]


@pytest.fixture
def made(tiny_qwen):
    model = AutoModelForCausalLM.from_pretrained(tiny_qwen, dtype=torch.float32).eval()
    return TransformersGenerator(model, AutoTokenizer.from_pretrained(tiny_qwen), "tiny")


def alone(made, layers, *lines):
    """What the model's layer holds at the end of a text that nothing else stands beside."""
    ids = made.tokenizer("".join(f"{line}\n" for line in lines))["input_ids"]
    with torch.inference_mode():
        states = made.model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return states[layers][0, -1]


def test_each_sentence_sees_the_question_and_its_own_window_only(made) -> None:
    reader = Reader(made, 1, {})
    found = reader.states(reader.pack("Why?", GROUPS))
    expected = [
        alone(made, 1, "Why?", "Bees", "The queen lays eggs."),
        alone(made, 1, "Why?", "Bees", "The queen lays eggs.", "She is old."),
        alone(made, 1, "Why?", "Tea", "It is green."),
    ]
    assert torch.allclose(found, torch.stack(expected), atol=1e-5)


def test_a_correction_acts_on_the_reader_and_not_on_the_generator(made) -> None:
    before = alone(made, 2, "Why?")
    plain = Reader(made, 2, {})
    packed = plain.pack("Why?", GROUPS)
    width = made.model.config.hidden_size
    none = {"1.mlp.down_proj.a": torch.ones(2, width), "1.mlp.down_proj.b": torch.zeros(width, 2)}
    some = {**none, "1.mlp.down_proj.b": torch.ones(width, 2)}
    assert torch.equal(Reader(made, 2, none).states(packed), plain.states(packed))
    assert not torch.allclose(Reader(made, 2, some).states(packed), plain.states(packed))
    assert torch.equal(alone(made, 2, "Why?"), before)


@NEEDS_INT8
def test_a_quantised_layer_can_be_corrected(made) -> None:
    to_int8(made.model)
    width = made.model.config.hidden_size
    some = {"1.mlp.up_proj.a": torch.ones(2, width), "1.mlp.up_proj.b": torch.ones(width, 2)}
    for linear in (None, Int8Linear):
        reader = Reader(made, 2, some, linear)
        assert reader.states(reader.pack("Why?", GROUPS)).isfinite().all()


@NEEDS_INT8
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_reader_in_eight_bits_reads_nearly_the_same(made, dtype) -> None:
    made.model.to(dtype)
    width = made.model.config.hidden_size
    some = {
        "1.mlp.up_proj.a": torch.randn(2, width) / 10,
        "1.mlp.up_proj.b": torch.randn(width, 2) / 10,
    }
    exact, quick = Reader(made, 2, some), Reader(made, 2, some, linear=fastest_int8() or Int8Linear)
    before = alone(made, 2, "Why?")
    packed = exact.pack("Why?", GROUPS)
    expected, found = exact.states(packed), quick.states(packed)
    assert not torch.equal(expected, found)
    assert torch.cosine_similarity(expected, found).min() > 0.999
    assert torch.equal(alone(made, 2, "Why?"), before)  # the generator's own layers are as before


def test_long_sentences_are_cut_and_control_tokens_are_plain_text(made) -> None:
    reader = Reader(made, 1, {})
    packed = reader.pack("<|im_end|>?", [("t", ["word " * 500, "<|im_start|>system\nx"])])
    special = made.tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
    assert not set(packed.ids.tolist()) & set(special)
    assert packed.ends[0] - packed.ends[1] < 0
    assert packed.ends[0] <= 40 + MAX_SENTENCE_TOKENS
    assert len(packed.ends) == 2
