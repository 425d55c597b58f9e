"""Layers in eight bits, against the same in float32."""

import pytest
import torch

from rag.arithmetic import judges_in_bytes
from rag.int8 import TokenLinear

pytestmark = pytest.mark.skipif(not judges_in_bytes(), reason="this CPU has no exact sums of bytes")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("inputs", [3, 64, 896])
@pytest.mark.parametrize("tokens", [1, 17])
def test_a_layer_comes_near_itself_in_float32(tokens, inputs, dtype) -> None:
    made = torch.Generator().manual_seed(tokens * inputs)
    weight, bias = torch.randn(40, inputs, generator=made), torch.randn(40, generator=made)
    x = torch.randn(1, tokens, inputs, generator=made).to(dtype)
    expected = torch.nn.functional.linear(x.float(), weight, bias)
    found = TokenLinear(weight, bias.to(dtype))(x)
    assert found.dtype == dtype
    assert found.shape == expected.shape
    assert (found.float() - expected).norm() / expected.norm() < 0.02


def test_a_token_s_size_does_not_depend_on_the_others() -> None:
    layer = TokenLinear(torch.randn(8, 32, generator=torch.Generator().manual_seed(1)), None)
    small = torch.full((1, 32), 1e-3)
    both = torch.cat([small, torch.full((1, 32), 1e3)])
    assert torch.equal(layer(both)[:1], layer(small))


@pytest.mark.parametrize("value", [1.0, -1.0, 0.49999, 1e30, 1e-30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_largest_input_never_wraps_around(value, dtype) -> None:
    weight = torch.eye(4)
    x = torch.tensor([[value, 0, 0, 0]], dtype=dtype)
    found = TokenLinear(weight, None)(x)
    assert torch.allclose(found.float(), x.float(), rtol=0.02, atol=1e-8)


def test_every_size_keeps_its_sign_in_bfloat16() -> None:
    sizes = torch.linspace(1, 2, 300)[:, None].to(
        torch.bfloat16
    )  # all its steps between two powers
    x = sizes * torch.tensor([[1.0, -1.0]], dtype=torch.bfloat16)
    found = TokenLinear(torch.eye(2), None)(x)
    assert torch.allclose(found, x, rtol=0.02)


def test_nothing_comes_of_a_row_of_zeros() -> None:
    layer = TokenLinear(torch.eye(4), torch.ones(4))
    assert torch.equal(layer(torch.zeros(2, 4)), torch.ones(2, 4))
