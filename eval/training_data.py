"""What training on the questions of eval/training needs, whatever is trained."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
