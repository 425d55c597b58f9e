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
from rag.int8 import Int8Linear, is_linear, weight_and_bias

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
    two matrices, (rank, inputs) and (outputs, rank), whose product is added to its weights. With
    a kind of ``linear`` its layers calculate by that, with weights of their own (15 MB a layer).
    """

    def __init__(
        self,
        generator: TransformersGenerator,
        layers: int,
        corrections: Mapping[str, Tensor],
        linear: type[Int8Linear] | None = None,
    ) -> None:
        self._tokenizer = generator.tokenizer
        self._plain = generator.without_control
        self._line_end: list[int] = self._tokenizer("\n")["input_ids"]
        self._body: Any = layers_of(generator.model, 0, layers)
        self._body.layers = _own_layers(self._body, corrections, linear)
        self._all_but_last = layers_of(self._body, 0, layers - 1)

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
        """At each sentence's end; float32, shape (sentences, width).

        Of the last layer, the feed-forward block, most of its work, is done for these tokens only.
        """
        with torch.inference_mode():
            visible = packed.visible()
            before = self._read(self._all_but_last, packed, visible)
            last = self._body.layers[-1]
            attended, _ = last.self_attn(
                hidden_states=last.input_layernorm(before),
                position_embeddings=self._body.rotary_emb(before, packed.positions[None]),
                attention_mask=visible,
            )
            ends = (before + attended)[:, packed.ends]
            found: Tensor = ends + last.mlp(last.post_attention_layernorm(ends))
        return found[0].float()

    def token_states(self, packed: Packed) -> Tensor:
        """At each token; in the model's own arithmetic, shape (n, width)."""
        with torch.inference_mode():
            return self._read(self._body, packed, packed.visible())[0]

    @staticmethod
    def _read(body: nn.Module, packed: Packed, visible: Tensor) -> Tensor:
        found: Tensor = body(
            input_ids=packed.ids[None],
            position_ids=packed.positions[None],
            attention_mask=visible,
            use_cache=False,
        ).last_hidden_state
        return found

    def _tokens(self, text: str, most: int) -> list[int]:
        """Of one line of text, and of the line's end."""
        line = self._plain(" ".join(text.split()))
        ids: list[int] = self._tokenizer(line)["input_ids"][: most - 1]
        return ids + self._line_end


def _own_layers(
    body: nn.Module, corrections: Mapping[str, Tensor], linear: type[Int8Linear] | None
) -> nn.ModuleList:
    """Copies of its layers; they share all parts but those corrected or of another kind."""
    made = nn.ModuleList()
    for number, layer in enumerate(body.layers):  # type: ignore[arg-type]
        shared = {id(part): part for part in layer.modules() if not list(part.children())}
        layer = copy.deepcopy(layer, shared)
        for name, part in list(layer.named_modules()):
            change = _change(corrections, f"{number}.{name}")
            if change is not None or (linear and is_linear(part) and type(part) is not linear):
                layer.set_submodule(name, _changed(part, change, linear))
        made.append(layer)
    return made


def _change(corrections: Mapping[str, Tensor], name: str) -> Tensor | None:
    """What is added to the weights of a linear part, if anything."""
    if f"{name}.a" not in corrections:
        return None
    return corrections[f"{name}.b"].float() @ corrections[f"{name}.a"].float()


def _changed(part: nn.Module, change: Tensor | None, linear: type[Int8Linear] | None) -> nn.Module:
    weight, bias = weight_and_bias(part)
    if change is not None:
        weight = (weight.float() + change).to(weight.dtype)
    if linear:
        return linear(weight, bias)
    made = nn.Linear(1, 1, bias=False)
    made.out_features, made.in_features = weight.shape
    made.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        made.bias = nn.Parameter(bias.to(weight.dtype), requires_grad=False)
    return made
