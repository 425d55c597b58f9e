"""Candidate sentences → the same in the order of a judge's log odds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rag.answer_kind import tells_plainly
from rag.claims import names, share_of_names
from rag.premise import tells_other
from rag.terms import tokens
from rag.types import Evidence, Judge
from rag.windows import windows, with_previous

JUDGED = 10  # best candidates that a judge reads, with what stands before them
_FIRST = 4  # of them; the others only where none of these answers
_ANSWERS = -0.75  # log odds; a larger bound costs more passes and changes nothing (eval/LOG.md)
# Log odds that a sentence loses where none of the question's names stands in it, its title or the
# sentence before; fitted on questions of documents that no judge was trained on (eval/LOG.md).
_NAMES_MISSING = 1.2
_OTHER = 1.5  # … and where it tells of another year, month or office than the question

# … and what one gains that tells plainly who somebody is, what they said or what happened when: no
# judge was trained on the first, and with the second mostly on what nobody said.
_PLAINLY = 2.0


def judge_evidence(
    judge: Judge, question: str, evidence: Sequence[Evidence]
) -> tuple[list[Evidence], list[float]]:
    """All evidence, first what was read, best first; and the log odds, which are its scores.

    They are the judge's, less something for names of the question that a sentence is not about, and
    for other years: a judge takes one company's revenue for another's, and last year's for this.

    The windows that hold one of the best few are read in one pass, and the others in another
    where they are needed: half of the questions need none (eval/LOG.md). A window sees no other
    one, so its log odds are the same either way. Sentences that tell plainly what is asked for are
    read before any other.
    """
    evidence = sorted(evidence, key=lambda e: not tells_plainly(question, e.text, e.context))
    judged = with_previous(evidence, JUDGED)
    best = set(evidence[:_FIRST])
    first: list[Evidence] = []
    rest: list[Evidence] = []
    for window in windows(judged):
        sentences = [judged[i] for i in window]
        (rest if best.isdisjoint(sentences) else first).extend(sentences)
    log_odds = _log_odds(judge, question, first)
    read = first
    if max(log_odds, default=-math.inf) < _ANSWERS:
        log_odds = log_odds + _log_odds(judge, question, rest)
        read = first + rest
    chosen = set(read)
    return _ranked(read, log_odds) + [e for e in evidence if e not in chosen], log_odds


def _log_odds(judge: Judge, question: str, evidence: Sequence[Evidence]) -> list[float]:
    wanted = names(question)
    return [
        odds
        - _NAMES_MISSING * (1 - share_of_names(wanted, set(tokens(e.context))))
        - _OTHER * tells_other(question, e.text)
        + _PLAINLY * tells_plainly(question, e.text, e.context)
        for e, odds in zip(evidence, judge.log_odds(question, evidence), strict=True)
    ]


def _ranked(read: Sequence[Evidence], log_odds: Sequence[float]) -> list[Evidence]:
    """By their log odds, which become their scores."""
    rescored = [replace(e, score=odds) for e, odds in zip(read, log_odds, strict=True)]
    return sorted(rescored, key=lambda e: (-e.score, e.doc, e.start))
