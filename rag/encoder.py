"""A question → its unit vector, by a BERT (https://arxiv.org/abs/1810.04805) in torch alone.

sentence-transformers embeds many texts fast, but takes 2.5 s to import, and for a single question
twice the time of its model (eval/LOG.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from rag.arithmetic import layer_dtype
from rag.model_files import NOT_READABLE, load_tokenizer, read_json
from rag.types import Vectors

_PARTS = ["Transformer", "Pooling", "Normalize"]  # that a model must have to be read here
_SEVERAL = "attention.self.query_key_value"  # one product instead of three


class Encoder:
    """Means of a BERT's last states, of length 1, as sentence-transformers makes them."""

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        config: Mapping[str, Any],
        tokenizer: Tokenizer,
        dtype: torch.dtype,
    ) -> None:
        """``weights`` and ``config`` are the publisher's; matrices are multiplied in ``dtype``."""
        self._tokenizer = tokenizer
        self.dimension: int = config["hidden_size"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._layers = [f"encoder.layer.{n}." for n in range(config["num_hidden_layers"])]
        self._weights = dict(weights)
        for layer in self._layers:
            for kind in ("weight", "bias"):
                three = [f"{layer}attention.self.{p}.{kind}" for p in ("query", "key", "value")]
                self._weights[f"{layer}{_SEVERAL}.{kind}"] = torch.cat(
                    [self._weights.pop(name) for name in three]
                )
        for name, weight in self._weights.items():
            multiplied = name.startswith("encoder.") and "LayerNorm" not in name
            self._weights[name] = weight.to(dtype if multiplied else torch.float32)

    def encode(self, text: str) -> Vectors:
        """Float32, shape (1, dimension)."""
        ids = torch.tensor(self._tokenizer.encode(text).ids)
        with torch.inference_mode():
            mean = self._states(ids).mean(dim=0, keepdim=True)
            made: Vectors = normalize(mean).numpy()
        return made

    def _states(self, ids: Tensor) -> Tensor:
        """(n,) → (n, dimension)."""
        words, places, kinds = (
            self._weights[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        )
        x = self._norm("embeddings.", words[ids] + places[: len(ids)] + kinds[0])
        for layer in self._layers:
            attended = self._attend(self._linear(f"{layer}{_SEVERAL}", x))
            found = self._linear(f"{layer}attention.output.dense", attended)
            x = self._norm(f"{layer}attention.output.", x + found)
            inner = gelu(self._linear(f"{layer}intermediate.dense", x))
            x = self._norm(f"{layer}output.", x + self._linear(f"{layer}output.dense", inner))
        return x

    def _attend(self, several: Tensor) -> Tensor:
        """Queries, keys and values, (n, 3 · dimension), → (n, dimension)."""
        heads = several.view(len(several), 3, self._heads, -1).permute(1, 2, 0, 3)[:, None]
        return scaled_dot_product_attention(*heads)[0].transpose(0, 1).flatten(1)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return linear(x.to(weight.dtype), weight, bias).float()

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = (self._weights[f"{name}LayerNorm.{kind}"] for kind in ("weight", "bias"))
        return layer_norm(x, weight.shape, weight, bias, self._epsilon)


def load_encoder(folder: Path) -> Encoder | None:
    """None where the folder holds another kind of model than is read here.

    sentence-transformers then reads it, or tells what is wrong with it.
    """
    try:
        config = read_json(folder / "config.json")
        if not (_is_bert(config) and _is_plain(folder)):
            return None
        tokenizer = load_tokenizer(folder)
        tokenizer.no_padding()
        tokenizer.enable_truncation(_most_tokens(folder, config))
        weights = load_file(folder / "model.safetensors")
        made = Encoder(weights, config, tokenizer, layer_dtype())
        made.encode("any text")  # tells whether all weights are there
    except NOT_READABLE:
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
