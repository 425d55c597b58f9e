"""Means with intervals, and how risk grows with coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DRAWS = 2000
_Z = 1.96  # standard deviations on either side that hold 95% of a normal distribution


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` questions with its 95% interval."""

    value: float
    low: float
    high: float
    n: int


def bootstrap_mean(
    values: Sequence[float], seed: int = 0, *, share: bool = True
) -> Estimate | None:
    """Percentile bootstrap (Efron 1979) over questions; None without values.

    Where all values are 0, or all are 1, no draw differs: the interval of a share is Wilson's
    (1927); what is none, such as a count, then has no interval but its value.
    """
    if not values:
        return None
    data = np.asarray(values, dtype=float)
    if share and data.min() == data.max() and data[0] in (0, 1):
        return _wilson(float(data[0]), len(data))
    picks = np.random.default_rng(seed).integers(0, len(data), (_DRAWS, len(data)))
    low, high = np.percentile(data[picks].mean(axis=1), [2.5, 97.5])
    return Estimate(float(data.mean()), float(low), float(high), len(data))


def _wilson(share: float, n: int) -> Estimate:
    """Score interval of a share that is 0 or 1 (Wilson, JASA 22, 1927)."""
    reach = _Z**2 / (n + _Z**2)
    return Estimate(share, max(0.0, share - reach), min(1.0, share + reach), n)


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Share of wrong answers among the most confident ones, by the share answered.

    El-Yaniv & Wiener, JMLR 2010; ``area`` is the mean risk over all coverages.
    """

    coverage: list[float]
    risk: list[float]
    area: float


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> RiskCoverage | None:
    """None without questions. Equally confident answers share their risk, so that the order given
    does not matter."""
    if not confidence:
        return None
    doubt = -np.asarray(confidence)
    order = np.argsort(doubt)
    _, group = np.unique(doubt[order], return_inverse=True)
    errors = np.asarray(wrong, dtype=float)[order]
    errors = (np.bincount(group, errors) / np.bincount(group))[group]
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
