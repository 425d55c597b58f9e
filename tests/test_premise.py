"""Sentences that tell something else than a question takes for granted."""

import pytest

from rag.premise import objection, tells_other
from rag.types import Evidence


def found(*texts: str) -> list[Evidence]:
    return [Evidence("d", 0, len(text), text, "", "", 0.5, 0.5, 1.0) for text in texts]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Why did sales climb by 12 percent?", "Sales decreased by 12%, which is disappointing."),
        ("By how much did the number of beds fall?", "The number of beds grew from 388 to 412."),
        ("What made the board approve the plan?", "The board rejected the plan at once."),
        ("Where was the trial's success told?", "The first trial failed in 2019."),
        ("Why did sales fall?", "Sales rose by 3%, which had not been foreseen."),
        ("Why did sales rise?", "Sales did not rise, they fell."),
    ],
)
def test_the_opposite_of_what_is_taken_for_granted_is_told(question, sentence) -> None:
    against = objection(question, found(sentence, "It is so."))
    assert against == f"The nearest sentence says otherwise: “{sentence}”"
    assert not objection("What is told about it?", found(sentence))
    assert not objection(question, found("It is so.", sentence))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How high were sales in 2021?", "In 2022 sales had been 780 million."),
        ("What was revenue in Q3?", "Revenue was 4 million in the fourth quarter."),
        ("What happened on 9 August?", "The worst moment came on 9 June."),
        ("Who is the CFO?", "Eddie Wu has been CEO since 2023."),
        ("Who is vice president?", "Xi is president."),
    ],
)
def test_another_year_month_or_office_is_told(question, sentence) -> None:
    assert tells_other(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Did sales rise?", "Sales fell by 3%."),  # says so
        ("Why did sales not rise?", "Sales fell by 3%."),
        ("Did it go up, and how did sales fall?", "Sales rose by 3%."),
        ("By how much did sales rise?", "Sales rose by 3% as costs fell."),
        ("By how much did sales rise?", "Sales did not fall."),
        ("Why did sales rise?", "Sales at home, which had not been foreseen, rose as costs fell."),
        ("How high were sales in 2021?", "In 2021 and 2022 sales were 4 and 5 million."),
        ("How high were sales in 2021?", "Between 2020 and 2023 sales were 4 million a year."),
        ("How high were sales in 2021?", "Sales were 4 million."),
        ("How high were sales in 2024/25?", "In 2025 sales were 4 million."),
        ("How do I lower my blood pressure?", "To cut the pressure, increase exercise."),
        ("How can sleep be improved?", "Sleep is deeper where caffeine is cut."),
        ("Why did the share price fall?", "Interest rates rose."),
        ("What is the lower limit?", "The limit was raised to 5 mg."),
        ("Who is Jan Peters?", "Mr Peters joined in December."),
        ("How high were sales in 2021?", "Sales were 4 million; in 2020 they had been 3."),
        ("What may follow in May?", "It may march on."),
        ("Who is the founder of it?", "It was founded by Jack Ma, once its CEO."),
        ("Who is the chief executive?", "Eddie Wu, the CEO, spoke."),
        ("Who bought the clinic?", "They sold the clinic to Abacor."),
    ],
)
def test_what_may_well_be_an_answer_is_not_that(question, sentence) -> None:
    assert not objection(question, found(sentence))
    assert not tells_other(question, sentence)


@pytest.mark.parametrize(
    ("question", "unheard"),
    [
        ("What did Elon Musk say?", True),  # "must belong" is no slip of so short words
        ("What did Tencent Musk say?", False),  # one word of the name is known
        ("What did Zuhong Xuu say?", False),  # spelt nearly as Zhuhong
        ("what did elon musk say?", False),  # who tells that this is a name?
        ("Which American did it hire?", False),
        ("Who is the Managing Director?", False),  # who may be called the head
        ("How did United Steel fare in New Spain?", False),  # called U.S. and NS
        ("hello", True),
        ("price", False),  # or what it costs
        ("Thanks!", True),
        ("Who is its CFO?", True),
        ("Who is its chair?", False),
        ("good morning!", True),
        ("Who is the landlord?", False),  # who may be called a lessor
        ("¿hola?", False),  # any word of another language stands in nothing
    ],
)
def test_what_nothing_has_heard_of(question, unheard) -> None:
    told = found(
        "Tencent hired Zhuhong as a clerk, thanks to its CEO; he must belong to it, they say",
        "The firm rose in the U.S. and NS",
    )
    assert bool(objection(question, told)) == unheard


def test_what_speaks_against_a_question_is_told_in_words() -> None:
    told = found("Tencent hired a clerk.")
    assert objection("hello", told) == "That asks nothing."
    asked = "What did Elon Musk say to Tim Cook at Tencent?"
    assert objection(asked, told) == "Nothing that was found speaks of Elon Musk or Tim Cook."
    assert objection("who is the cfo", told) == "Nothing that was found speaks of a CFO."


def test_nothing_speaks_against_a_question_where_nothing_was_found() -> None:
    assert not objection("What did Elon Musk say?", [])
