"""Question and groups of sentences → what a language model's lower layers hold at each sentence.

One forward pass reads everything: the opening once, then every group, which sees the opening and
itself, but no other group. So nothing is padded and nothing is read twice; the groups share a
sequence the way packed training examples do (https://arxiv.org/abs/2107.02027). The last of the
layers can carry low-rank corrections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rag.decoder import Decoder
from rag.low_rank import Corrections, corrected, parts
from rag.prompt import without_control

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
        """Which token sees which: shape (n, n), bool."""
        order = torch.arange(len(self.ids))
        same = (self.groups[:, None] == self.groups) | (self.groups == _OPENING)
        seen: Tensor = same & (order[:, None] >= order)
        return seen


class Reader:
    """Reads with a decoder."""

    def __init__(self, decoder: Decoder, tokenizer: Tokenizer) -> None:
        self._decoder = decoder
        self._tokenizer = tokenizer
        self._control = [t.content for t in tokenizer.get_added_tokens_decoder().values()]
        self._line_end = self._ids("\n")

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
        return self._read(packed, packed.ends).float()

    def token_states(self, packed: Packed) -> Tensor:
        """At each token; in the decoder's own arithmetic, shape (n, width)."""
        return self._read(packed, None)

    def _read(self, packed: Packed, only: Tensor | None) -> Tensor:
        with torch.inference_mode():
            states = self._decoder.embed(packed.ids)
            found: Tensor = self._decoder(states, packed.positions, packed.visible(), only=only)
        return found

    def _tokens(self, text: str, most: int) -> list[int]:
        """Of one line of text, and of the line's end."""
        line = without_control(" ".join(text.split()), self._control)
        return self._ids(line)[: most - 1] + self._line_end

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def correct(decoder: Decoder, corrections: Corrections) -> None:
    """Add corrections (see rag.low_rank) to the weights of its layers, in place; names begin with
    the number of a layer."""
    for name in parts(corrections):
        part = decoder.layers.get_submodule(name)
        assert isinstance(part, nn.Linear)
        made = corrected(part.weight, name, corrections)
        part.weight = nn.Parameter(made, requires_grad=False)
