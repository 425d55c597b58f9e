"""Sentences that tell something else than a question takes for granted."""

import pytest

from rag.premise import tells_opposite, tells_other


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Why did sales climb by 12 percent?", "Sales decreased by 12%, which is disappointing."),
        ("By how much did the number of beds fall?", "The number of beds grew from 388 to 412."),
        ("What convinced them to approve it?", "They rejected it within forty minutes."),
        ("Where was the trial's success told?", "The first trial failed in 2019."),
    ],
)
def test_the_opposite_of_what_is_taken_for_granted_is_told(question, sentence) -> None:
    assert tells_opposite(question, sentence)
    assert not tells_opposite("What is told?", sentence)


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
        ("How high were sales in 2021?", "In 2021 and 2022 sales were 4 and 5 million."),
        ("How high were sales in 2021?", "Between 2020 and 2023 sales were 4 million a year."),
        ("How high were sales in 2021?", "Sales were 4 million."),
        ("How high were sales in 2021?", "Sales were 4 million; in 2020 they had been 3."),
        ("What may follow in May?", "It may march on."),
        ("Who is the founder of it?", "It was founded by Jack Ma, once its CEO."),
        ("Who is the chief executive?", "Eddie Wu, the CEO, spoke."),
        ("Who bought the clinic?", "They sold the clinic to Abacor."),
    ],
)
def test_what_may_well_be_an_answer_is_not_that(question, sentence) -> None:
    assert not tells_opposite(question, sentence)
    assert not tells_other(question, sentence)
