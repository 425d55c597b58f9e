"""Questions of who or what something is, and sentences that tell it."""

import pytest

from rag.answer_kind import answer_kind, holds_answer_kind
from rag.definition import defines, subject


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is Ji Shan?", "Ji Shan"),
        ("who was jack ma", "jack ma"),
        ("Who's Jo Baker?", "Jo Baker"),
        ("What are the Four Little Dragons?", "Four Little Dragons"),
        ("Please tell me about AT&T.", "AT&T"),
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
    assert subject(question) == expected
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
        "Ji Shan is now a baker.",
        "'Ji Shan', Alibaba's platform, was there.",
        "He met Ji Shan of the Citizens' List.",
        "It is known as the Ji Shan.",
        "The Joint Index of Shanghai (Ji Shan) fell.",
    ],
)
def test_a_sentence_that_tells_it(sentence) -> None:
    assert defines("Ji Shan", sentence)
    assert defines("ji shan", sentence)
    assert not defines("Jo Shan", sentence)
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
    assert not defines("Ji Shan", sentence)


def test_a_surname_alone_is_found_behind_its_forenames() -> None:
    assert defines("Petrila", "Test engineer Oana Petrila called it ambitious.")
