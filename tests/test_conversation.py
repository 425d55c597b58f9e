"""Which questions stand alone, which need the one before, and which are two."""

import pytest

from rag.conversation import refers_back, standalone
from rag.question import MAX_PARTS, MAX_QUESTION_CHARS, split_question


@pytest.mark.parametrize(
    "question",
    [
        "who is he?",
        "and in 2024?",
        "What about Berlin?",
        "since when?",
        "in which city?",
        "How much did it grow?",
        "how many of those are factories?",
        "and a year before that?",
    ],
)
def test_these_need_the_question_before(question) -> None:
    assert refers_back(question)
    assert standalone(question, ["Who runs Xianyu?"]) == f"{question} (Who runs Xianyu?)"
    assert standalone(question, []) == question


@pytest.mark.parametrize(
    "question",
    [
        "Who runs Xianyu?",
        "who is jack ma?",
        "what is dingtalk?",
        "What is photosynthesis?",
        "What did Alibaba say about its cloud?",
        "What did the mayor say when he resigned?",
        "Why did the company sell its stake in Sun Art?",
        "Is it true that Alibaba owns 1688?",
        "How long does it take to build a model?",
        "How many provinces are there?",
        "Who runs IT at Alibaba?",
        "Also, who runs Xianyu?",
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


def test_a_long_history_is_bounded_and_the_question_stays_whole() -> None:
    history = ["and then? " * 300] * 200
    found = standalone("and then?", history)
    assert found.startswith("and then? (and then?")
    assert len(found) <= MAX_QUESTION_CHARS


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who is X and when did he leave?", ["Who is X", "when did he leave?"]),
        ("Who is X? What is Y?", ["Who is X?", "What is Y?"]),
        ("谁是马云？他何时离开？", ["谁是马云？", "他何时离开？"]),
        ("Who and what is X?", ["Who and what is X?"]),
        ("When and where did it begin?", ["When and where did it begin?"]),
        ("What did he say and why?", ["What did he say and why?"]),
        ("Who is the man who came and who left?", ["Who is the man who came and who left?"]),
        ("Is it cheap? I need it for my work.", ["Is it cheap? I need it for my work."]),
        ("Which salt and pepper mill is best?", ["Which salt and pepper mill is best?"]),
        ("?", ["?"]),
    ],
)
def test_two_questions_in_one(question, parts) -> None:
    assert split_question(question) == parts


def test_a_text_full_of_question_marks_is_left_whole() -> None:
    text = "Is it? " * (MAX_PARTS + 1)
    assert split_question(text) == [text]
