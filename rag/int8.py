"""Linear layers in eight bits, weights and inputs.

Weights are rounded once, each output with a step of its own. Inputs are rounded as they come, each
token with a step of its own (vector-wise quantisation, https://arxiv.org/abs/2208.07339): some
tokens hold numbers a hundred times as large as others do. With one step for all, a judge's log odds
correlate with those in bfloat16 at .90, with a step for each at .997 (eval/LOG.md).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rag.arithmetic import adds_bytes_exactly, prefers_int8

ROUNDING = 1  # counts the ways of rounding weights; what was stored by another is no longer read
_HIGHEST = 127  # of a weight's steps
_SMALLEST = 1e-8  # what is all zeros is divided by this
_ROWS = 256  # rounded at a time: they stay in the cache, and take half the time of all at once


@dataclass(frozen=True, slots=True)
class Rounded:
    """A matrix of weights, (outputs, inputs)."""

    steps: Tensor  # (outputs, inputs) int8
    scales: Tensor  # (outputs,) float32, how large one step of each row is

    @classmethod
    def of(cls, weight: Tensor) -> Rounded:
        """A copy of (outputs, inputs), in any arithmetic. Five times faster than
        torch.quantize_per_channel, which runs on one core."""
        blocks = [_rounded(rows) for rows in torch.split(weight.detach(), _ROWS)]
        return cls(torch.cat([steps for steps, _ in blocks]), torch.cat([s for _, s in blocks]))


class Int8Linear(nn.Module):
    """x → x · weightᵀ + bias; what comes out is of the arithmetic that went in.

    By FBGEMM (https://arxiv.org/abs/2101.05615), on any CPU with AVX2. Inputs have seven bits:
    without VNNI, the sum of two products has but sixteen.
    """

    def __init__(self, weight: Rounded, bias: Tensor | None) -> None:
        super().__init__()
        self._pack(weight.steps, weight.scales)
        self._bias = None if bias is None else bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) → (…, outputs)."""
        rows = x.reshape(-1, x.shape[-1])
        made = self._products(rows, rows.abs().amax(dim=1, keepdim=True).clamp_(min=_SMALLEST))
        if self._bias is not None:
            made.add_(self._bias)
        return made.to(x.dtype).reshape(*x.shape[:-1], -1)

    def _pack(self, steps: Tensor, scales: Tensor) -> None:
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        with warnings.catch_warnings():
            # torch means to move these to a package of its own; the version is pinned.
            warnings.simplefilter("ignore")
            rounded = torch._make_per_channel_quantized_tensor(steps, scales.double(), zeros, 0)
        self._packed = torch.ops.quantized.linear_prepack(rounded, None)

    def _products(self, rows: Tensor, size: Tensor) -> Tensor:
        """Of rows and weights; ``size``, (rows, 1), is each row's largest number, without sign."""
        size = size.float()
        made: Tensor = torch.ops.quantized.linear_dynamic(
            rows / size, self._packed, reduce_range=True
        )
        return made.mul_(size)


class VnniLinear(Int8Linear):
    """The same by oneDNN, where the CPU adds products of bytes exactly: 1.3 times as fast, with all
    eight bits of the inputs."""

    _ZERO = 128  # an input's steps are stored as bytes, 128 more than they are
    # Of an input's steps. The next would do, but that step and size, being rounded themselves,
    # might push the largest input past the last byte, where it would come out as the smallest.
    _HIGHEST_INPUT = 126

    def _pack(self, steps: Tensor, scales: Tensor) -> None:
        self._packed = torch.ops.onednn.qlinear_prepack(steps, None)
        self._scales = scales
        self._zeros = torch.zeros(len(steps), dtype=torch.int64)

    def _products(self, rows: Tensor, size: Tensor) -> Tensor:
        steps = (rows * (self._HIGHEST_INPUT / size)).round_().to(torch.int8)
        steps = steps.view(torch.uint8).add_(self._ZERO)  # a ninth of the time of .to(torch.uint8)
        made: Tensor = torch.ops.onednn.qlinear_pointwise(
            steps,
            x_scale=1.0,
            x_zero_point=self._ZERO,
            qw=self._packed,
            w_scale=self._scales,
            w_zero_point=self._zeros,
            bias=None,  # is added after the rows have got their sizes back
            output_scale=1.0,
            output_zero_point=0,
            output_dtype=rows.dtype,
            post_op_name="none",
            post_op_args=[],
            post_op_algorithm="",
        )
        return made.mul_(size / self._HIGHEST_INPUT)


def fastest_int8() -> type[Int8Linear] | None:
    """What this CPU reads fastest with where nearly nothing may be lost by it; None where it reads
    faster with more bits, or has no kernels."""
    if not prefers_int8():
        return None
    return VnniLinear if adds_bytes_exactly() else Int8Linear


def rounded_layers(model: nn.Module) -> dict[str, Tensor]:
    """Of all linear layers, as ``to_int8`` takes them from a file: "NAME.steps", (outputs, inputs)
    int8, and "NAME.scales", (outputs,) float32."""
    return {
        f"{name}.{part}": tensor
        for name, weight in ((n, Rounded.of(layer.weight)) for n, layer in _linear_layers(model))
        for part, tensor in (("steps", weight.steps), ("scales", weight.scales))
    }


def to_int8(
    model: nn.Module,
    linear: type[Int8Linear] = Int8Linear,
    rounded: Mapping[str, Tensor] | None = None,
) -> None:
    """Replace the linear layers in place, by those that were ``rounded`` before, where given."""
    for name, layer in _linear_layers(model):
        weight = (
            Rounded.of(layer.weight)
            if rounded is None
            else Rounded(rounded[f"{name}.steps"], rounded[f"{name}.scales"])
        )
        model.set_submodule(name, linear(weight, layer.bias))


def _linear_layers(model: nn.Module) -> list[tuple[str, nn.Linear]]:
    return [(name, part) for name, part in model.named_modules() if isinstance(part, nn.Linear)]


def _rounded(rows: Tensor) -> tuple[Tensor, Tensor]:
    scales = rows.abs().amax(dim=1).float().clamp_(min=_SMALLEST) / _HIGHEST
    return (rows / scales[:, None]).round_().to(torch.int8), scales
