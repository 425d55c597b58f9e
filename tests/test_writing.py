from dataclasses import replace

import pytest

from rag.grounding import Grounded, Grounder
from rag.types import Evidence
from rag.writing import Margins, displayed, disputed, quote, without_markers


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
        ("- Bring a towel", "Bring a towel."),
        ("* [ ] Ask Ana", "Ask Ana."),
        ("> - **Bring** a towel.", "**Bring** a towel."),
        ("## Opening hours", "Opening hours."),
        ("2. Bake it.", "2. Bake it."),
        ("- 5 °C is cold", "- 5 °C is cold."),
        ("-5 °C is cold", "-5 °C is cold."),
        ("| Widget | 4.50 EUR |", "Widget | 4.50 EUR."),
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
    margins = Margins(near=1.0, further=1.2, contradicting=1.2, weakest=0.0, doubtful=-9)
    found = quote(grounder, question, evidence, margins)
    assert [sentence.text for sentence in found] == [text for _, text, _ in said[1:3]]
    alone = quote(grounder, question, evidence, replace(margins, weakest=0.95))
    assert [sentence.text for sentence in alone] == [said[1][1]]


@pytest.mark.parametrize(
    ("score", "second"),
    [
        (0.2, "The Kivi plant cost 31 million euros in all."),
        (-0.2, "For its Kivi plant the firm has paid a builder called Bo Chen."),  # doubtful
    ],
)
def test_what_says_otherwise_is_quoted_before_what_is_nearer(score: float, second: str) -> None:
    question = "How much did the Kivi plant cost?"
    said = [
        ("a", "The Kivi plant cost 25 million euros.", 2.0),
        ("b", "For its Kivi plant the firm has paid a builder called Bo Chen.", 1.5),
        ("b", "The Kivi plant was opened by Ada Lind, at no cost to her.", 1.4),
        ("b", "The Kivi plant cost 31 million euros in all.", score),
    ]
    evidence = [
        Evidence(doc, 100 * i, 100 * i + len(text), text, "", "", 0.5, 0.5, told)
        for i, (doc, text, told) in enumerate(said)
    ]
    grounder = Grounder(question, evidence, lambda term: 1.0, judged=True)
    margins = Margins(near=1.0, further=1.0, contradicting=3.0, weakest=0.0, doubtful=0.0)
    found = quote(grounder, question, evidence[:3], margins, evidence)
    assert [sentence.text for sentence in found] == [said[0][1], second]


@pytest.mark.parametrize(
    ("said", "between", "after", "denied"),
    [
        ("The firm sold 75 dogs, they claim.", 1, "Kivi denied this and walked out.", True),
        ("The firm sold 75 dogs, they claim.", 1, "Kivi denied that it walked out.", False),
        ("The firm sold 75 dogs, they claim.", 1, "Kivi calls the claim baseless.", True),
        ("The firm sold 75 dogs, they claim.", 1, "Kivi called the report useful.", False),
        ("The firm sold 75 dogs, they claim.", 400, "Kivi denied this and walked out.", False),
        ("The firm sold 75 dogs, they claim.", 1, "Nobody denied this.", False),
        ("The firm sold 75 dogs, they claim.", 1, "Kivi denied it was late for dogs.", False),
        ("It leaked that the firm sold dogs.", 900, "The firm denied the reports of dogs.", True),
        ("The firm has sold them 75 dogs.", 1, "Kivi denied this and walked out.", False),
        ("It is certain: the firm sold dogs.", 900, "The firm denied the reports of dogs.", False),
        ("It leaked that the firm sold dogs.", 900, "The bank denied the reports of cats.", False),
        ("It leaked that the firm sold dogs.", 9999, "The firm denied the reports of dogs.", False),
        ("It leaked that the firm sold dogs.", -90, "The firm denied the reports of dogs.", False),
    ],
)
def test_what_is_denied_is_quoted_with_its_denial(said, between, after, denied) -> None:
    question = "Did the firm sell 75 dogs?" if "claim" in said else "What was sold?"
    other = said.replace("dogs", "cows")
    places = [(100, said, 3.0), (100 + len(said) + between, after, -4.0), (50_000, other, 2.9)]
    evidence = [
        Evidence("d", start, start + len(text), text, "", "", 0.5, 0.5, score)
        for start, text, score in places
    ]
    grounder = Grounder(question, evidence, lambda term: 1.0, judged=True)
    margins = Margins(near=1.0, further=1.0, contradicting=1.0, weakest=-9, doubtful=-9)
    found = quote(grounder, question, evidence[::2], margins)
    assert [sentence.text for sentence in found] == [said, after if denied else other]
    assert len(disputed(question, found, margins)) == (2 if denied else 0)


@pytest.mark.parametrize(
    ("said", "score", "contradicts"),
    [
        ("The Kivi works was opened on 5 May.", 1.0, True),
        ("The works was opened on 5 May.", -2.0, False),  # it hardly answers
        ("A bridge was built until 5 May.", 1.0, False),  # of another matter
        ("It was so on 5 May.", 1.0, False),
    ],
)
def test_only_what_answers_and_is_of_the_same_matter_contradicts(said, score, contradicts) -> None:
    question = "When did the Kivi works open?"
    texts = [("a", "The Kivi works was opened on 4 June.", 2.0), ("b", said, score)]
    found = [
        Grounded(text, (Evidence(doc, 0, len(text), text, "", "", 0.5, 0.5, score),), 1.0)
        for doc, text, score in texts
    ]
    margins = Margins(near=1.0, further=2.0, contradicting=3.0, weakest=-3.0, doubtful=-1.5)
    assert disputed(question, found, margins) == (found if contradicts else [])
