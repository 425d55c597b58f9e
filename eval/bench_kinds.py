"""What kinds of index for vectors cost, and what they find: the constants of docs/scale.md."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Any

import faiss

from eval.bench_answer import spreads
from eval.bench_index import embedded_articles, nearest, vectors_between
from eval.timing import Stopwatch
from rag.types import Vectors

_NEIGHBOURS = 10
_TRAINING_ROWS = 40  # for each centre of a list
_VISITED = 128  # rows that a search in a graph keeps in sight
_MOST_LINKED = 100_000  # rows that are linked to a graph; a million take most of an hour


def bench_kinds(largest: int) -> dict[str, Any]:
    """Each kind over the same vectors: bytes of a row, seconds to build, seconds of a search on
    one thread, and recall@10 against all rows compared.

    The names are FAISS's: fp16 and SQ8 round each number to 16 or 8 bits, PQ48 keeps 48 bytes a
    row (product quantisation, Jégou, Douze & Schmid 2011), HNSW links rows to a graph (Malkov &
    Yashunin 2016, https://arxiv.org/abs/1603.09320).
    """
    _, sentences, _, questions = embedded_articles()
    vectors = vectors_between(sentences, largest)
    exact = [set(nearest(vectors, question)) for question in questions]
    lists = round(2 * math.sqrt(largest))
    kinds = ["Flat", "SQfp16", "SQ8", f"IVF{lists},Flat", f"IVF{lists},SQ8", f"IVF{lists},PQ48x8"]
    if largest <= _MOST_LINKED:
        kinds.append("HNSW32")
    return {"rows": largest, "kinds": [_kind(name, vectors, questions, exact) for name in kinds]}


def _kind(name: str, vectors: Vectors, questions: Vectors, exact: list[set[int]]) -> dict[str, Any]:
    started = time.perf_counter()
    index = faiss.index_factory(vectors.shape[1], name, faiss.METRIC_INNER_PRODUCT)
    if isinstance(index, faiss.IndexIVF):
        index.nprobe = -(-index.nlist // 16)
        index.cp.niter = 10
        index.cp.max_points_per_centroid = _TRAINING_ROWS
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efSearch = _VISITED
    index.train(vectors)
    index.add(vectors)
    built = time.perf_counter() - started
    watch, found, threads = Stopwatch(), 0, faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    for question, right in zip(questions, exact, strict=True):
        _, ids = watch.time("search", partial(index.search, question[None, :], _NEIGHBOURS))
        found += len(right & set(ids[0].tolist()))
    faiss.omp_set_num_threads(threads)
    return {
        "kind": name,
        "bytes_a_row": len(faiss.serialize_index(index)) / len(vectors),
        "build_seconds": built,
        **spreads(watch.seconds()),
        "recall@10": found / (_NEIGHBOURS * len(questions)),
    }
