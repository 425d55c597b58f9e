"""Means with intervals, and how risk grows with coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` questions with its 95% bootstrap interval."""

    value: float
    low: float
    high: float
    n: int


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Estimate | None:
    """Percentile bootstrap (Efron 1979) over questions; None without values."""
    if not values:
        return None
    data = np.asarray(values, dtype=float)
    picks = np.random.default_rng(seed).integers(0, len(data), (_DRAWS, len(data)))
    low, high = np.percentile(data[picks].mean(axis=1), [2.5, 97.5])
    return Estimate(float(data.mean()), float(low), float(high), len(data))


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Share of wrong answers among the most confident ones, by the share answered.

    El-Yaniv & Wiener, JMLR 2010; ``area`` is the mean risk over all coverages.
    """

    coverage: list[float]
    risk: list[float]
    area: float


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> RiskCoverage | None:
    """None without questions; ties keep the order given."""
    if not confidence:
        return None
    order = np.argsort(-np.asarray(confidence), kind="stable")
    errors = np.asarray(wrong, dtype=float)[order]
    counts = np.arange(1, len(errors) + 1)
    risk = np.cumsum(errors) / counts
    return RiskCoverage(
        [round(float(c), 4) for c in counts / len(errors)],
        [round(float(r), 4) for r in risk],
        float(risk.mean()),
    )


def calibration_error(confidence: Sequence[float], happened: Sequence[bool]) -> float | None:
    """Expected calibration error (Guo et al. 2017, https://arxiv.org/abs/1706.04599) over ten
    equal bins: how far confidence lies from frequency, 0 to 1. None without questions."""
    if not confidence:
        return None
    claimed, true = np.asarray(confidence), np.asarray(happened, dtype=float)
    bins = np.minimum((claimed * 10).astype(int), 9)
    gaps = [
        abs(claimed[bins == b].mean() - true[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(sum(gaps))
