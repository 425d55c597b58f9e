"""What training on the questions of eval/training needs, whatever is trained."""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from eval.questions import Question, check_against_corpus, load_questions
from rag.cli import add_quiet_option
from rag.config import Config
from rag.documents import load_corpus
from rag.embedder import load_embedder
from rag.index import open_or_build
from rag.models import EMBEDDER, resolve
from rag.progress import progress_bar
from rag.retriever import Retriever

TRAINING = Path("eval/training")

T = TypeVar("T")


def training_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """The command line of what trains something that is shipped."""
    made = argparse.ArgumentParser(prog=prog, description=description)
    add_quiet_option(made)
    made.add_argument("--out", type=Path, metavar="FILE", help="default: the shipped one")
    made.add_argument(
        "--hold-out",
        type=int,
        metavar="N",
        help="train without every N-th document, and tell how well its questions are done",
    )
    return made


def training_questions(sample: int | None = None) -> Iterator[tuple[Question, Retriever]]:
    """Each question, or so many drawn by chance, with what finds its candidates in the documents;
    shows how far it is."""
    questions = load_questions([TRAINING / "questions.jsonl"])
    corpus = load_corpus(TRAINING / "docs")
    check_against_corpus(questions, {d.id: d.text for d in corpus.documents})
    if sample is not None:
        questions = random.Random(0).sample(questions, min(sample, len(questions)))
    embedder = load_embedder(resolve(EMBEDDER))
    with tempfile.TemporaryDirectory() as room:
        index = open_or_build(Path(room) / "index", corpus, embedder, Config())
        retriever = Retriever(index, embedder)
        with progress_bar(len(questions), "question", "reading") as bar:
            for question in questions:
                yield question, retriever
                bar.update(1)


def steps(
    examples: Sequence[T], batch: int, epochs: int, groups: list[dict[str, Any]], warm_up: float
) -> Iterator[list[T]]:
    """The examples of each step, all of them once an epoch, in an order drawn by chance.

    Whoever takes them adds up the gradients of ``groups`` (of parameters, each with its rate);
    AdamW then goes its step, with a linear rise of the rate over the share ``warm_up`` of the
    steps and a cosine fall. Shows how far it is.
    """
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(examples)) for _ in range(epochs)])
    batches = np.array_split(order, math.ceil(len(order) / batch))
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in groups],
        total_steps=len(batches),
        pct_start=warm_up,
    )
    with progress_bar(len(batches), "step", "training") as bar:
        for numbers in batches:
            optimizer.zero_grad()
            yield [examples[number] for number in numbers]
            optimizer.step()
            schedule.step()
            bar.update(1)
