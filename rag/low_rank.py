"""Low-rank corrections of a model's weights (LoRA, https://arxiv.org/abs/2106.09685).

They map "NAME.a" and "NAME.b", NAME being that of a linear part, to two matrices, (rank, inputs)
and (outputs, rank), whose product is added to the part's weights. They belong to the weights that
they were trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rag.errors import ModelError

Corrections = Mapping[str, Tensor]
_ROWS = 256  # corrected at a time: in float32 they stay in the cache


@dataclass(frozen=True, slots=True)
class Stored:
    """Tensors by name, and what is told of them."""

    tensors: dict[str, Tensor]
    about: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> Stored:
        """ModelError where the file is not one."""
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                return cls(tensors, file.metadata() or {})
        except (OSError, SafetensorError) as error:
            raise ModelError(
                f"{path} holds no corrections of weights: {error}; install this package anew"
            ) from error

    def save(self, path: Path) -> None:
        """To a file that others may read: safetensors leaves it to its owner alone."""
        save_file(self.tensors, path, metadata=self.about)
        path.chmod(0o644)


def parts(corrections: Corrections) -> Iterator[str]:
    """The name of each part that is corrected."""
    return (name.removesuffix(".a") for name in corrections if name.endswith(".a"))


def corrected(weight: Tensor, part: str, corrections: Corrections) -> Tensor:
    """The weight of a part, (outputs, inputs), with its correction added, in the weight's dtype.

    KeyError where the part has none.
    """
    a, b = corrections[f"{part}.a"].float(), corrections[f"{part}.b"].float()
    made = torch.empty_like(weight)
    for start in range(0, len(weight), _ROWS):
        rows = slice(start, start + _ROWS)
        made[rows] = weight[rows] + b[rows] @ a
    return made
