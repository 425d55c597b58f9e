import pytest
from test_text_rules import evidence

from rag.grounding import Grounder, leaps_over_a_name
from rag.types import Evidence

PRESIDENT = "Notably, accompanying Ma is Li Shan, president of 'Xianyu', the second-hand platform."
SCIENTIST = (
    "He recruited Xu Zhuhong, who served as a professor at Nanyang Technological University and "
    "worked at the software maker Salesforce."
)
FINE = (
    "In April 2021, the regulator ordered Alibaba to stop, imposing a fine of 18.228 billion yuan."
)
POINTS = "Flat rents rose by 2 percentage points last May."


def grounder(question: str, *texts: str, judged: bool = False) -> Grounder:
    found = [
        Evidence(f"d{i}", 0, len(text), text, "", "", cosine=0.5, share=0.5, score=1 - i / 10)
        for i, text in enumerate(texts)
    ]
    return Grounder(question, found, lambda term: 4.0 if term != "alibaba" else 0.5, judged)


def grounds(question: str, draft: str, *texts: str) -> bool:
    return bool(grounder(question, *texts).ground(draft))


def test_a_faithful_short_form_is_supported() -> None:
    assert grounds("How much was Alibaba fined?", "Alibaba was fined 18.228 billion yuan.", FINE)


@pytest.mark.parametrize(
    ("question", "draft", "source"),
    [
        ("How much was Alibaba fined?", "Alibaba was fined 18.228 million yuan.", FINE),
        ("How much was Alibaba fined?", "Tencent was fined 18.228 billion yuan.", FINE),
        ("Say that Bob runs it. Who was fined?", "Bob was fined 18.228 billion yuan.", FINE),
        ("Who is the president of Xianyu?", "Ma is the president of Xianyu.", PRESIDENT),
        ("Was Xu a professor?", "Xu Zhuhong was a professor at Salesforce.", SCIENTIST),
        ("How many employees has Alibaba?", "Alibaba has 2021 employees.", FINE),
        ("What are the Dragons of Alibaba?", "The Dragons of Alibaba are the Dragons.", FINE),
        ("In what year was Quark released?", "In 2021.", FINE),
        ("How much was it?", "Nobody knows what the moon costs.", FINE),
        ("Who was fined?", "Tencent was ordered to stop, with a fine of 18.228 billion.", FINE),
        ("How much was Alibaba fined?", "Alibaba was fined $18.228 billion.", FINE),
        ("Was Alibaba fined?", "Alibaba was not fined 18.228 billion yuan.", FINE),
        ("Who was it?", "Not Li Shan is president of Xianyu.", PRESIDENT),
        ("Who resigned?", "The directors resigned.", "None of the directors resigned."),
        ("How cold was it?", "The night was 20 °C cold.", "The night was -20 °C cold."),
        ("By how many percent?", "Flat rents rose by 2% last May.", POINTS),
        ("What does it cost?", "The hall costs ₹5 to hire.", "The hall costs $5 to hire."),
    ],
)
def test_what_the_source_does_not_say_is_not_supported(
    question: str, draft: str, source: str
) -> None:
    assert not grounds(question, draft, source)


def test_a_short_source_sentence_is_whole_where_a_judge_read_what_it_is_about() -> None:
    asked, staff = "How many people does the plant employ?", "It employs 1900 people."
    assert grounder(asked, staff).ground_sentence(staff) is None
    found = grounder(asked, staff, judged=True).ground_sentence(staff)
    assert found is not None
    assert found.quotes[0].text == staff
    assert grounder(asked, staff, judged=True).ground_sentence("The 1900 people.") is None
    dragons = "The Dragons of Alibaba."
    assert grounder("Who are the Dragons of Alibaba?", dragons, judged=True).ground(dragons) == []


def test_unsupported_sentences_go_and_supported_ones_stay() -> None:
    draft = "Alibaba was fined 18.228 billion yuan. It then moved to Mars. It then moved to Mars."
    (kept,) = grounder("How much was Alibaba fined?", FINE).ground(draft)
    assert kept.text == "Alibaba was fined 18.228 billion yuan."
    assert [quote.text for quote in kept.quotes] == [FINE]


def test_a_second_document_that_says_so_is_cited_too() -> None:
    other = "The fine of 18.228 billion yuan on Alibaba was paid."
    (kept,) = grounder("How was Alibaba fined?", FINE, other, "Tea costs 3 yuan.").ground(
        "Alibaba was fined 18.228 billion yuan."
    )
    assert {quote.doc for quote in kept.quotes} == {"d0", "d1"}


@pytest.mark.parametrize(
    ("question", "sentence", "other"),
    [
        (
            "Where is coffee allowed?",
            "Coffee is allowed in Room 5.",
            "Coffee is not allowed in Room 5.",
        ),
        ("What does Alibaba pay?", "Alibaba pays $5 million.", "Alibaba pays €5 billion."),
        ("What does Alibaba pay?", "Alibaba pays $5 million.", "Alibaba pays €5 million."),
        (
            "How far did shares fall in 2021?",
            "All Tencent shares fell by 5% in 2021.",
            "All Tencent shares fell by 5 percentage points in 2021.",
        ),
        ("Who is the president of Xianyu?", "Today Ma is the president of Xianyu.", PRESIDENT),
    ],
)
def test_a_second_document_that_says_otherwise_is_not_cited(
    question: str, sentence: str, other: str
) -> None:
    (kept,) = grounder(question, sentence, other).ground(sentence)
    assert [quote.text for quote in kept.quotes] == [sentence]


@pytest.mark.parametrize(
    ("question", "said", "second"),
    [
        (
            "Did it grow for five or for seven quarters?",
            "Sales of Kivi grew for seven quarters in a row.",
            "Sales of Kivi grew for five quarters in a row.",
        ),
        (
            "What is Xianyu?",
            "Criteria of the Kivi Group for Xianyu were a large market and a need of many users.",
            "The Kivi Group calls Xianyu a strategic business.",
        ),
    ],
)
def test_a_second_source_tells_the_same(question, said, second) -> None:
    asked = grounder(question, said, second, judged=True)
    (kept,) = asked.ground(said)
    assert [quote.text for quote in kept.quotes] == [said]
    again = second.replace("five", "seven") if "five" in second else said.replace("large", "big")
    (kept,) = grounder(question, said, again, judged=True).ground(said)
    assert [quote.text for quote in kept.quotes] == [said, again]


def test_two_neighbouring_sentences_may_support_together() -> None:
    first = "Zhou Chang led the Tongyi team."
    second = "He then joined ByteDance as an expert."
    pair = [
        Evidence("d", 0, 31, first, "", "", 0.5, 0.5, 1.0),
        Evidence("d", 32, 70, second, "", first, 0.5, 0.5, 0.9),
    ]
    draft = "Zhou Chang led the Tongyi team, then joined ByteDance."
    (kept,) = Grounder("What of Zhou Chang?", pair, lambda _: 4.0).ground(draft)
    assert len(kept.quotes) == 2
    apart = [pair[0], Evidence("other", 32, 70, second, "", "", 0.5, 0.5, 0.9)]
    assert not Grounder("What of Zhou Chang?", apart, lambda _: 4.0).ground(draft)


def test_leaping_over_a_name() -> None:
    assert leaps_over_a_name("Ma is president of Xianyu", PRESIDENT)
    assert not leaps_over_a_name("Li Shan is president of Xianyu", PRESIDENT)


def test_a_source_sentence_about_somebody_else_is_not_about_the_question() -> None:
    line = "Xianyu has over 500 million registered users and Quark has fewer."
    asked = grounder("how many users has dingtalk", line, "DingTalk is an office platform.")
    assert not asked.is_about(evidence(line))
    asked = grounder("how many users has xianyu", line)
    assert asked.is_about(evidence(line))
