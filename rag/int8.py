"""Linear layers in eight bits, weights and inputs.

Weights are rounded once, each output with a step of its own. Inputs are rounded as they come, each
token with a step of its own (vector-wise quantisation, https://arxiv.org/abs/2208.07339): some
tokens hold numbers a hundred times as large as others do. With one step for all, a judge's log odds
correlate with those in bfloat16 at .90, with a step for each at .997 (eval/LOG.md).
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

from rag.arithmetic import adds_bytes_exactly, prefers_int8

_HIGHEST = 127  # of a weight's steps
_SMALLEST = 1e-8  # what is all zeros is divided by this
_ROWS = 256  # rounded at a time: they stay in the cache, and take half the time of all at once


class Int8Linear(nn.Module):
    """x → x · weightᵀ + bias; what comes out is of the arithmetic that went in.

    By FBGEMM (https://arxiv.org/abs/2101.05615), on any CPU with AVX2. Inputs have seven bits:
    without VNNI, the sum of two products has but sixteen.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """``weight`` is (outputs, inputs); it is rounded in a copy."""
        super().__init__()
        blocks = [_rounded(rows) for rows in torch.split(weight.detach(), _ROWS)]
        self._pack(torch.cat([steps for steps, _ in blocks]), torch.cat([s for _, s in blocks]))
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


def to_int8(model: nn.Module, linear: type[Int8Linear] = Int8Linear) -> None:
    """Replace the linear layers in place."""
    for name, part in list(model.named_modules()):
        if isinstance(part, nn.Linear):
            model.set_submodule(name, linear(part.weight, part.bias))


def _rounded(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Steps, int8, and how large one of each row is, float32.

    Five times faster than torch.quantize_per_channel, which runs on one core.
    """
    scales = weight.abs().amax(dim=1).float().clamp_(min=_SMALLEST) / _HIGHEST
    return (weight / scales[:, None]).round_().to(torch.int8), scales
