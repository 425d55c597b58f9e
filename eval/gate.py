"""Whether a run is worse than the baseline by more than the baseline's own interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from eval.scoring import Reported
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

Metrics = Mapping[str, Reported]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a run is held against, as a file holds it."""

    run: str
    split: str
    metrics: dict[str, Reported]


_BASELINE = TypeAdapter(Baseline)


def gated(metrics: Metrics) -> dict[str, Reported]:
    """The metrics that a baseline keeps, rounded so that its diff is read with ease."""
    return {name: _rounded(metrics[name]) for name in GATED if name in metrics}


def _rounded(m: Reported) -> Reported:
    return replace(m, value=round(m.value, 4), low=round(m.low, 4), high=round(m.high, 4))


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
    if not baseline.metrics:
        raise RagError(
            f"{path} holds no metrics, expected at least one; run with --update-baseline"
        )
    return baseline.metrics


def fallen(metrics: Metrics, baseline: Metrics) -> list[str]:
    """One line for each metric that left the baseline's interval on its bad side, or is gone; what
    chance has no part in may not leave the baseline's value."""
    problems = []
    for name, base in baseline.items():
        if name not in metrics:
            problems.append(f"{name} is missing, baseline has {base.value:.3f}")
            continue
        value, higher = metrics[name].value, base.better == "higher"
        bound = base.value if name in _EXACT else base.low if higher else base.high
        if value < bound - _ROUNDING if higher else value > bound + _ROUNDING:
            problems.append(
                f"{name} is {value:.3f}, baseline {base.value:.3f} allows "
                f"{'no less than' if higher else 'no more than'} {bound:.3f}"
            )
    return problems
