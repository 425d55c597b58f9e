"""Evidence → the probability that the corpus answers.

A logistic model of one signal, fitted on the development questions by ``python -m eval.calibrate``.
With a judge that is its largest log odds of a sentence. Without one it is the largest cosine of a
source sentence to the question's vector for sentences, raised where the sentence holds nearly all
words of the question, since a long sentence that answers a short question is far from it by cosine.
The cosine tells other topics, hardly a near miss; beside a judge it helped on the development
questions only. Names that are missing are in the log odds already (rag.judging); the kind of answer
and the likelihood of the question did not help, see eval/LOG.md. Where what was found speaks
against what the question takes for granted (rag.premise), hardly any has an answer, whatever the
signal says.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.types import Evidence

log = logging.getLogger(__name__)

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")
NO_JUDGE = "none"  # its name in a calibration
_VERSION = 2
_SHARE_FLOOR = 0.7  # share of the question's words from which the cosine is raised, by up to
_SHARE_BONUS = 0.2
_AGAINST = 0.1  # of 18 such questions in eval/, one has an answer


@dataclass(frozen=True, slots=True)
class Signals:
    """What refusal is decided by; ``log_odds`` is 0 without a judge, ``against`` tells whether what
    was found speaks against the question."""

    cosine: float
    log_odds: float
    against: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """The weights of the signals, fitted with one judge, or with "none"; one of them is 0."""

    judge: str
    cosine: float
    log_odds: float
    constant: float
    threshold: float = 0.3  # a question with a lower probability is refused

    def probability(self, signals: Signals | None) -> float:
        """That the corpus answers, 0 to 1; 0 where there is no evidence at all."""
        if signals is None:
            return 0.0
        total = self.constant + self.cosine * signals.cosine + self.log_odds * signals.log_odds
        likely = 1 / (1 + math.exp(-total))
        return min(likely, _AGAINST) if signals.against else likely


# Of a system that nobody calibrated: even odds at a cosine of 0.48, set by hand.
DEFAULT = Calibration(NO_JUDGE, cosine=16.0, log_odds=0.0, constant=-7.68)


def signals(
    evidence: Sequence[Evidence], log_odds: Sequence[float], against: bool
) -> Signals | None:
    """``log_odds`` are a judge's, of the best evidence, or empty; None without evidence."""
    if not evidence:
        return None
    cosine = max(
        e.cosine + _SHARE_BONUS * max(0.0, e.share - _SHARE_FLOOR) / (1 - _SHARE_FLOOR)
        for e in evidence
    )
    return Signals(cosine, max(log_odds, default=0.0), against)


def load_calibration(judge: str, path: Path = CALIBRATION_FILE) -> Calibration:
    """The one fitted with this judge, else DEFAULT, with a warning."""
    for calibration in _read(path):
        if calibration.judge == judge:
            return calibration
    log.warning(
        "refusal is not calibrated with the judge %s; by cosine alone until you run "
        "python -m eval.calibrate",
        judge,
    )
    return DEFAULT


def save_calibration(calibration: Calibration, path: Path = CALIBRATION_FILE) -> None:
    """Store it, in place of an earlier one with the same judge."""
    others = [c for c in _read(path) if c.judge != calibration.judge]
    fitted = sorted([*others, calibration], key=lambda c: c.judge)
    content = {"version": _VERSION, "calibrations": [asdict(c) for c in fitted]}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _read(path: Path) -> list[Calibration]:
    if not path.is_file():
        return []
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["version"] != _VERSION:
        log.warning("%s has version %s, expected %s", path, content["version"], _VERSION)
        return []
    return [Calibration(**fields) for fields in content["calibrations"]]
