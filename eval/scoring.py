"""Answers of a run → its metrics: estimates, a breakdown by kind, and single values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from eval.metrics import standard_metrics, wrong_answer
from eval.questions import Question
from eval.retrieval import retrieval_scores
from eval.stats import Estimate, RiskCoverage, bootstrap_mean, calibration_error, risk_coverage
from rag.types import Answer, ModelNames, Seconds

_NAMES = ModelNames(generator="", embedder="")
# What a question counts as when the system raised: an answer that says and cites nothing.
FAILURE = Answer("", "", False, (), (), _NAMES, Seconds(0.0, 0.0, 0.0, 0.0), confidence=0.0)
_COUNTS = ("answer_words",)  # no share of anything, unlike the others that have an interval


@dataclass(frozen=True, slots=True)
class Record:
    """One question of a run; ``answer`` is None where the system raised ``error``."""

    question: Question
    answer: Answer | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Reported(Estimate):
    """A metric as it is reported; ``better`` is its good direction."""

    better: str  # "higher", "lower" or "neutral"

    def __str__(self) -> str:
        """Such as 0.71 [0.60, 0.80]; without brackets where no interval was computed."""
        if self.low == self.high:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class Scores:
    """metrics.json; its form is documented in eval/README.md."""

    metrics: dict[str, Reported]
    by_kind: dict[str, dict[str, float | None]]
    per_question: dict[str, dict[str, float]]
    risk_coverage: RiskCoverage | None = None


def score_run(records: Sequence[Record], texts: Mapping[str, str], seed: int = 0) -> Scores:
    """How good the answers of a run are."""
    values, better = _values(records, texts)
    metrics = {}
    for name, by_question in values.items():
        estimate = bootstrap_mean(list(by_question.values()), seed, share=name not in _COUNTS)
        if estimate is not None:
            metrics[name] = Reported(**asdict(estimate), better=better[name])
    metrics |= _refusal_f1(metrics) | _calibration(records) | _latency(records)
    return Scores(metrics, _by_kind(records, values), values, _risk_coverage(records))


def _values(
    records: Sequence[Record], texts: Mapping[str, str]
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    values: dict[str, dict[str, float]] = {}
    better: dict[str, str] = {}
    for name, metric in standard_metrics(texts).items():
        scored = {r.question.id: metric.score(r.question, r.answer or FAILURE) for r in records}
        values[name] = {key: value for key, value in scored.items() if value is not None}
        better[name] = metric.better
    passages = {r.question.id: r.answer.passages for r in records if r.answer is not None}
    for name, scores in retrieval_scores([r.question for r in records], passages).items():
        values[name], better[name] = scores, "higher"
    return values, better


def _refusal_f1(metrics: Mapping[str, Reported]) -> dict[str, Reported]:
    """Harmonic mean of refusal precision and recall."""
    if "refusal_recall" not in metrics or "refusal_precision" not in metrics:
        return {}
    precision, recall = metrics["refusal_precision"].value, metrics["refusal_recall"].value
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"refusal_f1": _single(f1, metrics["refusal_recall"].n, "higher")}


def _calibration(records: Sequence[Record]) -> dict[str, Reported]:
    """Of the confidence, taken as the probability that the question can be answered."""
    judged = [r for r in records if r.answer is not None]
    error = calibration_error(
        [r.answer.confidence for r in judged if r.answer is not None],
        [r.question.answerable for r in judged],
    )
    if error is None:
        return {}
    return {"calibration_error": _single(error, len(judged), "lower")}


def _single(value: float, n: int, better: str) -> Reported:
    """A figure over all questions, without an interval of its own."""
    return Reported(value, value, value, n, better)


def _latency(records: Sequence[Record]) -> dict[str, Reported]:
    """Percentiles of the seconds of questions that were answered or refused without raising."""
    seconds = [r.answer.seconds for r in records if r.answer is not None]
    if not seconds:
        return {}
    totals = [s.total for s in seconds]
    percentiles = {
        "seconds_p50": np.percentile(totals, 50),
        "seconds_p95": np.percentile(totals, 95),
        "retrieve_p50": np.percentile([s.retrieve for s in seconds], 50),
        "judge_p50": np.percentile([s.judge for s in seconds], 50),
        "generate_p50": np.percentile([s.generate for s in seconds], 50),
        "ground_p50": np.percentile([s.ground for s in seconds], 50),
    }
    return {name: _single(float(v), len(seconds), "lower") for name, v in percentiles.items()}


def _by_kind(
    records: Sequence[Record], values: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float | None]]:
    kinds: dict[str, list[str]] = {}
    for record in records:
        kinds.setdefault(record.question.kind, []).append(record.question.id)
    return {
        kind: {
            name: _mean([by_question[i] for i in ids if i in by_question])
            for name, by_question in values.items()
        }
        for kind, ids in kinds.items()
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _risk_coverage(records: Sequence[Record]) -> RiskCoverage | None:
    """Were every question answered, the most confident first: how many would be wrong?

    A refusal of an answerable question has no answer to judge and is left out.
    """
    judged = [
        (r.answer.confidence, bool(wrong_answer(r.question, r.answer)) or not r.question.answerable)
        for r in records
        if r.answer is not None and not (r.answer.refused and r.question.answerable)
    ]
    return risk_coverage([c for c, _ in judged], [w for _, w in judged])
