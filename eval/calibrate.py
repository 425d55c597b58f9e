"""python -m eval.calibrate: fit the weights of the refusal signals on the development questions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from eval.stats import calibration_error
from eval.suites import own_suite
from rag.abstention import (
    CALIBRATION_FILE,
    NO_JUDGE,
    Calibration,
    Signals,
    save_calibration,
)
from rag.cli import add_quiet_option, configure_logging, run
from rag.config import Config
from rag.documents import load_corpus
from rag.pipeline import Pipeline
from rag.progress import progress_bar

_PENALTY = 1e4  # inverse strength of L2: none to speak of, for two numbers
_FALSE_REFUSALS = 0.04  # of the answerable questions
_THRESHOLDS = [round(0.05 * n, 2) for n in range(1, 20)]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m eval.calibrate",
        description="Fit, on the development questions, when to refuse; the result is stored "
        f"in {CALIBRATION_FILE.name} for the judge that goes with the generator.",
    )
    made.add_argument(
        "--generator", metavar="MODEL", help="as for rag.ask; none calibrates without a judge"
    )
    add_quiet_option(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    suite = own_suite()
    questions = [q for q in suite.questions if suite.split[q.id] == "dev"]
    pipeline = Pipeline.open(
        load_corpus(suite.corpus), Path("indexes/eval-articles"), Config(), options.generator
    )
    found: list[Signals] = []
    with progress_bar(len(questions), "question", "reading") as bar:
        for question in questions:
            signals = pipeline.signals(question.question, question.history)
            assert signals is not None  # the articles always hold evidence
            found.append(signals)
            bar.update(1)
    answerable = [question.answerable for question in questions]
    calibration = fit(pipeline.judge, found, answerable)
    save_calibration(calibration)
    print(describe(calibration, found, answerable))
    return 0


def fit(judge: str, found: Sequence[Signals], answerable: Sequence[bool]) -> Calibration:
    """Logistic regression of "answerable" on the judge's signal, or on the cosine without one."""
    from sklearn.linear_model import LogisticRegression

    alone = judge == NO_JUDGE
    fitted_on = [not signals.against for signals in found]  # the others' bound is not fitted
    inputs = np.array([[s.cosine if alone else s.log_odds] for s in found])
    model = LogisticRegression(C=_PENALTY).fit(inputs[fitted_on], np.array(answerable)[fitted_on])
    weight, constant = round(float(model.coef_[0, 0]), 4), round(float(model.intercept_[0]), 4)
    fitted = Calibration(judge, weight if alone else 0.0, 0.0 if alone else weight, constant)
    claimed = [fitted.probability(signals) for signals in found]
    return replace(fitted, threshold=best_threshold(claimed, answerable))


def best_threshold(claimed: Sequence[float], answerable: Sequence[bool]) -> float:
    """Of those below which less than _FALSE_REFUSALS of the answerable lie, the one below which
    most of the others do; the middle one of equals, 0 where there is none."""
    wanted = np.array(answerable)

    def refused(threshold: float) -> tuple[float, float]:
        low = np.array(claimed) < threshold
        return float(low[wanted].mean()), float(low[~wanted].mean())

    allowed = [t for t in _THRESHOLDS if refused(t)[0] < _FALSE_REFUSALS]
    most = max((refused(t)[1] for t in allowed), default=0.0)
    equals = [t for t in allowed if refused(t)[1] == most]
    return equals[(len(equals) - 1) // 2] if equals else 0.0


def describe(calibration: Calibration, found: Sequence[Signals], answerable: Sequence[bool]) -> str:
    """How well it does on what it was fitted on."""
    claimed = np.array([calibration.probability(signals) for signals in found])
    wanted = np.array(answerable)
    refused = claimed < calibration.threshold
    return (
        f"judge {calibration.judge}: below {calibration.threshold} refuses "
        f"{refused[~wanted].mean():.2f} of the unanswerable, {refused[wanted].mean():.2f} of the "
        f"others; calibration error {calibration_error(claimed.tolist(), answerable):.3f} on "
        f"{len(found)} questions"
    )


if __name__ == "__main__":
    sys.exit(main())
