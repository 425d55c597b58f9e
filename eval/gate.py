"""Whether a run is worse than the baseline by more than the baseline's own interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

Metrics = Mapping[str, Mapping[str, Any]]


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


def fallen(metrics: Metrics, baseline: Metrics) -> list[str]:
    """One line for each metric that left the baseline's interval on its bad side, or is gone."""
    problems = []
    for name, base in baseline.items():
        if name not in metrics:
            problems.append(f"{name} is missing, baseline has {base['value']:.3f}")
            continue
        value = metrics[name]["value"]
        higher = base["better"] == "higher"
        bound = base["low"] if higher else base["high"]
        if value < bound - 1e-9 if higher else value > bound + 1e-9:
            problems.append(
                f"{name} is {value:.3f}, baseline {base['value']:.3f} allows "
                f"{'no less than' if higher else 'no more than'} {bound:.3f}"
            )
    return problems
