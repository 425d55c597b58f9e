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
        ("On what day was it?", "On 9 December 1866.", "At the Junction on 9 November 1866.", True),
        ("On what day was it?", "On the 3rd of May.", "It was May 4, a warm day.", True),
        ("On what day was it?", "On 3 May 2020.", "It was on May 3rd.", False),
        ("On what day was it?", "From 3 to 5 May.", "It began on 03 May 2020.", False),
        ("On what day was it?", "Of 50 men, 30 may leave.", "They left on 12 May.", False),
        ("When was it?", "They marched in 2020.", "It was in April 2020.", False),
        ("How many saw it?", "About sixty farmers.", "Some forty-two farmers.", True),
        ("How many saw it?", "About sixty farmers.", "Sixty of them did.", False),
        ("What will it cost?", "It will cost 58 million.", "It is put at 66 million.", True),
        ("What is the rate per mile?", "It is €0.38.", "You get €0.42 a mile.", True),
        ("By what margin did she win?", "She won by 34 seconds.", "She led by 31.", True),
        ("How much did it raise?", "It raised $3.5m.", "It raised 3.5 million dollars.", False),
        ("How much did it raise?", "It raised $3.5m.", "It raised $4.5m.", True),
        ("How long must one wait?", "For three months.", "For at least 90 days.", False),
        ("How long must one wait?", "For three months.", "For four months.", True),
        ("How many users has it?", "It won 5 million in a year.", "It won 6 this week.", True),
        ("Who runs it?", "Li Shan runs it.", "It is run by Ji Shan.", True),
        ("What is due?", "The next Business Day.", "Ten Business Days later.", False),
        ("Who won?", "The Model S1 Plus won.", "The Model S2 Plus won.", False),
        ("Who won?", "King Henry VII won.", "King Henry VIII lost.", False),
        ("Who won?", "It was Mr Hill.", "It was Mrs Hill.", False),
        ("Who runs it?", "Its head is Eddie Wu.", "Wu Yongming runs it.", False),
        ("Who runs it?", "Its head is Li Shan.", "Li Shan runs it, as Bo Chen said.", False),
    ],
)
def test_disagreement(question, one, other, expected) -> None:
    assert disagree(question, one, other) == expected
    assert disagree(question, other, one) == expected
