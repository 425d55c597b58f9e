"""Retrieval metrics over documents and over gold spans, by ir_measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import ir_measures

from eval.questions import GoldSpan, Question
from rag.types import Passage

RETRIEVAL_METRICS = ("recall@5", "mrr", "ndcg@10")
_DEPTH = 5  # of recall

Qrels = dict[str, dict[str, int]]
Ranking = dict[str, dict[str, float]]


def score_rankings(qrels: Qrels, run: Ranking) -> dict[str, dict[str, float]]:
    """Metric name → question id → value; a judged question without results scores 0.

    nDCG: Järvelin & Kekäläinen 2002, reciprocal rank: Voorhees 1999, as trec_eval computes them.
    """
    measures = dict(zip(RETRIEVAL_METRICS, (_R5, _RR, _NDCG10), strict=True))
    scores = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    names = {measure: name for name, measure in measures.items()}
    for metric in ir_measures.iter_calc(list(measures.values()), qrels, run):
        scores[names[metric.measure]][metric.query_id] = metric.value
    return scores


_R5 = ir_measures.R @ _DEPTH
_RR = ir_measures.RR
_NDCG10 = ir_measures.nDCG @ 10


def document_ranking(docs: Iterable[str]) -> dict[str, float]:
    """Scores that keep the order of first appearance."""
    unique = list(dict.fromkeys(docs))
    return {doc: float(len(unique) - rank) for rank, doc in enumerate(unique)}


def span_ranking(question: Question, passages: Sequence[Passage]) -> dict[str, float]:
    """A passage stands for the gold spans that it overlaps, or else for itself.

    So one with two spans takes two ranks, and one whose spans all came before takes none.
    """
    items: list[str] = []
    for rank, passage in enumerate(passages):
        gold = [f"gold{n}" for n, span in enumerate(question.evidence) if _overlap(span, passage)]
        items += gold or [f"passage{rank}"]
    return document_ranking(items)


def span_recall(question: Question, passages: Sequence[Passage]) -> float:
    """Share of the gold spans that overlap one of the first five passages."""
    first = passages[:_DEPTH]
    found = [any(_overlap(span, passage) for passage in first) for span in question.evidence]
    return sum(found) / len(found)


def _overlap(span: GoldSpan, passage: Passage) -> bool:
    shared = min(span.end, passage.end) - max(span.start, passage.start)
    return span.doc == passage.doc and shared > 0


def retrieval_scores(
    questions: Sequence[Question], passages: Mapping[str, Sequence[Passage]]
) -> dict[str, dict[str, float]]:
    """``document_…`` and ``span_…`` metrics of answerable questions, by question id.

    Span recall counts passages; MRR and nDCG of spans are over the ranks of ``span_ranking``.
    """
    judged = [q for q in questions if q.answerable and q.evidence]
    if not judged:
        return {}
    documents: Qrels = {q.id: {span.doc: 1 for span in q.evidence} for q in judged}
    spans: Qrels = {q.id: {f"gold{i}": 1 for i in range(len(q.evidence))} for q in judged}
    by_document = {q.id: document_ranking(p.doc for p in passages.get(q.id, ())) for q in judged}
    by_span = {q.id: span_ranking(q, passages.get(q.id, ())) for q in judged}
    scores = {
        f"{level}_{name}": values
        for level, qrels, run in (("document", documents, by_document), ("span", spans, by_span))
        for name, values in score_rankings(qrels, run).items()
    }
    recall = {q.id: span_recall(q, passages.get(q.id, ())) for q in judged}
    return scores | {"span_recall@5": recall}
