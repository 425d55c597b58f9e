"""Whether a run is worse than the baseline by more than the baseline's own interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from eval.runs_io import Reported
from rag.errors import RagError

# Latency is left out: it depends on the machine, quality does not.
GATED = (
    "fact_recall",
    "wrong_fact_rate",
    "wrong_answer_rate",
    "citation_recall",
    "citation_precision",
    "quotes_exact",
    "refusal_recall",
    "false_refusal_rate",
    "document_recall@5",
    "span_recall@5",
)

_EXACT = ("quotes_exact",)  # no chance makes a quote false

_ROUNDING = 1e-4  # of the figures that a baseline keeps

Metrics = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Baseline:
    run: str
    split: str
    metrics: dict[str, Reported]


_BASELINE = TypeAdapter(_Baseline)


def gated(metrics: Metrics) -> dict[str, dict[str, Any]]:
    """The metrics that a baseline keeps, rounded so that its diff is read with ease."""
    return {
        name: {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in metrics[name].items()
        }
        for name in GATED
        if name in metrics
    }


def read_baseline(path: Path, split: str) -> Metrics:
    """The metrics of a baseline file; RagError when it holds none, or those of another split."""
    try:
        baseline = _BASELINE.validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RagError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); run with --update-baseline"
        ) from None
    if baseline.split != split:
        raise RagError(
            f"{path} is of the {baseline.split} questions, the run of {split}; choose --split "
            f"{baseline.split}, or run with --update-baseline"
        )
    return {name: asdict(metric) for name, metric in baseline.metrics.items()}


def fallen(metrics: Metrics, baseline: Metrics) -> list[str]:
    """One line for each metric that left the baseline's interval on its bad side, or is gone; what
    chance has no part in may not leave the baseline's value."""
    problems = []
    for name, base in baseline.items():
        if name not in metrics:
            problems.append(f"{name} is missing, baseline has {base['value']:.3f}")
            continue
        value = metrics[name]["value"]
        higher = base["better"] == "higher"
        bound = base["value" if name in _EXACT else "low" if higher else "high"]
        if value < bound - _ROUNDING if higher else value > bound + _ROUNDING:
            problems.append(
                f"{name} is {value:.3f}, baseline {base['value']:.3f} allows "
                f"{'no less than' if higher else 'no more than'} {bound:.3f}"
            )
    return problems
