"""Question and evidence → the probability that the corpus answers.

A logistic model of two signals that depend on no generator: the largest cosine of a source
sentence to the question, and the share of the question's proper names that stand nowhere near
the best evidence. Coefficients were fitted by hand on development questions over the five
articles (see eval/LOG.md); they separate other topics well, and near misses only in part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.claims import names
from rag.terms import tokens
from rag.types import Evidence

THRESHOLD = 0.5
_INTERCEPT = -4.2
_COSINE = 10.0
_MISSING_NAMES = -3.0
_READ = 5  # sentences of evidence looked at


def probability(question: str, evidence: Sequence[Evidence]) -> float:
    """0 to 1; 0 where there is no evidence at all. Below THRESHOLD the question is refused."""
    if not evidence:
        return 0.0
    cosine = max(e.cosine for e in evidence)
    logit = _INTERCEPT + _COSINE * cosine + _MISSING_NAMES * _missing_names(question, evidence)
    return 1 / (1 + math.exp(-logit))


def _missing_names(question: str, evidence: Sequence[Evidence]) -> float:
    wanted = names(question)
    if not wanted:
        return 0.0
    present = set(tokens(" ".join(e.context for e in evidence[:_READ])))
    return len(wanted - present) / len(wanted)
