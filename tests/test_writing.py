import pytest

from rag.grounding import Grounder
from rag.types import Evidence
from rag.writing import Margins, displayed, quote, without_markers


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


def test_a_further_quote_is_near_the_one_before_not_near_what_could_not_be_quoted() -> None:
    question = "Who founded the Kivi company?"
    said = [
        ("a", "The Kivi company was founded.", 3.0),  # tells nothing that was not asked
        ("b", "Ada Lind founded the Kivi company.", 1.0),
        ("a", "The Kivi company was founded by Bo Chen.", 0.9),
        ("a", "Ada Lind founded Kivi, the company, with Cy Dahl.", -0.5),
    ]
    evidence = [
        Evidence(doc, 100 * i, 100 * i + len(text), text, "", "", 0.5, 0.5, score)
        for i, (doc, text, score) in enumerate(said)
    ]
    grounder = Grounder(question, evidence, lambda term: 1.0, judged=True)
    found = quote(grounder, question, evidence, Margins(near=1.0, further=1.2, contradicting=1.2))
    assert [sentence.text for sentence in found] == [text for _, text, _ in said[1:3]]
