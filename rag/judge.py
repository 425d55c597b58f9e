"""Question and source sentences → the log odds of each that it answers the question.

A language model reads the question, then sentences in the order of their document, and tells at the
end of each. It reads with its first fourteen layers, the last six of them fine-tuned by low-rank
corrections (see ``rag.reader``); a linear head turns the state and the score, by which the sentence
was found, into log odds. Corrections and head belong to one model's weights and are trained by
``python -m eval.train_judge``. The model's own Yes or No says far less (eval/LOG.md).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import rms_norm

from rag import packaged
from rag.errors import ModelError
from rag.generator import TransformersGenerator, load_generator
from rag.int8 import fastest_int8
from rag.models import GENERATOR
from rag.reader import Reader
from rag.types import Evidence
from rag.windows import windows

log = logging.getLogger(__name__)

ADAPTER_FILE = Path(__file__).with_name("judge.safetensors")


@dataclass(frozen=True, slots=True)
class Adapter:
    """What was trained; log odds = head · state + score_weight · score of the evidence + bias."""

    model: str  # whose corrections these are, as its publisher calls it
    fingerprint: str  # of its weights
    layers: int
    corrections: dict[str, Tensor]  # see rag.reader
    head: Tensor  # (width,)
    score_weight: float
    bias: float

    @classmethod
    def load(cls, path: Path = ADAPTER_FILE) -> Adapter:
        """ModelError where the file is not one."""
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                about = file.metadata()
            head, linear = tensors.pop("head"), tensors.pop("score_and_bias")
            return cls(
                about["model"],
                about["fingerprint"],
                int(about["layers"]),
                tensors,
                head,
                *linear.tolist(),
            )
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is no adapter of a judge: {error}") from error


class AdapterJudge:
    """Judges with an adapter and the model that it was trained on."""

    def __init__(self, generator: TransformersGenerator, adapter: Adapter) -> None:
        self.name = generator.name
        self._reader = Reader(generator, adapter.layers, adapter.corrections, linear=fastest_int8())
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


def load_judge(generator: TransformersGenerator) -> AdapterJudge | None:
    """A judge that shares the generator's weights, or has those of the packaged 0.5B.

    None where neither is what the adapter was trained on: then sentences are ranked and questions
    refused without one.
    """
    adapter = Adapter.load()
    if generator.fingerprint == adapter.fingerprint:
        return AdapterJudge(generator, adapter)
    weights = packaged.find(GENERATOR.packaged)
    if weights is None or weights.fingerprint != adapter.fingerprint:
        log.warning("no judge: it reads with %s, which is not at hand", adapter.model)
        return None
    return AdapterJudge(load_generator(weights), adapter)


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write what ``Adapter.load`` reads."""
    linear = torch.tensor([adapter.score_weight, adapter.bias])
    tensors = {**adapter.corrections, "head": adapter.head, "score_and_bias": linear}
    about = {
        "model": adapter.model,
        "fingerprint": adapter.fingerprint,
        "layers": str(adapter.layers),
    }
    save_file(tensors, path, metadata=about)


def opening(question: str) -> str:
    """What the model reads before any sentence."""
    return f"Question: {question} Sentences that answer it:"


def readable(evidence: Sequence[Evidence], group: Sequence[int]) -> tuple[str, list[str]]:
    """A group as title and texts."""
    return evidence[group[0]].title, [evidence[i].text for i in group]


def normalised(states: Tensor) -> Tensor:
    """States as the head reads them."""
    return rms_norm(states, states.shape[-1:])
