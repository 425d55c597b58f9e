import pytest

from rag.writing import displayed


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("The board met", "The board met."),
        ("The board\nmet.", "The board met."),
        ("**The board met.**", "**The board met.**"),
        ("It opens in March.[^1]", "It opens in March.[^1]"),
        ("The chair resigned.[2]", "The chair resigned.［2］"),
        ("The chair of a[0]", "The chair of a［0］."),
        ("“Who met?”", "“Who met?”"),
    ],
)
def test_a_sentence_of_an_answer_is_on_one_line_and_ended_once(sentence, shown) -> None:
    assert displayed(sentence) == shown
