"""Evidence → the probability that the corpus answers.

A logistic model. Its first signal depends on no language model: the largest cosine of a source
sentence to the question, raised where the sentence holds nearly all words of the question, since
a long sentence that answers a short question is far from it by cosine. Set on development
questions over the five articles; more signals (names missing, the kind of answer, the likelihood
of the question) did not help there, see eval/LOG.md. The second is the largest log odds of a judge,
where there is one. Both were fitted on the development questions. They tell other topics, and near
misses only in part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.types import Evidence

THRESHOLD = 0.5
_MIDDLE = 0.48  # signal at which a question is as likely to be answered as not
_STEEPNESS = 16.0
_SHARE_FLOOR = 0.7  # share of the question's words from which the cosine is raised, by up to
_SHARE_BONUS = 0.2


# The same with a judge: largest log odds, cosine signal, constant.
_JUDGED = (0.97, 2.28, 0.87)


def probability(evidence: Sequence[Evidence], log_odds: Sequence[float] = ()) -> float:
    """0 to 1; 0 where there is no evidence at all. Below THRESHOLD the question is refused.

    ``log_odds`` are a judge's, of the best evidence, where there is one.
    """
    if not evidence:
        return 0.0
    signal = max(
        e.cosine + _SHARE_BONUS * max(0.0, e.share - _SHARE_FLOOR) / (1 - _SHARE_FLOOR)
        for e in evidence
    )
    if log_odds:
        weights = zip(_JUDGED, (max(log_odds), signal, 1.0), strict=True)
        return _logistic(sum(weight * value for weight, value in weights))
    return _logistic(_STEEPNESS * (signal - _MIDDLE))


def _logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
