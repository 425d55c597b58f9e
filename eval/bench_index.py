"""What indexing costs, and what searching costs as a corpus grows, beside the plain way."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer

from eval.bench_answer import spreads
from eval.suites import ARTICLES, own_suite
from eval.timing import Stopwatch, peak_memory_gb, spread, times_as_fast
from rag.config import Config
from rag.dense import DenseIndex
from rag.documents import load_corpus
from rag.embedder import load_embedder
from rag.index import Index, open_or_build
from rag.lexical import LexicalIndex
from rag.models import EMBEDDER, resolve
from rag.types import Embedder, Vectors
from rag.vectors import embedded_texts

_NEIGHBOURS = 10
_QUESTIONS = 50
_BLOCK = 50_000  # rows made at once
_MOST_TEXTS = 100_000  # of which words are indexed; a million take half an hour


def bench_index(rounds: int, corpus: Path = ARTICLES) -> dict[str, Any]:
    """Building an index, beside raw encoding of the same texts with the library's own settings."""
    weights = resolve(EMBEDDER)
    embedder = load_embedder(weights)
    raw = SentenceTransformer(str(weights.source), device="cpu")
    documents = load_corpus(corpus)
    index = _build(corpus, embedder)
    texts = embedded_texts(index.chunks, index.documents)
    watch = Stopwatch()
    watch.alternate(
        {"ours": lambda: _build(corpus, embedder), "raw encoding": lambda: raw.encode(texts)},
        rounds,
    )
    times = watch.seconds()
    seconds = spread(times["ours"]).p50
    size = sum(len(document.text.encode()) for document in documents.documents)
    theirs = raw.encode(texts[: len(index.chunks)], normalize_embeddings=True)
    return {
        "seconds": spreads(times),
        "as_fast_as_raw_encoding": times_as_fast(times["ours"], times["raw encoding"]),
        "texts": len(texts),
        "chunks_per_second": len(index.chunks) / seconds,
        "mb_per_second": size / 1e6 / seconds,
        "least_cosine_to_raw": float((theirs * index.dense.vectors()).sum(axis=1).min()),
        "peak_memory_gb": peak_memory_gb(),
    }


def bench_growth(largest: int) -> dict[str, Any]:
    """Searching 10 chunks to ``largest``, beside numpy that compares all.

    The vectors lie between those of real sentences, with noise; the texts are of real sentences
    at random. Words are indexed for up to ``_MOST_TEXTS`` of them.
    """
    words, sentences, asked, questions = embedded_articles()
    sizes = [10**power for power in range(1, 10) if 10**power <= largest]
    points = []
    for size in sizes:
        point = _dense_point(vectors_between(sentences, size), questions)
        if size <= _MOST_TEXTS:
            point |= _lexical_point(words, size, asked)
        points.append({"chunks": size, **point, "peak_memory_gb": peak_memory_gb()})
    return {"points": points}


def embedded_articles() -> tuple[list[str], Vectors, list[str], Vectors]:
    """Sentences of the articles and their vectors, questions on them and theirs."""
    embedder = load_embedder(resolve(EMBEDDER))
    index = _build(ARTICLES, embedder)
    words = embedded_texts(index.chunks, index.documents)[len(index.chunks) :]
    asked = [question.question for question in own_suite().questions][:_QUESTIONS]
    return words, index.sentence_vectors.astype(np.float32), asked, embedder.encode(asked)


def _build(corpus: Path, embedder: Embedder) -> Index:
    """Anew, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return open_or_build(Path(folder, "index"), load_corpus(corpus), embedder, Config())


def vectors_between(known: Vectors, count: int) -> Vectors:
    """Unit vectors, each between two known ones, nearer to the first, with noise; reproducible."""
    random = np.random.default_rng(0)
    made = np.empty((count, known.shape[1]), dtype=np.float32)
    for start in range(0, count, _BLOCK):
        block = made[start : start + _BLOCK]
        one, other = random.integers(0, len(known), (2, len(block)))
        share = random.uniform(0, 0.5, (len(block), 1)).astype(np.float32)
        noise = random.standard_normal(block.shape, dtype=np.float32)
        block[:] = (1 - share) * known[one] + share * known[other]
        block += noise * np.float32(0.6 / np.sqrt(known.shape[1]))
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return made


def _dense_point(vectors: Vectors, questions: Vectors) -> dict[str, Any]:
    watch = Stopwatch()
    index = watch.time("build", lambda: DenseIndex.build(vectors))
    found: list[float] = []
    for question in questions:
        watch.alternate(
            {
                "dense": partial(index.search, question, _NEIGHBOURS),
                "numpy": partial(nearest, vectors, question),
            },
            1,
        )
        exact = set(nearest(vectors, question))
        found.append(
            len(exact & {row for row, _ in index.search(question, _NEIGHBOURS)}) / len(exact)
        )
    times = watch.seconds()
    return {
        "search": str(index),
        "seconds": spreads(times),
        "as_fast_as_numpy": times_as_fast(times["dense"], times["numpy"]),
        "recall@10": sum(found) / len(found),
    }


def nearest(vectors: Vectors, question: Vectors) -> list[int]:
    """The rows of largest inner product, all compared, best first."""
    scores = vectors @ question
    count = min(_NEIGHBOURS, len(scores))
    best = np.argpartition(-scores, count - 1)[:count]
    return [int(row) for row in best[np.argsort(-scores[best])]]


def _lexical_point(sentences: Sequence[str], size: int, asked: Sequence[str]) -> dict[str, Any]:
    random = np.random.default_rng(0)
    picked = random.integers(0, len(sentences), (size, 5))
    watch = Stopwatch()
    texts = [" ".join(sentences[i] for i in row) for row in picked]
    built = watch.time("build", lambda: LexicalIndex.build(texts))
    with tempfile.TemporaryDirectory() as folder:
        built.save(Path(folder))
        index = LexicalIndex.load(Path(folder))  # from disk, as it is used
        for question in asked:
            watch.time("search", partial(index.search, question, 50))
    return {"lexical_seconds": spreads(watch.seconds())}
