"""Question and source sentence → the log odds that the sentence answers the question.

A linear probe (https://arxiv.org/abs/1610.01644) of what a language model holds in the middle of
its layers when it has read both, together with the score by which the sentence was found. The
model's own Yes or No says far less (eval/LOG.md). The probe belongs to one model's weights and is
trained by ``python -m eval.train_judge``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rag import packaged
from rag.generator import TransformersGenerator, load_generator
from rag.models import GENERATOR
from rag.types import GAP, Evidence, Message

log = logging.getLogger(__name__)

_MAX_BEFORE = 300  # characters of the sentence before
PROBE_FILE = Path(__file__).with_name("judge.json")


@dataclass(frozen=True, slots=True)
class Probe:
    """log odds = weights · state + score_weight · score of the evidence + bias."""

    model: str  # what the probe was trained on, as its publisher calls it
    fingerprint: str  # of those weights
    layer: int
    weights: tuple[float, ...]  # as many as a hidden state has numbers
    score_weight: float
    bias: float

    @classmethod
    def load(cls, path: Path = PROBE_FILE) -> Probe:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "weights": tuple(fields["weights"])})

    def save(self, path: Path = PROBE_FILE) -> None:
        path.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


class ProbeJudge:
    """Judges with a probe and the model that it was trained on."""

    def __init__(self, reader: TransformersGenerator, probe: Probe) -> None:
        self.name = reader.name
        self._reader = reader
        self._probe = probe
        self._weights = np.array(probe.weights, dtype=np.float32)

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        """One for each sentence; all are read in one batch."""
        if not evidence:
            return []
        states = self._reader.hidden_states(
            messages(question), [filling(e) for e in evidence], self._probe.layer
        )
        scores = np.array([e.score for e in evidence])
        found = states @ self._weights + self._probe.score_weight * scores + self._probe.bias
        return [float(value) for value in found]


def load_judge(generator: TransformersGenerator) -> ProbeJudge | None:
    """A judge that shares the generator's weights, or has those of the packaged 0.5B.

    None where neither is what the probe was trained on: then sentences are ranked and questions
    refused without one.
    """
    probe = Probe.load()
    if generator.fingerprint == probe.fingerprint:
        return ProbeJudge(generator, probe)
    weights = packaged.find(GENERATOR.packaged)
    if weights is None or weights.fingerprint != probe.fingerprint:
        log.warning("no judge: it reads with %s, which is not at hand", probe.model)
        return None
    return ProbeJudge(load_generator(weights), probe)


def messages(question: str) -> list[Message]:
    """What the model reads, with a gap for the sentence."""
    return [
        Message(role="system", content="You judge passages."),
        Message(
            role="user",
            content=f"Question: {question}\nPassage: {GAP}\nDoes the sentence answer the question?",
        ),
    ]


def filling(evidence: Evidence) -> str:
    """The sentence after the end of the one before it, which says what "he" and "it" stand for."""
    return f"{evidence.before[-_MAX_BEFORE:]}\nSentence: {evidence.text}"
