"""Token ids → what the lower layers of a Qwen2 model hold at each token, in torch alone.

A judge reads with some of the layers (rag.judge); transformers takes 2.4 s to import and 1.0 s to
load all (eval/LOG.md). Parts and names are those of the publisher's files
(https://arxiv.org/abs/2407.10671): root mean square norms (https://arxiv.org/abs/1910.07467),
rotary positions (https://arxiv.org/abs/2104.09864), attention of grouped queries
(https://arxiv.org/abs/2305.13245), gated feed-forward blocks (https://arxiv.org/abs/2002.05202).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn.functional import embedding, scaled_dot_product_attention, silu

from rag.errors import ModelError
from rag.model_files import NOT_READABLE, read_json

Turn = tuple[Tensor, Tensor]  # cosines and sines of each token's position, each (n, head width)


class _Stored:
    """Of a module: gets its weights from a file. On no device, making others up imports sympy, for
    a second."""

    def reset_parameters(self) -> None:
        """Does nothing."""


class _Linear(_Stored, nn.Linear):
    pass


class _Norm(_Stored, nn.RMSNorm):
    pass


class _Embedding(_Stored, nn.Embedding):
    pass


class Attention(nn.Module):
    """Of n tokens among themselves."""

    def __init__(self, width: int, heads: int, shared_heads: int) -> None:
        """``shared_heads`` of keys and values serve all ``heads`` of queries."""
        super().__init__()
        self._head_width = width // heads
        self.q_proj = _Linear(width, width)
        self.k_proj = _Linear(width, shared_heads * self._head_width)
        self.v_proj = _Linear(width, shared_heads * self._head_width)
        self.o_proj = _Linear(width, width, bias=False)

    def forward(self, x: Tensor, turn: Turn, unseen: Tensor) -> Tensor:
        """(n, width) → the same; ``unseen``, (n, n), is added to the scores."""
        queries, keys, values = map(self._heads, (self.q_proj(x), self.k_proj(x), self.v_proj(x)))
        found = scaled_dot_product_attention(
            _turned(queries, turn), _turned(keys, turn), values, attn_mask=unseen, enable_gqa=True
        )
        made: Tensor = self.o_proj(found[0].transpose(0, 1).flatten(1))
        return made

    def _heads(self, x: Tensor) -> Tensor:
        """(n, heads · head width) → (1, heads, n, head width)."""
        return x.view(len(x), -1, self._head_width).transpose(0, 1)[None]


class FeedForward(nn.Module):
    """Of each token alone."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = _Linear(width, inner, bias=False)
        self.up_proj = _Linear(width, inner, bias=False)
        self.down_proj = _Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width) → the same."""
        made: Tensor = self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))
        return made


class Layer(nn.Module):
    """Attention, then a feed-forward block, each added to what it reads."""

    def __init__(
        self,
        before_attention: nn.RMSNorm,
        attention: Attention,
        before_mlp: nn.RMSNorm,
        mlp: FeedForward,
    ) -> None:
        super().__init__()
        self.input_layernorm = before_attention
        self.self_attn = attention
        self.post_attention_layernorm = before_mlp
        self.mlp = mlp

    def forward(self, x: Tensor, turn: Turn, unseen: Tensor, only: Tensor | None) -> Tensor:
        """(n, width) → the same, of the tokens ``only`` where they are given."""
        x = x + self.self_attn(self.input_layernorm(x), turn, unseen)
        if only is not None:
            x = x[only]
        made: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return made


class Decoder(nn.Module):
    """The embedding of tokens and the first layers of a model, without its last norm and head."""

    def __init__(self, config: Mapping[str, Any], layers: int) -> None:
        """``config`` is the publisher's, from ``config.json``; ValueError for another kind."""
        rotation = config.get("rope_parameters") or config
        kind = config["model_type"], rotation.get("rope_type", "default")
        if kind != ("qwen2", "default") or config.get("use_sliding_window"):
            raise ValueError(f"it is {kind[0]} with {kind[1]} positions, expected qwen2, default")
        super().__init__()
        width, heads = config["hidden_size"], config["num_attention_heads"]
        self._head_width = width // heads
        self._base = rotation["rope_theta"]
        self.embed_tokens = _Embedding(config["vocab_size"], width)
        self.layers = nn.ModuleList(
            Layer(
                _Norm(width, config["rms_norm_eps"]),
                Attention(width, heads, config["num_key_value_heads"]),
                _Norm(width, config["rms_norm_eps"]),
                FeedForward(width, config["intermediate_size"]),
            )
            for _ in range(layers)
        )

    @classmethod
    def load(cls, folder: Path, layers: int) -> Decoder:
        """Of a folder with ``config.json`` and ``model.safetensors``, mapped, as they are stored.

        The layers, but not the embedding, may be put into another arithmetic. Raises ModelError
        where the folder holds no such model.
        """
        try:
            config = read_json(folder / "config.json")
            with torch.device("meta"):  # takes no memory until it gets the weights
                made = cls(config, layers)
            with safe_open(folder / "model.safetensors", framework="pt") as file:
                weights = {name: file.get_tensor(f"model.{name}") for name in made.state_dict()}
            made.load_state_dict(weights, assign=True)
        except NOT_READABLE as error:
            raise ModelError(f"{folder} holds no Qwen2 model to read with: {error}") from error
        return made.requires_grad_(False)

    def embed(self, ids: Tensor) -> Tensor:
        """(n,) → (n, width), in the arithmetic of the layers."""
        return embedding(ids, self.embed_tokens.weight).to(next(self.layers.parameters()).dtype)

    def forward(
        self,
        states: Tensor,
        positions: Tensor,
        visible: Tensor,
        first: int = 0,
        only: Tensor | None = None,
    ) -> Tensor:
        """What the layers from ``first`` on make of (n, width): the same shape.

        ``positions`` is (n,), ``visible``, (n, n), tells which token sees which. The last layer's
        feed-forward block, most of its work, is done of the tokens ``only`` where they are given.
        """
        turn = self._turn(positions, states.dtype)
        # What attention adds to its scores; made of bool anew in each layer, it takes a fifth more.
        unseen = torch.zeros_like(visible, dtype=states.dtype).masked_fill_(~visible, -math.inf)
        *before, last = self.layers[first:]
        for layer in before:
            states = layer(states, turn, unseen, None)
        made: Tensor = last(states, turn, unseen, only)
        return made

    def _turn(self, positions: Tensor, dtype: torch.dtype) -> Turn:
        steps = torch.arange(0, self._head_width, 2) / self._head_width
        angles = positions[:, None] / self._base**steps
        both = torch.cat((angles, angles), dim=1)
        return both.cos().to(dtype), both.sin().to(dtype)


def _turned(x: Tensor, turn: Turn) -> Tensor:
    cosines, sines = turn
    one, other = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-other, one), dim=-1) * sines
