"""One metric, one small function: a question and its answer → a number, or None.

None means that the metric does not apply. Metrics of facts and retrieval are over answerable
questions, which always count, also when nothing was retrieved or the system raised; recall and
precision of citations are over those that were not refused. Unanswerable ones count in the refusal
metrics, as wrong answers, and for the values that they name as forbidden.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eval.questions import GoldSpan, Question, contains
from rag.refusal import not_told
from rag.sentences import split_sentences
from rag.types import Answer, Citation, Evidence

Score = Callable[[Question, Answer], float | None]

_MARKER = re.compile(r"\[(\d+)\]")
_CITED = re.compile(r"(.+?)((?:\s*\[\d+\])+[.!?]?|$)", re.DOTALL)
_OPEN_PARTS = " " + not_told("").removesuffix("?")


def plain(answer: Answer) -> str:
    """What is told, without markers; empty for a refusal."""
    return "" if answer.refused else _MARKER.sub("", _told(answer)).strip()


def markers(text: str) -> set[int]:
    """The numbers of the citations that a text refers to."""
    return set(map(int, _MARKER.findall(text)))


def _told(answer: Answer) -> str:
    """The answer's text up to the parts of the question that stay open: these only repeat it."""
    return answer.answer.partition(_OPEN_PARTS)[0]


# --- facts ----------------------------------------------------------------------------------


def fact_recall(question: Question, answer: Answer) -> float | None:
    """Share of the required facts that stand in the answer."""
    if not question.answerable or not question.facts:
        return None
    found = [contains(plain(answer), fact) for fact in question.facts]
    return sum(found) / len(found)


def all_facts(question: Question, answer: Answer) -> float | None:
    """1 where no required fact is missing."""
    recall = fact_recall(question, answer)
    return None if recall is None else float(recall == 1)


def wrong_fact(question: Question, answer: Answer) -> float | None:
    """1 where a value stands in the answer that must not; over questions that name such values."""
    if not question.forbidden:
        return None
    return float(any(contains(plain(answer), value) for value in question.forbidden))


def wrong_answer(question: Question, answer: Answer) -> float | None:
    """1 for an answer, not a refusal, that holds none of the facts (all, if unanswerable)."""
    if answer.refused:
        return 0.0
    return float(not question.answerable or fact_recall(question, answer) == 0)


def token_f1(question: Question, answer: Answer) -> float | None:
    """SQuAD's F1 of answer and first spellings (Rajpurkar et al. 2016), without articles."""
    if not question.answerable or not question.facts:
        return None
    gold = Counter(_words(" ".join(fact[0] for fact in question.facts)))
    said = Counter(_words(plain(answer)))
    shared = (gold & said).total()
    return 2 * shared / (gold.total() + said.total()) if shared else 0.0


def _words(text: str) -> list[str]:
    found = re.findall(r"\w+(?:\.\w+)*", text.casefold())
    return [word for word in found if word not in {"a", "an", "the"}]


# --- citations (ALCE, Gao et al. 2023, https://arxiv.org/abs/2305.14627) ----------------------
# Overlap with gold evidence stands in for ALCE's entailment judge.


def citation_recall(question: Question, answer: Answer) -> float | None:
    """Share of the answer's sentences of which some citation overlaps gold evidence."""
    if not _judges_citations(question, answer):
        return None
    gold = {c.marker for c in answer.citations if is_gold(question, c)}
    sentences = supported = 0
    # Markers stand behind a sentence, and speak for it alone.
    for text, cited in _CITED.findall(_told(answer)):
        sentences += len(split_sentences(text))
        supported += bool(markers(cited) & gold)
    return supported / sentences if sentences else 0.0


def citation_precision(question: Question, answer: Answer) -> float | None:
    """Share of the citations that overlap gold evidence; 0 for an answer without any."""
    if not _judges_citations(question, answer):
        return None
    gold = [is_gold(question, citation) for citation in answer.citations]
    return sum(gold) / len(gold) if gold else 0.0


def _judges_citations(question: Question, answer: Answer) -> bool:
    return question.answerable and bool(question.evidence) and not answer.refused


def is_gold(question: Question, place: Citation | Evidence) -> bool:
    """Whether the place and a gold span share at least half of the shorter one."""
    return any(_overlaps(span, place) for span in question.evidence)


def _overlaps(span: GoldSpan, place: Citation | Evidence) -> bool:
    shared = min(span.end, place.end) - max(span.start, place.start)
    shorter = min(span.end - span.start, place.end - place.start)
    return span.doc == place.doc and shared * 2 >= shorter > 0


def quotes_exact(texts: Mapping[str, str]) -> Score:
    """1 where every quote is exactly its document's characters, and every marker resolves; over
    answers that hold either."""

    def score(question: Question, answer: Answer) -> float | None:
        said = markers(answer.answer)
        if not answer.citations and not said:
            return None
        exact = all(
            texts.get(c.doc, "")[c.start : c.end] == c.quote != "" for c in answer.citations
        )
        return float(exact and said <= {c.marker for c in answer.citations})

    return score


# --- refusal and conflicts --------------------------------------------------------------------


def refusal_recall(question: Question, answer: Answer) -> float | None:
    """Over unanswerable questions: 1 where the system refused."""
    return None if question.answerable else float(answer.refused)


def false_refusal(question: Question, answer: Answer) -> float | None:
    """Over answerable questions: 1 where the system refused."""
    return float(answer.refused) if question.answerable else None


def refusal_precision(question: Question, answer: Answer) -> float | None:
    """Over refusals: 1 where the question is unanswerable."""
    return float(not question.answerable) if answer.refused else None


def conflict_shown(question: Question, answer: Answer) -> float | None:
    """Over answerable questions whose sources disagree: 1 where both values are said and cited."""
    if not question.answerable or question.kind != "conflict":
        return None
    cited = [c for c in answer.citations if is_gold(question, c)]
    sides = all(any(contains(c.quote, fact) for c in cited) for fact in question.facts)
    return float(sides and fact_recall(question, answer) == 1)


def answer_words(question: Question, answer: Answer) -> float | None:
    """Length of the answer in words, refusals left out."""
    return None if answer.refused else float(len(plain(answer).split()))


@dataclass(frozen=True, slots=True)
class Metric:
    """A per-question score; its mean is what is reported. ``better`` is its good direction."""

    score: Score
    better: str  # "higher", "lower" or "neutral"


def standard_metrics(texts: Mapping[str, str]) -> dict[str, Metric]:
    """All metrics of answers, by the name they are reported under."""
    return {
        "fact_recall": Metric(fact_recall, "higher"),
        "all_facts": Metric(all_facts, "higher"),
        "wrong_fact_rate": Metric(wrong_fact, "lower"),
        "wrong_answer_rate": Metric(wrong_answer, "lower"),
        "token_f1": Metric(token_f1, "higher"),
        "citation_recall": Metric(citation_recall, "higher"),
        "citation_precision": Metric(citation_precision, "higher"),
        "quotes_exact": Metric(quotes_exact(texts), "higher"),
        "refusal_precision": Metric(refusal_precision, "higher"),
        "refusal_recall": Metric(refusal_recall, "higher"),
        "false_refusal_rate": Metric(false_refusal, "lower"),
        "conflicts_shown": Metric(conflict_shown, "higher"),
        "answer_words": Metric(answer_words, "neutral"),
    }
