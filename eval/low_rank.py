"""Low-rank corrections while they are trained; see rag.low_rank."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class LowRank(nn.Module):
    """A linear part that stays, and a trained correction of it, at first none."""

    def __init__(self, part: nn.Linear, rank: int) -> None:
        super().__init__()
        self.part = part
        self.a = nn.Parameter(torch.randn(rank, part.in_features) / math.sqrt(part.in_features))
        self.b = nn.Parameter(torch.zeros(part.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.part(x) + (x @ self.a.to(x.dtype).T) @ self.b.to(x.dtype).T
        return out


def add_low_rank(model: nn.Module, rank: int) -> None:
    """Put a correction on each linear part, in place; the part itself is trained as before."""
    for name, part in list(model.named_modules()):
        if isinstance(part, nn.Linear):
            model.set_submodule(name, LowRank(part, rank))


def shrink(model: nn.Module, share: float) -> None:
    """Keep that share of the corrections."""
    for part in model.modules():
        if isinstance(part, LowRank):
            part.b.data *= share


def trained(model: nn.Module) -> dict[str, Tensor]:
    """The corrections, as rag.low_rank takes them, in float16."""
    return {
        f"{name}.{side}": tensor.detach().to(torch.float16)
        for name, part in model.named_modules()
        if isinstance(part, LowRank)
        for side, tensor in (("a", part.a), ("b", part.b))
    }
