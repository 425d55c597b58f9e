"""Layers in eight bits, against the same in float32."""

import pytest
import torch

from rag.arithmetic import adds_bytes_exactly
from rag.int8 import Int8Linear, Rounded, VnniLinear, rounded_layers, to_int8

pytestmark = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines, reason="no int8 kernels here"
)


@pytest.fixture(
    params=[
        Int8Linear,
        pytest.param(
            VnniLinear,
            marks=pytest.mark.skipif(not adds_bytes_exactly(), reason="this CPU has no VNNI"),
        ),
    ]
)
def linear(request):
    return request.param


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("inputs", [3, 64, 896])
@pytest.mark.parametrize("tokens", [1, 17])
def test_a_layer_comes_near_itself_in_float32(linear, tokens, inputs, dtype) -> None:
    made = torch.Generator().manual_seed(tokens * inputs)
    weight, bias = torch.randn(40, inputs, generator=made), torch.randn(40, generator=made)
    x = torch.randn(1, tokens, inputs, generator=made).to(dtype)
    expected = torch.nn.functional.linear(x.float(), weight, bias)
    found = linear(Rounded.of(weight), bias.to(dtype))(x)
    assert found.dtype == dtype
    assert found.shape == expected.shape
    assert (found.float() - expected).norm() / expected.norm() < 0.025


def test_a_token_s_size_does_not_depend_on_the_others(linear) -> None:
    weight = torch.randn(8, 32, generator=torch.Generator().manual_seed(1))
    layer = linear(Rounded.of(weight), None)
    small = torch.full((1, 32), 1e-3)
    both = torch.cat([small, torch.full((1, 32), 1e3)])
    assert torch.equal(layer(both)[:1], layer(small))


@pytest.mark.parametrize("value", [1.0, -1.0, 0.49999, 1e30, 1e-7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_largest_input_never_wraps_around(linear, value, dtype) -> None:
    x = torch.tensor([[value, 0, 0, 0]], dtype=dtype)
    found = linear(Rounded.of(torch.eye(4)), None)(x)
    assert torch.allclose(found.float(), x.float(), rtol=0.02, atol=abs(value) / 100)


def test_every_size_that_bfloat16_tells_apart_keeps_its_sign(linear) -> None:
    sizes = torch.linspace(1, 2, 300, dtype=torch.bfloat16)[:, None]
    x = sizes * torch.tensor([[1.0, -1.0]], dtype=torch.bfloat16)
    assert torch.allclose(linear(Rounded.of(torch.eye(2)), None)(x), x, rtol=0.02)


def test_nothing_comes_of_a_row_of_zeros(linear) -> None:
    layer = linear(Rounded.of(torch.eye(4)), torch.ones(4))
    assert torch.equal(layer(torch.zeros(2, 4)), torch.ones(2, 4))


def test_layers_rounded_before_are_those_rounded_now(linear) -> None:
    def model():
        torch.manual_seed(3)
        return torch.nn.Sequential(torch.nn.Linear(300, 520), torch.nn.Linear(520, 4, bias=False))

    now, before = model(), model()
    stored = rounded_layers(before)
    to_int8(now, linear)
    with torch.no_grad():
        before[0].weight.zero_()  # is not read again
    to_int8(before, linear, stored)
    x = torch.randn(5, 300)
    assert torch.equal(now(x), before(x))
