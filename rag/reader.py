"""Question and groups of sentences → what a language model's middle layers hold at each sentence.

One forward pass reads everything: the opening once, then every group, which sees the opening and
itself, but no other group. So nothing is padded and nothing is read twice; the groups share a
sequence the way packed training examples do (https://arxiv.org/abs/2107.02027). The last of the
layers can carry low-rank corrections (LoRA, https://arxiv.org/abs/2106.09685) that the generator,
with which the weights are shared, does not see.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rag.generator import TransformersGenerator

MAX_OPENING_TOKENS = 256
MAX_SENTENCE_TOKENS = 96  # about 70 words; a longer sentence is cut, as is a title
_OPENING = 0  # the group number of the opening's tokens


@dataclass(frozen=True, slots=True)
class Packed:
    """Tokens of one opening and several groups, n in all."""

    ids: Tensor  # (n,) int64
    positions: Tensor  # (n,) int64, each group goes on where the opening ended
    groups: Tensor  # (n,) int64, 0 is the opening
    ends: Tensor  # (sentences,) int64, where each sentence ends, in the order given

    def visible(self) -> Tensor:
        """Which token sees which: shape (1, 1, n, n), bool."""
        order = torch.arange(len(self.ids))
        same = (self.groups[:, None] == self.groups) | (self.groups == _OPENING)
        seen: Tensor = (same & (order[:, None] >= order))[None, None]
        return seen


def layers_of(model: nn.Module, first: int, last: int) -> nn.Module:
    """The layers ``first`` to ``last`` (the first is 0, the last is left out) of a model, without
    its head and last norm. What goes in is what layer ``first`` reads; the weights are shared."""
    body: Any = copy.copy(model.base_model)  # annotated as a tensor, as all attributes of modules
    body._modules = dict(body._modules)
    body.layers = body.layers[first:last]
    body.norm = nn.Identity()
    made: nn.Module = body
    return made


class Reader:
    """The first layers of a generator, the last of them corrected.

    ``corrections`` maps "LAYER.NAME.a" and "LAYER.NAME.b", NAME being that of a linear part, to
    two matrices, (rank, inputs) and (outputs, rank), whose product is added to its weights.
    """

    def __init__(
        self, generator: TransformersGenerator, layers: int, corrections: Mapping[str, Tensor]
    ) -> None:
        self._tokenizer = generator.tokenizer
        self._plain = generator.without_control
        self._line_end: list[int] = self._tokenizer("\n")["input_ids"]
        self._body = layers_of(generator.model, 0, layers)
        _correct(self._body, corrections)

    def pack(self, opening: str, groups: Sequence[tuple[str, Sequence[str]]]) -> Packed:
        """``groups`` are pairs of a title and sentences."""
        ids = self._tokens(opening, MAX_OPENING_TOKENS)
        start = len(ids)
        positions = list(range(start))
        numbers = [_OPENING] * start
        ends: list[int] = []
        for number, (title, sentences) in enumerate(groups, start=_OPENING + 1):
            begin = len(ids)
            ids += self._tokens(title, MAX_SENTENCE_TOKENS)
            for sentence in sentences:
                ids += self._tokens(sentence, MAX_SENTENCE_TOKENS)
                ends.append(len(ids) - 1)
            positions += range(start, start + len(ids) - begin)
            numbers += [number] * (len(ids) - begin)
        return Packed(*map(torch.tensor, (ids, positions, numbers, ends)))

    def states(self, packed: Packed) -> Tensor:
        """At each sentence's end; float32, shape (sentences, width)."""
        return self.token_states(packed)[packed.ends].float()

    def token_states(self, packed: Packed) -> Tensor:
        """At each token; in the model's own arithmetic, shape (n, width)."""
        with torch.inference_mode():
            found: Tensor = self._body(
                input_ids=packed.ids[None],
                position_ids=packed.positions[None],
                attention_mask=packed.visible(),
                use_cache=False,
            ).last_hidden_state
        return found[0]

    def _tokens(self, text: str, most: int) -> list[int]:
        """Of one line of text, and of the line's end."""
        line = self._plain(" ".join(text.split()))
        ids: list[int] = self._tokenizer(line)["input_ids"][: most - 1]
        return ids + self._line_end


def _correct(body: nn.Module, corrections: Mapping[str, Tensor]) -> None:
    """Replace the corrected layers by corrected copies; all other weights are shared."""
    names = sorted({key.rsplit(".", 1)[0] for key in corrections})
    layers = list(body.layers)  # type: ignore[arg-type]
    for number in {int(name.split(".", 1)[0]) for name in names}:
        shared = {id(weight): weight for weight in layers[number].parameters()}
        layers[number] = copy.deepcopy(layers[number], shared)
    body.layers = nn.ModuleList(layers)
    for name in names:
        layer, place = name.split(".", 1)
        part = layers[int(layer)].get_submodule(place)
        change = corrections[f"{name}.b"].float() @ corrections[f"{name}.a"].float()
        layers[int(layer)].set_submodule(place, _changed(part, change))


def _changed(part: nn.Module, change: Tensor) -> nn.Linear:
    """A linear part with other weights; one in int8 is float32 then."""
    if isinstance(part, nn.Linear):
        weight, bias = part.weight, part.bias
    else:  # torch's quantised linear part has methods instead
        weight, bias = part.weight().dequantize(), part.bias()  # type: ignore[operator]
    made = nn.Linear(1, 1, bias=False)
    made.out_features, made.in_features = weight.shape
    made.weight = nn.Parameter((weight.float() + change).to(weight.dtype), requires_grad=False)
    if bias is not None:
        made.bias = nn.Parameter(bias.to(weight.dtype), requires_grad=False)
    return made
