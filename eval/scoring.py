"""Answers of a run → its metrics: estimates, a breakdown by kind, and single values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.metrics import standard_metrics, wrong_answer
from eval.questions import Question
from eval.retrieval import retrieval_scores
from eval.stats import bootstrap_mean, calibration_error, risk_coverage
from rag.types import Answer, ModelNames, Seconds

_NAMES = ModelNames(generator="", embedder="")
# What a question counts as when the system raised: an answer that says and cites nothing.
FAILURE = Answer("", "", False, (), (), _NAMES, Seconds(0.0, 0.0, 0.0, 0.0), confidence=0.0)


@dataclass(frozen=True, slots=True)
class Record:
    """One question of a run; ``answer`` is None where the system raised ``error``."""

    question: Question
    answer: Answer | None
    error: str | None = None


def score_run(records: Sequence[Record], texts: Mapping[str, str], seed: int = 0) -> dict[str, Any]:
    """What metrics.json holds; the form is documented in eval/README.md."""
    values, better = _values(records, texts)
    metrics = {}
    for name, by_question in values.items():
        estimate = bootstrap_mean(list(by_question.values()), seed)
        if estimate is not None:
            metrics[name] = {**asdict(estimate), "better": better[name]}
    metrics |= _refusal_f1(metrics)
    metrics |= _calibration(records)
    metrics |= _latency(records)
    return {
        "metrics": metrics,
        "by_kind": _by_kind(records, values),
        "per_question": values,
        "risk_coverage": _risk_coverage(records),
    }


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


def _refusal_f1(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Harmonic mean of refusal precision and recall; without an interval of its own."""
    if "refusal_recall" not in metrics or "refusal_precision" not in metrics:
        return {}
    precision = metrics["refusal_precision"]["value"]
    recall = metrics["refusal_recall"]["value"]
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    n = metrics["refusal_recall"]["n"]
    return {"refusal_f1": {"value": f1, "low": f1, "high": f1, "n": n, "better": "higher"}}


def _calibration(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Of the confidence, taken as the probability that the question can be answered."""
    judged = [r for r in records if r.answer is not None]
    error = calibration_error(
        [r.answer.confidence for r in judged if r.answer is not None],
        [r.question.answerable for r in judged],
    )
    if error is None:
        return {}
    return {"calibration_error": _single(error, len(judged))}


def _single(value: float, n: int) -> dict[str, Any]:
    """A figure over all questions, the smaller the better, without an interval of its own."""
    return {"value": value, "low": value, "high": value, "n": n, "better": "lower"}


def _latency(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
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
    return {name: _single(float(v), len(seconds)) for name, v in percentiles.items()}


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


def _risk_coverage(records: Sequence[Record]) -> dict[str, Any] | None:
    """Were every question answered, the most confident first: how many would be wrong?

    A refusal of an answerable question has no answer to judge and is left out.
    """
    judged = [
        (r.answer.confidence, bool(wrong_answer(r.question, r.answer)) or not r.question.answerable)
        for r in records
        if r.answer is not None and not (r.answer.refused and r.question.answerable)
    ]
    curve = risk_coverage([c for c, _ in judged], [w for _, w in judged])
    return None if curve is None else asdict(curve)
