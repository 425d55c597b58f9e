"""Which sentences a judge reads, and what a sentence about another name loses."""

from collections.abc import Sequence

from rag.judging import judge_evidence
from rag.types import Evidence


class RecordingJudge:
    """Gives each sentence the number that it ends with, and remembers what it read."""

    name = "recording"

    def __init__(self) -> None:
        self.read: list[list[str]] = []

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        self.read.append([e.text for e in evidence])
        return [float(e.text.split()[-1]) for e in evidence]


def found(*texts: str, title: str = "", before: str = "") -> list[Evidence]:
    """Each in a document of its own, in the order in which they were found."""
    return [
        Evidence(f"d{i}", 0, len(text), text, title, before, 0.5, 0.5, -float(i))
        for i, text in enumerate(texts)
    ]


def test_the_others_are_read_only_where_none_of_the_best_four_answers() -> None:
    texts = [f"text {i} tells {odds}" for i, odds in enumerate([0, -1, -2, -3, 4, -5])]
    judge = RecordingJudge()
    evidence, log_odds = judge_evidence(judge, "what is it?", found(*texts))
    assert judge.read == [texts[:4]]
    assert [e.text for e in evidence] == texts
    assert log_odds == [0, -1, -2, -3]
    texts[0] = "text 0 tells -1"
    evidence, log_odds = judge_evidence(judge, "what is it?", found(*texts))
    assert judge.read[1:] == [texts[:4], texts[4:]]
    assert [e.score for e in evidence] == [4, -1, -1, -2, -3, -5] == sorted(log_odds)[::-1]


def test_a_sentence_about_another_name_gives_way() -> None:
    question = "What was the revenue of Tencent Music?"
    other, half, right = found("Alibaba's was 2", "Tencent's was 1.5", "Tencent Music's was 1")
    evidence, _ = judge_evidence(RecordingJudge(), question, [other, half, right])
    assert [(e.text[:7], round(e.score, 2)) for e in evidence] == [
        ("Tencent", 1.0),
        ("Tencent", 0.9),
        ("Alibaba", 0.8),
    ]
    assert evidence[0].text == right.text


def test_a_name_may_stand_in_the_title_or_before() -> None:
    for context in ({"title": "Tencent Music"}, {"before": "Tencent Music sells songs."}):
        evidence, _ = judge_evidence(
            RecordingJudge(), "How much did Tencent Music earn?", found("It was 2", **context)
        )
        assert evidence[0].score == 2


def test_a_sentence_of_another_year_gives_way() -> None:
    told = found("In 2022 sales had been 4", "It had sales of 3")
    evidence, _ = judge_evidence(RecordingJudge(), "How high were sales in 2021?", told)
    assert [e.score for e in evidence] == [3, 2.5]


def test_a_sentence_that_tells_who_somebody_is_comes_first_where_that_is_asked() -> None:
    told = found("Ji Shan spoke of -1", "Engineer Ji Shan spoke of -2.5")
    evidence, _ = judge_evidence(RecordingJudge(), "Who is Ji Shan?", told)
    assert [e.score for e in evidence] == [-0.5, -1]
    evidence, _ = judge_evidence(RecordingJudge(), "Who heard Ji Shan?", told)
    assert [e.score for e in evidence] == [-1, -2.5]


def test_a_sentence_that_tells_plainly_is_read_however_late_it_was_found() -> None:
    told = found(*(f"Ji Shan spoke of -{i}" for i in range(30)), "Engineer Ji Shan spoke of -2.5")
    evidence, _ = judge_evidence(RecordingJudge(), "Who is Ji Shan?", told)
    assert evidence[1].text == told[-1].text
