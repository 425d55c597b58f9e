"""A question → its unit vectors, by a BERT (https://arxiv.org/abs/1810.04805) in torch alone.

sentence-transformers embeds many texts fast, but takes 2.5 s to import, and for a single question
twice the time of its model (eval/LOG.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from rag.arithmetic import layer_dtype
from rag.low_rank import Corrections, corrected, parts
from rag.model_files import NOT_READABLE, load_tokenizer, read_json
from rag.types import QueryVectors, Vectors

log = logging.getLogger(__name__)

Step = Callable[[Tensor], Tensor]

_PARTS = ["Transformer", "Pooling", "Normalize"]  # that a model must have to be read here
_TOKENS = 16  # of most questions; oneDNN orders weights for so many


class Encoder:
    """Means of a BERT's last states, of length 1, as sentence-transformers makes them."""

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        config: Mapping[str, Any],
        tokenizer: Tokenizer,
        dtype: torch.dtype,
        corrections: Corrections | None = None,
    ) -> None:
        """``weights`` and ``config`` are the publisher's; matrices are multiplied in ``dtype``.

        ``corrections`` (see rag.low_rank) are those by which a question is read that is to be near
        the sentences that answer it.
        """
        self._tokenizer = tokenizer
        self.dimension: int = config["hidden_size"]
        corrections = corrections or {}
        changed = {
            f"{part}.weight": corrected(weights[f"{part}.weight"], part, corrections)
            for part in parts(corrections)
        }
        names = [f"encoder.layer.{n}." for n in range(config["num_hidden_layers"])]
        # The layers before the first corrected one say the same of a question either way.
        shared = next(
            (n for n, name in enumerate(names) if any(c.startswith(name) for c in changed)),
            len(names),
        )
        layer = partial(_Layer, config=config, dtype=dtype)
        self._words, self._places, kinds = (
            weights[f"embeddings.{name}_embeddings.weight"].float()
            for name in ("word", "position", "token_type")
        )
        self._kind = kinds[0]
        self._norm = _norm(weights, "embeddings.", config)
        self._below = [layer(weights, name) for name in names[:shared]]
        self._above = [layer(weights, name) for name in names[shared:]]
        self._corrected = [layer({**weights, **changed}, name) for name in names[shared:]]

    def encode(self, text: str) -> Vectors:
        """Float32, shape (1, dimension)."""
        with torch.inference_mode():
            return _unit(_through(self._above, self._read(text)))[None]

    def encode_query(self, question: str) -> QueryVectors:
        """As a text, and as the corrections read it."""
        with torch.inference_mode():
            below = self._read(question)
            plain = _unit(_through(self._above, below))
            if not self._corrected:
                return QueryVectors(plain, plain)
            return QueryVectors(plain, _unit(_through(self._corrected, below)))

    def is_word(self, word: str) -> bool:
        """Whether it is a token of its own."""
        return len(self._tokenizer.encode(word, add_special_tokens=False)) == 1

    def _read(self, text: str) -> Tensor:
        """What the layers below the first corrected one say, (n, dimension)."""
        ids = torch.tensor(self._tokenizer.encode(text).ids)
        states = self._words[ids] + self._places[: len(ids)] + self._kind
        return _through(self._below, self._norm(states))


class _Layer:
    """Attention, then a feed-forward block."""

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        name: str,
        config: Mapping[str, Any],
        dtype: torch.dtype,
    ) -> None:
        three = [f"{name}attention.self.{part}" for part in ("query", "key", "value")]
        product = partial(_product, weights, dtype=dtype)
        self._heads: int = config["num_attention_heads"]
        self._several = product(*three)  # one product instead of three
        self._attended = product(f"{name}attention.output.dense")
        self._norm = _norm(weights, f"{name}attention.output.", config)
        self._inner = product(f"{name}intermediate.dense")
        self._outer = product(f"{name}output.dense")
        self._last_norm = _norm(weights, f"{name}output.", config)

    def __call__(self, x: Tensor) -> Tensor:
        """(n, dimension) → the same."""
        x = self._norm(x + self._attended(self._attend(self._several(x))))
        return self._last_norm(x + self._outer(gelu(self._inner(x))))

    def _attend(self, several: Tensor) -> Tensor:
        """Queries, keys and values, (n, 3 · dimension), → (n, dimension)."""
        heads = several.view(len(several), 3, self._heads, -1).permute(1, 2, 0, 3)[:, None]
        return scaled_dot_product_attention(*heads)[0].transpose(0, 1).flatten(1)


def _product(weights: Mapping[str, Tensor], *names: str, dtype: torch.dtype) -> Step:
    """By linear parts of one input, their outputs side by side."""
    weight = torch.cat([weights[f"{name}.weight"] for name in names]).to(dtype)
    bias = torch.cat([weights[f"{name}.bias"] for name in names]).to(dtype)
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda x: linear(x.to(dtype), weight, bias).float()
    # Weights that are in oneDNN's order already take two thirds of the time, or less.
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, _TOKENS)

    def multiply(x: Tensor) -> Tensor:
        made: Tensor = torch.ops.mkldnn._linear_pointwise(x.to(dtype), packed, bias, "none", [], "")
        return made.float()

    return multiply


def _norm(weights: Mapping[str, Tensor], name: str, config: Mapping[str, Any]) -> Step:
    weight, bias = (weights[f"{name}LayerNorm.{kind}"].float() for kind in ("weight", "bias"))
    epsilon = config["layer_norm_eps"]
    return lambda x: layer_norm(x, weight.shape, weight, bias, epsilon)


def _through(layers: Sequence[Step], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


def _unit(states: Tensor) -> Vectors:
    """The mean of (n, dimension), of length 1."""
    made: Vectors = normalize(states.mean(dim=0), dim=0).numpy()
    return made


def load_encoder(folder: Path, corrections: Corrections | None = None) -> Encoder | None:
    """None where the folder holds another kind of model than is read here.

    sentence-transformers then reads it, or tells what is wrong with it; the log tells why.
    """
    try:
        config = read_json(folder / "config.json")
        if not (_is_bert(config) and _is_plain(folder)):
            return None
        tokenizer = load_tokenizer(folder)
        tokenizer.no_padding()
        tokenizer.enable_truncation(_most_tokens(folder, config))
        weights = load_file(folder / "model.safetensors")
        made = Encoder(weights, config, tokenizer, layer_dtype(), corrections)
        made.encode_query("any text")  # tells whether all weights are there
    except NOT_READABLE as error:
        log.info("%s is left to sentence-transformers: %s", folder, error)
        return None
    return made


def _is_bert(config: Mapping[str, Any]) -> bool:
    places = config.get("position_embedding_type", "absolute")
    kind = config["model_type"], config["hidden_act"], places
    return kind == ("bert", "gelu", "absolute") and not config.get("is_decoder")


def _most_tokens(folder: Path, config: Mapping[str, Any]) -> int:
    stored = read_json(folder / "sentence_bert_config.json").get("max_seq_length")
    most: int = stored or read_json(folder / "tokenizer_config.json")["model_max_length"]
    return min(most, int(config["max_position_embeddings"]))


def _is_plain(folder: Path) -> bool:
    """Whether the mean of all tokens is taken, nothing is done to a text before, and nothing was
    added to the weights."""
    reading = read_json(folder / "sentence_bert_config.json")
    if reading.get("do_lower_case") or reading.get("processing_kwargs"):
        return False
    if (folder / "adapter_config.json").exists():
        return False
    parts = [part["type"].rpartition(".")[-1] for part in read_json(folder / "modules.json")]
    pooling = read_json(folder / "1_Pooling" / "config.json")
    modes = [pooling["pooling_mode"]] if "pooling_mode" in pooling else _older_modes(pooling)
    prompt = read_json(folder / "config_sentence_transformers.json").get("default_prompt_name")
    return parts == _PARTS and modes == ["mean"] and prompt is None


def _older_modes(pooling: Mapping[str, Any]) -> list[str]:
    """As sentence-transformers stored them before version 6."""
    before, after = "pooling_mode_", "_tokens"
    on = [name for name, value in pooling.items() if name.startswith(before) and value is True]
    return [name.removeprefix(before).removesuffix(after) for name in on]
