"""Questions that a pattern answers: who somebody is, what they said, what happened when."""

import pytest

from rag.answer_kind import answer_kind, holds_answer_kind
from rag.patterns import sought, tells


def answers(question, sentence, context=""):
    asked = sought(question)
    return asked is not None and tells(asked, sentence, context or sentence)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is Ji Shan?", "Ji Shan"),
        ("who was jack ma", "jack ma"),
        ("Who's Jo Baker?", "Jo Baker"),
        ("What are the Four Little Dragons?", "Four Little Dragons"),
        ("Please tell me about AT&T.", "AT&T"),
        ("Can you tell me who Ji Shan is?", "Ji Shan"),
        ("What is an EV?", "EV"),
        ("What is “Fire Eye”?", "Fire Eye"),
        ("Who is in charge of it?", ""),
        ("Who is Alibaba's CEO?", ""),
        ("who is alibaba ceo", ""),
        ("Who are the winners?", ""),
        ("Who is nicknamed the Goat?", ""),
        ("Who is she?", ""),
        ("What is it?", ""),
        ("What does Quark do?", ""),
        ("Who founded Quark?", ""),
    ],
)
def test_who_or_what_is_asked_about(question, expected) -> None:
    asked = sought(question)
    assert (asked.of if asked else "") == expected
    assert (answer_kind(question) == "definition") == bool(expected)


def test_an_amount_that_is_asked_for_is_a_number() -> None:
    assert answer_kind("What is the revenue?") == "number"


@pytest.mark.parametrize(
    "sentence",
    [
        "Ji Shan, the founder of Quark, was there.",
        "Ji Shan, chief analyst of the internet at CITIC, was there.",
        "He met Quark President Ji Shan there.",
        "He met the engineer, Dr Ji Shan, there.",
        "The editor of the Herald, Ji Shan, was there.",
        "The Chief Financial Officer is Ji Shan.",
        "The editor of the Herald was Ms Ji Shan.",
        "Ji Shan is now a baker.",
        "'Ji Shan', Alibaba's platform, was there.",
        "He met Ji Shan of the Citizens' List.",
        "It is known as the Ji Shan.",
        "The Joint Index of Shanghai (Ji Shan) fell.",
    ],
)
def test_a_sentence_that_tells_it(sentence) -> None:
    assert answers("Who is Ji Shan?", sentence)
    assert answers("who is ji shan", sentence)
    assert not answers("Who is Jo Shan?", sentence)
    assert holds_answer_kind("Who is Ji Shan?", sentence) == 1
    assert holds_answer_kind("Who is Jo Shan?", sentence) == 0.5


@pytest.mark.parametrize(
    "sentence",
    [
        "Ji Shan disclosed a blueprint.",
        "Ji Shan, who was late, spoke.",
        "Later Ji Shan spoke.",
        "However, Ji Shan spoke.",
        "Ji Shan, clearly, spoke.",
        "The composer Ji Shan-Marsh spoke.",
        "",
    ],
)
def test_a_sentence_that_does_not(sentence) -> None:
    assert not answers("Who is Ji Shan?", sentence)


def test_a_surname_alone_is_found_behind_its_forenames() -> None:
    assert answers("Who is Petrila?", "Test engineer Oana Petrila called it ambitious.")


@pytest.mark.parametrize(
    ("question", "kind", "of", "topic"),
    [
        ("What did Jo Roe say?", "statement", "Jo Roe", set()),
        ("what does jo roe think of the new rules", "statement", "jo roe", {"new", "rule"}),
        ("How did the company respond to the fine?", "statement", "company", {"fine"}),
        ("What happened on May 8?", "event", "May 8", set()),
        ("what happened to Ant in 2020", "event", "2020", {"ant"}),
    ],
)
def test_what_was_said_or_happened_is_asked_about(question, kind, of, topic) -> None:
    assert sought(question) == (kind, of, topic)
    assert answer_kind(question) == kind


@pytest.mark.parametrize(
    "question",
    [
        "What did the state contribute?",
        "What did it say?",
        "What happened in Hull?",
        "Who said so?",
    ],
)
def test_what_no_pattern_answers(question) -> None:
    assert sought(question) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What did Jo Roe say?", "“It is so,” said the chief analyst Jo Roe."),
        ("What did Jo Roe say?", "Roe also re-emphasized that it is so."),
        ("What did Jo Roe say?", "Of this, Mr Roe says no more."),
        ("What did Jo Roe say about rules?", "Jo Roe, an analyst at CITIC, believes in rules."),
        ("What did Jo Roe say about rules?", "According to Jo Roe, the rules are good."),
        ("What happened on May 8?", "On 8 May it rained."),
        ("What happened on May 8?", "On May 8, it rained."),
        ("What happened in September 2023?", "In September 2023, it rained."),
        ("What happened in 2019?", "Its peak was in 2019."),
        ("What happened on May 8, 2025?", "On May 8, it rained."),
    ],
)
def test_a_sentence_that_tells_what_was_said_or_happened(question, sentence) -> None:
    assert answers(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What did Jo Roe say?", "Jo Roe was late."),
        ("What did Jo Roe say?", "The engineer Al Roe said that it is late."),
        ("What did Jo say?", "Jo Roe said that it is late."),
        ("What did Jo Roe say about rules?", "Jo Roe said that it is late."),
        ("What happened on May 8?", "On May 9 and 28 May it rained."),
        ("What happened in September 2023?", "In September 2024, it rained."),
        ("What happened to Ant in 2020?", "In 2020 it rained."),
    ],
)
def test_a_sentence_that_tells_something_else(question, sentence) -> None:
    assert not answers(question, sentence)


def test_the_topic_may_stand_before_the_sentence() -> None:
    assert answers("What did Jo Roe say about rules?", "Jo Roe said no.", "Rules. Jo Roe said no.")
