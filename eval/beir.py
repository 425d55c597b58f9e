"""Retrieval alone on a suite in BEIR's form: dense, lexical, and both."""

from __future__ import annotations

import numpy as np

from eval.retrieval import RETRIEVAL_METRICS, document_ranking, score_rankings
from eval.suites import RetrievalSuite
from rag.dense import DenseIndex
from rag.embedder import load_embedder
from rag.fusion import reciprocal_rank_fusion
from rag.lexical import LexicalIndex
from rag.models import EMBEDDER, resolve
from rag.progress import progress_bar

_DEPTH = 100  # documents ranked for each query, as BEIR does
_BATCH = 64


def retrieval_table(suite: RetrievalSuite) -> str:
    """Rows for the three retrievers over whole documents, as text."""
    ids = list(suite.documents)
    texts = list(suite.documents.values())
    embedder = load_embedder(resolve(EMBEDDER))
    rows = []
    with progress_bar(len(texts), "document", "embedding") as bar:
        for start in range(0, len(texts), _BATCH):
            rows.append(embedder.encode(texts[start : start + _BATCH]))
            bar.update(len(rows[-1]))
    dense = DenseIndex.build(np.concatenate(rows))
    lexical = LexicalIndex.build(texts)
    runs: dict[str, dict[str, dict[str, float]]] = {"dense": {}, "bm25": {}, "hybrid": {}}
    for query in suite.qrels:
        text = suite.queries[query]
        by_vector = [i for i, _ in dense.search(embedder.encode([text])[0], _DEPTH)]
        by_word = [i for i, _ in lexical.search(text, _DEPTH)]
        fused = [i for i, _ in reciprocal_rank_fusion([by_vector, by_word])]
        for name, ranking in (("dense", by_vector), ("bm25", by_word), ("hybrid", fused)):
            runs[name][query] = document_ranking(ids[i] for i in ranking)
    lines = [f"{suite.name:12} " + " ".join(f"{name:>10}" for name in RETRIEVAL_METRICS)]
    for name, run in runs.items():
        scores = score_rankings(suite.qrels, run)
        means = [sum(scores[m].values()) / len(suite.qrels) for m in RETRIEVAL_METRICS]
        lines.append(f"{name:12} " + " ".join(f"{mean:10.4f}" for mean in means))
    return "\n".join(lines)
