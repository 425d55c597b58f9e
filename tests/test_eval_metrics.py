"""Every metric on a case that can be worked out by hand; the sums stand beside the values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    all_facts,
    answer_words,
    citation_precision,
    citation_recall,
    conflict_shown,
    fact_recall,
    false_refusal,
    is_gold,
    plain,
    quotes_exact,
    refusal_precision,
    refusal_recall,
    standard_metrics,
    token_f1,
    wrong_answer,
    wrong_fact,
)
from eval.questions import GoldSpan, Question, contains
from eval.retrieval import (
    document_ranking,
    retrieval_scores,
    score_rankings,
    span_ranking,
    span_recall,
)
from eval.scoring import FAILURE, Record, score_run
from eval.stats import bootstrap_mean, calibration_error, risk_coverage
from rag.refusal import not_told
from rag.types import Answer, Citation, ModelNames, Passage, Seconds

BEES = "Honey bees live in colonies of 50,000 workers. The queen is called Beatrix."
TEXTS = {"bees.txt": BEES}
PLACE = GoldSpan("bees.txt", 10, 20)


def question(facts=(("Beatrix",),), evidence=(PLACE,), **fields):
    made = {"id": "q1", "kind": "fact", "question": "Who?", "answerable": True}
    return Question(**made | {"facts": facts, "evidence": evidence} | fields)


def unanswerable(**fields):
    return question((), (), **{"answerable": False, "kind": "off_topic"} | fields)


def cite(marker, start, end, doc="bees.txt", quote="quote"):
    return Citation(marker, doc, "Bees", start, end, quote)


def said(text, *citations, refused=False, passages=(), confidence=0.5, total=1.0):
    seconds = Seconds(retrieve=0.1, generate=0.2, ground=0.3, total=total)
    names = ModelNames("generator", "embedder")
    return Answer("Who?", text, refused, citations, passages, names, seconds, confidence)


REFUSED = said("The documents do not say, Beatrix or not.", refused=True)


# --- facts ----------------------------------------------------------------------------------


def test_fact_recall_is_the_share_of_facts_in_any_spelling():
    asked = question((("Beatrix",), ("50,000", "fifty thousand"), ("Dublin",), ("summer",)))
    text = "Queen BEATRIX has fifty  thousand workers. [1]"
    assert fact_recall(asked, said(text)) == 2 / 4
    assert all_facts(asked, said(text)) == 0
    assert all_facts(asked, said(text + " In summer, in Dublin.")) == 1


@pytest.mark.parametrize("spelling", ["50,000", "50000", "bee’s", "honey\nbees"])
def test_a_spelling_is_found_whatever_its_case_commas_quotes_and_spaces(spelling):
    assert contains("A bee's nest: 50,000 Honey bees.", [spelling])


def test_letters_may_stand_before_a_currency_sign():
    assert contains("It is worth US$5 billion.", ["$5 billion"])
    assert contains("It costs HK$5.", ["HK$5"])
    assert not contains("It is worth US$5 billion.", ["S$5 billion"])
    assert not contains("It is 3$5.", ["$5"])
    assert not contains("It costs US$50.", ["$5"])


@pytest.mark.parametrize("spelling", ["0,000", "50", "hon", "ees", "nests"])
def test_a_spelling_is_not_found_within_a_word(spelling):
    assert not contains("A bee's nest: 50,000 Honey bees.", [spelling])


def test_a_marker_is_no_fact_and_a_refusal_says_nothing():
    assert plain(said("Beatrix is the queen [12].")) == "Beatrix is the queen ."
    assert fact_recall(question((("12",),)), said("Beatrix. [12]")) == 0
    assert plain(REFUSED) == ""
    assert fact_recall(question(), REFUSED) == 0


def test_the_echo_of_an_open_part_is_not_said():
    asked = question(forbidden=(("Beatrix",),))
    echo = f"{not_told('when was Beatrix crowned')} {not_told('by whom')}"
    answer = said(f"Maja rules. [1] {echo}", cite(1, 10, 20))
    assert plain(answer) == "Maja rules."
    assert fact_recall(asked, answer) == 0
    assert wrong_answer(asked, answer) == 1
    assert wrong_fact(asked, answer) == 0
    assert citation_recall(asked, answer) == 1
    assert answer_words(asked, answer) == 2


def test_wrong_fact_asks_only_where_values_are_forbidden():
    asked = question(forbidden=(("Maja", "the bee Maja"), ("90,000",)))
    assert wrong_fact(asked, said("Beatrix leads 90000 bees.")) == 1
    assert wrong_fact(asked, said("Beatrix leads 50,000 bees.")) == 0
    assert wrong_fact(question(), said("Maja.")) is None


def test_a_wrong_answer_holds_no_fact_or_answers_what_has_no_answer():
    asked = question((("Beatrix",), ("50,000",)))
    assert wrong_answer(asked, said("Maja rules.")) == 1
    assert wrong_answer(asked, said("Beatrix rules.")) == 0  # one of two is not wrong
    assert wrong_answer(asked, REFUSED) == 0
    assert wrong_answer(unanswerable(), said("Beatrix rules.")) == 1
    assert wrong_answer(unanswerable(), REFUSED) == 0


def test_token_f1_of_shared_words():
    asked = question((("Queen Beatrix", "Beatrix"), ("Dublin",)))
    # gold: queen beatrix dublin; said: queen beatrix rules bees; shared: 2
    # precision 2/4, recall 2/3, F1 = 2 · 2 / (3 + 4)
    f1 = token_f1(asked, said("The queen Beatrix rules bees"))
    assert f1 == pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3)) == pytest.approx(4 / 7)
    # a word said twice is shared once: 2 · 1 / (3 + 2)
    assert token_f1(asked, said("Beatrix Beatrix")) == pytest.approx(2 / 5)
    assert token_f1(asked, said("nobody")) == 0
    assert token_f1(asked, REFUSED) == 0


# --- citations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "gold"),
    [
        (10, 20, True),
        (15, 25, True),  # 5 of 10 shared
        (16, 26, False),  # 4 of 10
        (18, 20, True),  # the quote is the shorter one: 2 of 2
        (19, 23, False),  # 1 of 4
        (18, 22, True),  # 2 of 4
        (0, 100, True),  # the gold span is the shorter one: 10 of 10
        (20, 30, False),
        (12, 12, False),  # nothing is quoted
    ],
)
def test_a_citation_is_gold_from_half_of_the_shorter_span_on(start, end, gold):
    assert is_gold(question(), cite(1, start, end)) == gold
    assert not is_gold(question(), cite(1, start, end, doc="tea.txt"))


GOLD, OTHER = cite(1, 10, 20), cite(2, 40, 60)


def test_citation_recall_is_the_share_of_supported_sentences():
    text = "Beatrix. [1] She lays eggs. [2] Many of them. [2][1] In summer. [9]"
    # [1] yes, [2] no, [2][1] yes, [9] is no citation
    assert citation_recall(question(), said(text, GOLD, OTHER)) == 2 / 4
    assert citation_recall(question(), said("Beatrix.", GOLD)) == 0


def test_citation_precision_is_the_share_of_gold_citations():
    third = cite(3, 40, 60, doc="tea.txt")
    assert citation_precision(question(), said("B. [1][2][3]", GOLD, OTHER, third)) == 1 / 3
    two = question(evidence=(GoldSpan("bees.txt", 10, 20), GoldSpan("bees.txt", 40, 60)))
    assert citation_precision(two, said("B. [1][2][3]", GOLD, OTHER, third)) == 2 / 3
    assert citation_precision(question(), said("Beatrix.")) == 0


@pytest.mark.parametrize("metric", [citation_recall, citation_precision])
def test_citations_of_refusals_and_without_gold_do_not_count(metric):
    assert metric(question(), REFUSED) is None
    assert metric(unanswerable(), said("Beatrix. [1]", GOLD)) is None


def test_quotes_are_exactly_the_characters_of_the_document():
    score = quotes_exact(TEXTS)
    start = BEES.index("The queen")
    right = cite(1, start, len(BEES), quote="The queen is called Beatrix.")
    assert score(question(), said("Beatrix. [1]", right)) == 1
    wrong = [
        cite(1, start, len(BEES), quote="The queen is called beatrix."),
        cite(1, start + 1, len(BEES), quote="The queen is called Beatrix."),
        cite(1, start, len(BEES), doc="tea.txt", quote="The queen is called Beatrix."),
        cite(1, 5, 5, quote=""),
    ]
    for citation in wrong:
        assert score(question(), said("Beatrix. [1]", citation)) == 0
    second = cite(2, start, len(BEES), quote="somebody")
    assert score(question(), said("Beatrix. [1][2]", right, second)) == 0
    assert score(question(), said("Beatrix. [1][3]", right)) == 0  # [3] leads nowhere
    assert score(question(), REFUSED) is None


# --- refusal and conflicts --------------------------------------------------------------------


def test_refusals_are_counted_over_the_questions_they_concern():
    cases = [  # question, answer → recall, false refusal, precision
        (question(), said("Beatrix."), None, 0, None),
        (question(), REFUSED, None, 1, 0),
        (unanswerable(), said("Beatrix."), 0, None, None),
        (unanswerable(), REFUSED, 1, None, 1),
    ]
    for asked, answer, recall, false, precision in cases:
        assert refusal_recall(asked, answer) == recall
        assert false_refusal(asked, answer) == false
        assert refusal_precision(asked, answer) == precision


def test_a_conflict_is_shown_where_both_sides_are_said_and_cited():
    spans = (GoldSpan("bees.txt", 10, 20), GoldSpan("tea.txt", 0, 10))
    asked = question((("50,000",), ("90,000",)), spans, kind="conflict")
    one = cite(1, 10, 20, quote="It is 50,000.")
    two = cite(2, 0, 10, doc="tea.txt", quote="It is 90,000.")
    beside = cite(2, 70, 80, doc="tea.txt", quote="It is 90,000.")
    text = "It is 50,000. [1] It is 90,000. [2]"
    assert conflict_shown(asked, said(text, one, two)) == 1
    assert conflict_shown(asked, said(text, one)) == 0
    assert conflict_shown(asked, said(text, one, beside)) == 0
    assert conflict_shown(asked, said("It is 50,000. [1][2]", one, two)) == 0
    assert conflict_shown(asked, REFUSED) == 0
    assert conflict_shown(question(), said(text, one, two)) is None


def test_words_are_counted_without_markers_and_refusals():
    assert answer_words(question(), said("The queen is Beatrix [1]. She rules. [2]")) == 7
    assert answer_words(question(), REFUSED) is None


def test_an_unanswerable_question_counts_in_refusal_metrics_only():
    answer = said("Beatrix rules the bees [1].", cite(1, 10, 20, quote=BEES[10:20]))
    applies = {
        name
        for name, metric in standard_metrics(TEXTS).items()
        if metric.score(unanswerable(), answer) is not None
    }
    # An answer where there is none is wrong, has a length, and may quote falsely.
    assert applies == {"refusal_recall", "wrong_answer_rate", "quotes_exact", "answer_words"}
    refused = {
        name
        for name, metric in standard_metrics(TEXTS).items()
        if metric.score(unanswerable(), REFUSED) is not None
    }
    assert refused == {"refusal_recall", "refusal_precision", "wrong_answer_rate"}


def test_an_unanswerable_question_with_facts_and_evidence_counts_no_differently():
    answer = said("Beatrix rules the bees [1].", cite(1, 10, 20, quote=BEES[10:20]))
    asked = question(answerable=False, kind="conflict")
    for name, metric in standard_metrics(TEXTS).items():
        assert metric.score(asked, answer) == metric.score(unanswerable(), answer), name
        assert metric.score(asked, REFUSED) == metric.score(unanswerable(), REFUSED), name


def test_a_raised_error_counts_as_an_answer_without_anything():
    assert fact_recall(question(), FAILURE) == 0
    assert citation_recall(question(), FAILURE) == 0
    assert citation_precision(question(), FAILURE) == 0
    assert wrong_answer(question(), FAILURE) == 1
    assert false_refusal(question(), FAILURE) == 0
    assert refusal_recall(unanswerable(), FAILURE) == 0


# --- retrieval --------------------------------------------------------------------------------


def test_rankings_by_hand():
    qrels = {"q1": {"a": 1, "b": 1}, "q2": {"a": 1}, "q3": {"a": 1}, "q4": {"a": 1}}
    run = {
        "q1": document_ranking(["x", "a", "y", "z", "w", "b"]),
        "q2": document_ranking(["a"]),
        "q3": {},
    }
    found = score_rankings(qrels, run)
    # q1: b stands sixth, so 1 of 2 among the first five; first hit at rank 2
    assert found["recall@5"] == {"q1": 1 / 2, "q2": 1, "q3": 0, "q4": 0}
    assert found["mrr"] == {"q1": 1 / 2, "q2": 1, "q3": 0, "q4": 0}
    gain = 1 / math.log2(2 + 1) + 1 / math.log2(6 + 1)
    ideal = 1 / math.log2(1 + 1) + 1 / math.log2(2 + 1)
    assert found["ndcg@10"]["q1"] == pytest.approx(gain / ideal)
    assert found["ndcg@10"]["q2"] == 1
    assert found["ndcg@10"]["q3"] == found["ndcg@10"]["q4"] == 0


def test_a_document_ranks_where_it_first_appears():
    assert document_ranking(["b", "a", "b", "c", "a"]) == {"b": 3.0, "a": 2.0, "c": 1.0}
    assert document_ranking([]) == {}


def passage(start, end, doc="bees.txt"):
    return Passage(doc, start, end, "text", 1.0)


def test_a_passage_stands_for_the_spans_it_overlaps_or_for_itself():
    asked = question(
        evidence=(
            GoldSpan("bees.txt", 10, 20),
            GoldSpan("bees.txt", 30, 40),
            GoldSpan("tea.txt", 10, 20),
        )
    )
    passages = [passage(20, 30), passage(19, 31), passage(10, 20), passage(0, 99, "oak.txt")]
    # The first touches two spans and overlaps none; the third adds nothing to the second.
    assert span_ranking(asked, passages) == {
        "passage0": 4.0,
        "gold0": 3.0,
        "gold1": 2.0,
        "passage3": 1.0,
    }


def test_retrieval_scores_by_document_and_by_span():
    asked = question(evidence=(GoldSpan("bees.txt", 10, 20), GoldSpan("tea.txt", 10, 20)))
    passages = [passage(0, 9, "oak.txt"), passage(50, 60), passage(0, 12, "tea.txt")]
    found = retrieval_scores([asked], {"q1": passages})
    # Documents: oak, bees, tea. Spans: none, none, the second of two.
    assert found["document_recall@5"] == {"q1": 2 / 2}
    assert found["document_mrr"] == {"q1": 1 / 2}
    assert found["span_recall@5"] == {"q1": 1 / 2}
    assert found["span_mrr"] == {"q1": pytest.approx(1 / 3)}


def test_span_recall_is_over_the_first_five_passages():
    spans = [GoldSpan("bees.txt", start, start + 10) for start in (10, 30, 50, 70, 90)]
    asked = question(evidence=tuple(spans))
    two, beside = passage(10, 40), passage(0, 99, "oak.txt")
    # Four spans stand in the first three passages, the fifth span in the fifth.
    found = [two, passage(50, 60), passage(70, 80), beside, passage(90, 95)]
    assert span_recall(asked, found) == 5 / 5
    # A repeated passage takes a place, too: the sixth is not looked at.
    assert span_recall(asked, [two, two, two, two, two, passage(50, 60)]) == 2 / 5
    assert span_recall(asked, []) == 0
    scores = retrieval_scores([asked], {"q1": [beside] * 4 + [two]})
    assert scores["span_recall@5"] == {"q1": 2 / 5}


def test_retrieval_counts_every_answerable_question_and_no_other():
    questions = [question(id="hit"), question(id="none"), question(id="raised")]
    questions += [unanswerable(id="off"), question(id="unplaced", evidence=())]
    found = retrieval_scores(questions, {"hit": [passage(10, 20)], "none": [], "off": []})
    for values in found.values():
        assert values == {"hit": 1, "none": 0, "raised": 0}
    assert len(found) == 6
    assert retrieval_scores([unanswerable()], {}) == {}


# --- means, intervals, risk -------------------------------------------------------------------


def test_the_bootstrap_is_fixed_by_its_seed():
    values = [0.0, 0.2, 0.4, 1.0, 1.0, 0.3, 0.9]
    assert bootstrap_mean(values, 7) == bootstrap_mean(values, 7)
    assert bootstrap_mean(values, 7) != bootstrap_mean(values, 8)
    assert bootstrap_mean([]) is None


def test_the_bootstrap_of_two_values_by_hand():
    # Means of two draws from 0 and 1 are 0, ½ and 1 with chances ¼, ½, ¼: each above 2.5%.
    estimate = bootstrap_mean([0, 1])
    assert (estimate.low, estimate.value, estimate.high, estimate.n) == (0, 1 / 2, 1, 2)


def test_the_interval_narrows_with_more_questions():
    few, many = bootstrap_mean([0, 1] * 10), bootstrap_mean([0, 1] * 1000)
    # 95% of a mean of n fair coins: ± 1.96 · 0.5 / √n
    assert few.high - few.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(20), rel=0.15)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(2000), rel=0.15)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.integers(0, 5))
def test_the_interval_holds_the_mean(values, seed):
    estimate = bootstrap_mean(values, seed)
    assert estimate.value == pytest.approx(sum(values) / len(values))
    assert 0 <= estimate.low <= estimate.value + 1e-9
    assert estimate.value - 1e-9 <= estimate.high <= 1
    if set(values) not in ({0}, {1}):
        assert min(values) - 1e-9 <= estimate.low
        assert estimate.high <= max(values) + 1e-9


def test_what_never_or_always_happened_may_yet_be_chance():
    # Wilson: 0 of n is below z² / (n + z²), n of n above n / (n + z²), with z² = 3.8416
    never, always = bootstrap_mean([0, 0, 0, 0]), bootstrap_mean([1.0] * 96)
    assert (never.value, never.low, never.high, never.n) == (
        0,
        0,
        pytest.approx(0.4899, abs=1e-4),
        4,
    )
    assert (always.value, always.low, always.high) == (1, pytest.approx(0.9615, abs=1e-4), 1)
    same = bootstrap_mean([0.5, 0.5])
    assert (same.low, same.value, same.high) == (0.5, 0.5, 0.5)


def test_risk_grows_with_coverage_by_hand():
    curve = risk_coverage([0.2, 0.9, 0.5, 0.7], [True, False, False, True])
    # By confidence: 0.9 right, 0.7 wrong, 0.5 right, 0.2 wrong
    assert curve.coverage == [0.25, 0.5, 0.75, 1]
    assert curve.risk == [0, 0.5, 0.3333, 0.5]
    assert curve.area == pytest.approx((0 / 1 + 1 / 2 + 1 / 3 + 2 / 4) / 4)


@pytest.mark.parametrize("wrong", [[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
def test_the_equally_confident_share_their_risk(wrong):
    curve = risk_coverage([1, 1, 1, 1], wrong)
    assert curve.risk == [0.5, 0.5, 0.5, 0.5]
    assert curve.area == 0.5


def test_only_the_equally_confident_share_their_risk():
    # 0.9 wrong; 0.5 right and wrong, so a half each; 0.1 right
    curve = risk_coverage([0.5, 0.9, 0.1, 0.5], [False, True, False, True])
    assert curve.risk == [1, 0.75, 0.6667, 0.5]


def test_risk_of_nothing_is_none():
    assert risk_coverage([], []) is None


def test_calibration_error_by_hand():
    # Bin 0.9–1.0: claims 0.95 on average, half are true; bin 0.2–0.3: claims 0.2, none is.
    found = calibration_error([0.9, 1.0, 0.2, 0.2], [True, False, False, False])
    assert found == pytest.approx(0.45 * 0.5 + 0.2 * 0.5)
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    assert calibration_error([], []) is None


# --- a whole run ------------------------------------------------------------------------------


@pytest.fixture
def scored():
    start = BEES.index("The queen")
    gold = (GoldSpan("bees.txt", start, len(BEES)),)
    quote = cite(1, start, len(BEES), quote="The queen is called Beatrix.")
    found = (passage(start, len(BEES)),)
    records = [
        Record(
            question(id="right", evidence=gold),
            said("She is Beatrix. [1]", quote, passages=found, confidence=0.9, total=1.0),
        ),
        Record(
            question(id="wrong", evidence=gold),
            said("She is Maja. [1]", quote, confidence=0.8, total=2.0),
        ),
        Record(
            question(id="shy", evidence=gold, kind="number"),
            said("-", refused=True, passages=found, confidence=0.1, total=3.0),
        ),
        Record(question(id="raised", evidence=gold, kind="number"), None, "ValueError: no"),
        Record(unanswerable(id="caught"), said("-", refused=True, confidence=0.2, total=4.0)),
        Record(unanswerable(id="fooled"), said("It is 5.", confidence=0.6, total=5.0)),
    ]
    return score_run(records, TEXTS)


def test_a_run_is_scored_by_hand(scored):
    expected = {
        "fact_recall": ((1 + 0 + 0 + 0) / 4, 4),
        "all_facts": (1 / 4, 4),
        "wrong_answer_rate": ((0 + 1 + 0 + 1 + 0 + 1) / 6, 6),
        "citation_recall": ((1 + 1 + 0) / 3, 3),  # the refusal has no sentence to judge
        "citation_precision": ((1 + 1 + 0) / 3, 3),
        "quotes_exact": (2 / 2, 2),
        "refusal_precision": (1 / 2, 2),  # caught, but shy too
        "refusal_recall": (1 / 2, 2),  # caught, but not fooled
        "refusal_f1": (2 * 0.5 * 0.5 / (0.5 + 0.5), 2),
        "false_refusal_rate": (1 / 4, 4),
        "answer_words": ((3 + 3 + 0 + 3) / 4, 4),
        "document_recall@5": ((1 + 0 + 1 + 0) / 4, 4),
        "span_recall@5": ((1 + 0 + 1 + 0) / 4, 4),
        "seconds_p50": (3.0, 5),  # of 1, 2, 3, 4, 5; what raised has no time
        "seconds_p95": (4 + 0.8 * (5 - 4), 5),
        "retrieve_p50": (0.1, 5),
    }
    found = {name: (m.value, m.n) for name, m in scored.metrics.items()}
    for name, (value, n) in expected.items():
        assert found[name] == (pytest.approx(value), n), name
    assert "wrong_fact_rate" not in found  # no question forbids a value
    assert "conflicts_shown" not in found


def test_a_run_is_broken_down_by_kind_and_question(scored):
    assert scored.by_kind["fact"]["fact_recall"] == (1 + 0) / 2
    assert scored.by_kind["number"]["fact_recall"] == (0 + 0) / 2
    assert scored.by_kind["off_topic"]["fact_recall"] is None
    assert scored.by_kind["off_topic"]["refusal_recall"] == (1 + 0) / 2
    assert scored.by_kind["fact"]["refusal_recall"] is None
    assert scored.per_question["refusal_recall"] == {"caught": 1, "fooled": 0}


def test_risk_of_a_run_leaves_out_what_cannot_be_judged(scored):
    # right 0.9, wrong 0.8, fooled 0.6, caught 0.2 (it would be wrong); no shy, no raised
    curve = scored.risk_coverage
    assert curve.risk == [0, 0.5, 0.6667, 0.75]
    assert curve.area == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4)


def test_each_metric_knows_its_good_direction(scored):
    better = {name: m.better for name, m in scored.metrics.items()}
    assert better["fact_recall"] == better["span_recall@5"] == "higher"
    assert better["wrong_answer_rate"] == better["seconds_p50"] == "lower"
    assert better["answer_words"] == "neutral"


def test_a_length_is_no_share():
    records = [Record(question(id=f"q{n}"), said("Beatrix.")) for n in range(4)]
    metrics = score_run(records, TEXTS).metrics
    words, found = metrics["answer_words"], metrics["fact_recall"]
    assert (words.low, words.value, words.high, words.n) == (1, 1, 1, 4)
    assert (found.low, found.value, found.high) == (pytest.approx(0.5101, abs=1e-4), 1, 1)
