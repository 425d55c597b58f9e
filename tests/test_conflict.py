"""What is a disagreement, and what is one value in two forms."""

import pytest

from rag.conflict import disagree


@pytest.mark.parametrize(
    ("question", "one", "other", "expected"),
    [
        ("How many users has it?", "It has 3.08 million users.", "3.0885 million use it.", False),
        ("How many users has it?", "It has 3 million users.", "Some 4 million use it.", True),
        ("How many quarters in a row?", "For five quarters.", "For seven quarters.", True),
        ("How much was it in 2023?", "In 2023 it was $5.", "It was $5 in 2023, in 2022 $4.", False),
        ("How much was it in 2023?", "In 2023 it was $5.", "It was not told.", False),
        ("When did they merge?", "They merged in 2023.", "In November 2023 they merged.", False),
        ("When did they merge?", "By the end of 2024 they had.", "It was in January 2025.", True),
        ("When did they merge?", "On Nov. 9 they did.", "They merged on November 12.", True),
        ("When did they merge?", "On Nov. 9 they did.", "They merged on November 9, 2020.", False),
        ("Who runs it?", "Li Shan runs it.", "It is run by Ji Shan.", True),
        ("Who runs it?", "Its head is Eddie Wu.", "Wu Yongming runs it.", False),
        ("Who runs it?", "Its head is Li Shan.", "Li Shan runs it, as Bo Chen said.", False),
    ],
)
def test_disagreement(question, one, other, expected) -> None:
    assert disagree(question, one, other) == expected
    assert disagree(question, other, one) == expected
