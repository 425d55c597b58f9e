"""The systems that are compared, each with the same weights: question → Answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from eval.metrics import markers
from eval.questions import Question
from rag.citing import passage
from rag.config import Config
from rag.conversation import standalone
from rag.documents import load_corpus
from rag.embedder import load_embedder
from rag.generator import load_generator
from rag.index import Index, open_or_build
from rag.models import EMBEDDER, resolve, resolve_generator
from rag.pipeline import Pipeline
from rag.question import check_question
from rag.retriever import Retriever
from rag.types import (
    Answer,
    Citation,
    Embedder,
    Generator,
    Hit,
    Message,
    ModelNames,
    Seconds,
)

_TOP = 4  # chunks that the baselines read
_MAX_NEW_TOKENS = 120  # as ours, which asks for at most 60 words
_DECLINES = re.compile(
    r"not (?:know|tell|say|state|provide|contain|include|mention|specif|have|enough)"
    r"|\bno (?:information|mention)\b|\bca(?:n| )?not answer|\bunable to\b"
)


class System(Protocol):
    """Anything that answers; what it raises counts as a failure of that question."""

    def answer(self, question: Question) -> Answer: ...


class Ours:
    """The pipeline as it is shipped."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def answer(self, question: Question) -> Answer:
        return self._pipeline.ask(question.question, question.history)


class SinglePrompt:
    """One prompt over the whole top chunks, as most tutorials do it; no chunks: closed book.

    It never refuses by itself: a reply that says it does not know counts as a refusal.
    """

    def __init__(
        self, generator: Generator, search: Callable[[str], list[Hit]], names: ModelNames
    ) -> None:
        self._generator = generator
        self._search = search
        self._names = names

    def answer(self, question: Question) -> Answer:
        asked = _standalone(question)
        started = time.perf_counter()
        hits = self._search(asked)
        retrieved = time.perf_counter()
        reply = self._generator.generate(single_prompt(asked, hits), _MAX_NEW_TOKENS)
        ended = time.perf_counter()
        declined = _declines(reply)
        citations = tuple(_cite(number, hit) for number, hit in enumerate(hits, start=1))
        used = tuple(c for c in citations if f"[{c.marker}]" in reply)
        return Answer(
            question=asked,
            answer=reply,
            refused=declined,
            citations=used,
            passages=tuple(map(passage, hits)),
            models=self._names,
            seconds=_seconds(started, retrieved, ended),
            confidence=float(not declined),
        )


class BestSentence:
    """No language model: the source sentence nearest to the question, never a refusal."""

    def __init__(self, index: Index, retriever: Retriever, names: ModelNames) -> None:
        self._index = index
        self._retriever = retriever
        self._names = names

    def answer(self, question: Question) -> Answer:
        asked = _standalone(question)
        started = time.perf_counter()
        hits, evidence = self._retriever.find(asked, Config().top_k)
        best = evidence[0]
        ended = time.perf_counter()
        title = self._index.documents[best.doc].title
        return Answer(
            question=asked,
            answer=f"{best.text} [1]",
            refused=False,
            citations=(Citation(1, best.doc, title, best.start, best.end, best.text),),
            passages=tuple(map(passage, hits)),
            models=self._names,
            seconds=_seconds(started, ended, ended),
            confidence=1.0,
        )


def open_system(name: str, corpus: Path, index_folder: Path, generator: str | None) -> System:
    """A system of ``eval.run.SYSTEMS`` over a folder of documents."""
    documents = load_corpus(corpus)
    if name == "ours":
        return Ours(Pipeline.open(documents, index_folder, Config(), generator))
    embedder = load_embedder(resolve(EMBEDDER))
    index = open_or_build(index_folder, documents, embedder, Config())
    retriever = Retriever(index, embedder)
    if name == "best-sentence":
        return BestSentence(index, retriever, ModelNames("none", embedder.name))
    model = load_generator(resolve_generator(generator))
    names = ModelNames(model.name, embedder.name)
    return SinglePrompt(model, _searches(index, embedder)[name], names)


def _searches(index: Index, embedder: Embedder) -> dict[str, Callable[[str], list[Hit]]]:
    def dense(question: str) -> list[Hit]:
        found = index.dense.search(embedder.encode([question])[0], _TOP)
        return [Hit(index.chunks[i], score) for i, score in found]

    def lexical(question: str) -> list[Hit]:
        return [Hit(index.chunks[i], score) for i, score in index.lexical.search(question, _TOP)]

    return {"closed-book": lambda question: [], "dense": dense, "bm25": lexical}


def _standalone(question: Question) -> str:
    """The question with what it refers to, as ours understands it."""
    return standalone(check_question(question.question), question.history)


def single_prompt(question: str, hits: Sequence[Hit]) -> list[Message]:
    """Whole chunks and the question; without chunks the question alone."""
    if not hits:
        return [Message(role="user", content=f"{question}\nAnswer in one sentence.")]
    context = "\n\n".join(f"[{n}] {hit.chunk.text}" for n, hit in enumerate(hits, start=1))
    return [
        Message(
            role="user",
            content=f"Answer the question from the numbered passages only and cite them, as in "
            f"[1]. If they do not tell, say that you do not know.\n\n{context}\n\n"
            f"Question: {question}",
        )
    ]


def _declines(reply: str) -> bool:
    """Whether a reply says that it does not know; one that cites a passage answers from it."""
    said = re.sub(r"n['’]t\b", " not", reply.casefold())
    if markers(said):
        return False
    return not said or _DECLINES.search(said) is not None


def _cite(marker: int, hit: Hit) -> Citation:
    chunk = hit.chunk
    return Citation(marker, chunk.doc, chunk.doc, chunk.start, chunk.end, chunk.text)


def _seconds(started: float, retrieved: float, ended: float) -> Seconds:
    return Seconds(
        retrieve=round(retrieved - started, 4),
        generate=round(ended - retrieved, 4),
        ground=0.0,
        total=round(ended - started, 4),
    )
