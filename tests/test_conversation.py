"""Which questions stand alone, which need the one before, and which are two."""

import pytest

from rag.conversation import refers_back, standalone
from rag.question import MAX_PARTS, MAX_QUESTION_CHARS, split_question


@pytest.mark.parametrize(
    "question",
    ["who is he?", "and in 2024?", "What about Berlin?", "since when?", "How much did it grow?"],
)
def test_these_need_the_question_before(question) -> None:
    assert refers_back(question)
    assert standalone(question, ["Who runs Xianyu?"]) == f"{question} (Who runs Xianyu?)"
    assert standalone(question, []) == question


@pytest.mark.parametrize(
    "question",
    [
        "Who runs Xianyu?",
        "What did Alibaba say about its cloud?",
        "Which company is it that Joseph Tsai chairs?".replace("it that", "the one that"),
        "how many factories sell on 1688",
    ],
)
def test_these_stand_alone(question) -> None:
    assert not refers_back(question)
    assert standalone(question, ["Who is Jack Ma?"]) == question


def test_only_the_last_subject_is_carried_on() -> None:
    history = ["Who is Jack Ma?", "Who runs Xianyu?", "since when?"]
    assert standalone("and before?", history) == "and before? (since when? (Who runs Xianyu?))"
    assert "Jack" not in standalone("and before?", history)


def test_a_long_history_is_bounded() -> None:
    history = ["and then? " * 100] * 200
    assert len(standalone("and then?", history)) <= MAX_QUESTION_CHARS


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who is X and when did he leave?", ["Who is X", "when did he leave?"]),
        ("Who is X? What is Y?", ["Who is X?", "What is Y?"]),
        ("Who and what is X?", ["Who", "what is X?"]),
        ("Which salt and pepper mill is best?", ["Which salt and pepper mill is best?"]),
        ("?", ["?"]),
    ],
)
def test_two_questions_in_one(question, parts) -> None:
    assert split_question(question) == parts


def test_a_text_full_of_question_marks_is_left_whole() -> None:
    text = "Is it? " * (MAX_PARTS + 1)
    assert split_question(text) == [text]
