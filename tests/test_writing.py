import pytest

from rag.writing import displayed, without_markers


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
        ("बैठक हुई।", "बैठक हुई।"),
        ("جلسہ ہوا۔", "جلسہ ہوا۔"),
        ("من حضر؟", "من حضر؟"),
        ("会議を開いた．", "会議を開いた．"),
        ("apples;", "apples."),
        ("pears, plums, etc.,", "pears, plums, etc."),
        ("plums ;", "plums."),
    ],
)
def test_a_sentence_of_an_answer_is_on_one_line_and_ended_once(sentence, shown) -> None:
    assert displayed(sentence) == shown


@pytest.mark.parametrize(
    ("draft", "bare"),
    [
        ("The board met [1].", "The board met."),
        ("The board met.[1] It left.[2][3]", "The board met. It left."),
        ("The board[12] met [0].", "The board met."),
        ("Use x[0] as the path [1].", "Use x[0] as the path."),
        ("Use `argv[1]` or `f(x)[2]` as the path[1].", "Use `argv[1]` or `f(x)[2]` as the path."),
        ("The `board [1] and the `chair [2] met.", "The `board and the `chair met."),
    ],
)
def test_markers_of_a_draft_go_and_indices_of_code_stay(draft, bare) -> None:
    assert without_markers(draft) == bare
