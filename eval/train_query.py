"""python -m eval.train_query: train rag/query.safetensors on the questions of eval/training.

A question and the sentence that answers it seldom say the same, so the embedder, which was trained
on texts that do, puts them apart. Low-rank corrections of its upper layers, for questions alone,
bring a question's vector near the sentences that answer; those of the documents stay, so no index
is made anew. Takes five to ten minutes on two cores, most of them for embedding the documents.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from eval.low_rank import add_low_rank, shrink, trained
from eval.metrics import is_gold
from eval.options import expect_at_least
from eval.questions import Question, hold_out
from eval.training_data import steps, training_parser, training_questions
from rag.cli import configure_logging, run
from rag.embedder import QUERY_FILE
from rag.errors import ModelError
from rag.low_rank import Stored
from rag.models import EMBEDDER, resolve
from rag.retriever import Retriever, towards
from rag.types import QueryVectors
from rag.weights import Gguf

_LOWEST = 3  # layer that is corrected; all six find .01 more, and take twice the time
_SHARE = 0.5  # of the corrections that is kept: further from the questions trained on, less is more
_RANK = 16
_SEARCHED = 40  # chunks whose sentences a question is to tell apart
_EPOCHS = 2
_BATCH = 32  # questions
_RATE, _SHARPNESS_RATE = 1e-3, 1e-2
_WARM_UP = 0.1  # share of the steps
_SHARPNESS = 3.0  # logarithm of what scores are multiplied by, to begin with

Encode = Callable[[Sequence["Example"]], Tensor]


@dataclass(frozen=True, slots=True)
class Example:
    """An answerable question and n candidate sentences."""

    question: Question
    towards: Tensor  # (n, dimension), what its vector is multiplied by
    words: Tensor  # (n,), what the score adds to that
    gold: Tensor  # (n,) bool


def parser() -> argparse.ArgumentParser:
    """The command line."""
    return training_parser("python -m eval.train_query", "Train how questions are embedded.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    expect_at_least(2, "--hold-out", options.hold_out)
    weights = resolve(EMBEDDER)
    if isinstance(weights.source, Gguf):
        raise ModelError(f"{weights.name} is a GGUF file, expected a sentence-transformers folder")
    examples = read_examples()
    seen, unseen = hold_out(examples, options.hold_out)
    model = AutoModel.from_pretrained(weights.source, dtype=torch.float32, local_files_only=True)
    model.eval().requires_grad_(False)
    encode = _encoder(model, AutoTokenizer.from_pretrained(weights.source, local_files_only=True))
    before = describe(encode, unseen) if unseen else ""
    for layer in model.encoder.layer[_LOWEST:]:
        add_low_rank(layer, _RANK)
    train(encode, model, seen)
    shrink(model, _SHARE)
    out = options.out or QUERY_FILE
    # As they come with the package, and from the hub.
    known = f"{EMBEDDER.packaged.sha256} {EMBEDDER.repo}@{EMBEDDER.revision}"
    Stored(trained(model), {"fingerprints": known}).save(out)
    if unseen:
        print(f"before: {before}\nafter: {describe(encode, unseen)}")
    print(out)
    return 0


def read_examples() -> list[Example]:
    """The candidates of every question that one of them answers."""
    return [
        example
        for question, retriever in training_questions()
        if question.answerable
        for example in _example(question, retriever)
    ]


def _example(question: Question, retriever: Retriever) -> list[Example]:
    """None where no candidate answers."""
    vectors = retriever.embed(question.question)
    hits = retriever.search(question.question, vectors, _SEARCHED)
    # A question without direction is as near to all; what is left of the scores is their words'.
    nowhere = QueryVectors(vectors.passage, np.zeros_like(vectors.passage))
    found = retriever.evidence(question.question, nowhere, hits)
    gold = torch.tensor([is_gold(question, e) for e in found])
    if not gold.any():
        return []
    rows = {
        (hit.chunk.doc, span.start): row
        for hit in hits
        for span, row in zip(
            hit.chunk.sentences, towards(retriever.index.vectors_of(hit.chunk)), strict=True
        )
    }
    chosen = np.stack([rows[e.doc, e.start] for e in found])
    words = torch.tensor([e.score for e in found])
    return [Example(question, torch.from_numpy(chosen), words, gold)]


def _encoder(model: nn.Module, tokenizer: Callable[..., dict[str, Tensor]]) -> Encode:
    def encode(examples: Sequence[Example]) -> Tensor:
        """Unit vectors, (examples, dimension)."""
        texts = [example.question.question for example in examples]
        read = tokenizer(texts, padding=True, truncation=True, max_length=128, return_tensors="pt")
        there = read["attention_mask"][..., None].float()
        states = model(**read).last_hidden_state
        return normalize((states * there).sum(1) / there.sum(1), dim=1)

    return encode


def train(encode: Encode, model: nn.Module, examples: Sequence[Example]) -> None:
    """The loss is that of choosing a sentence that answers among all candidates
    (https://arxiv.org/abs/2004.04906)."""
    sharpness = nn.Parameter(torch.tensor(_SHARPNESS))
    ours = [p for p in model.parameters() if p.requires_grad]
    groups = [{"params": ours, "lr": _RATE}, {"params": [sharpness], "lr": _SHARPNESS_RATE}]
    for chosen in steps(examples, _BATCH, _EPOCHS, groups, _WARM_UP):
        found = [
            _loss((e.towards @ vector + e.words) * sharpness.exp(), e.gold)
            for e, vector in zip(chosen, encode(chosen), strict=True)
        ]
        torch.stack(found).mean().backward()  # type: ignore[no-untyped-call]


def _loss(scores: Tensor, gold: Tensor) -> Tensor:
    return scores.logsumexp(0) - scores[gold].logsumexp(0)


def describe(encode: Encode, examples: Sequence[Example]) -> str:
    """For how many questions a sentence that answers is among the best."""
    ranks = []
    with torch.inference_mode():
        for example in examples:
            (vector,) = encode([example])
            order = (example.towards @ vector + example.words).argsort(descending=True)
            ranks.append(int(example.gold[order].nonzero()[0]))
    best = (f"best {k}: {np.mean([rank < k for rank in ranks]):.3f}" for k in (1, 4, 10))
    return f"{len(ranks)} questions of unseen documents; one answers among the {', '.join(best)}"


if __name__ == "__main__":
    sys.exit(main())
