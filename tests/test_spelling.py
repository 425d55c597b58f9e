"""rag.spelling: a question's words as the corpus writes them."""

import pytest

from rag.spelling import as_written, is_slip

TEXTS = [
    "Kerrow said that DeepSeek rose. The Freight Exchange in Marlau told the government again.",
    "Users of Kerrow have registered. “Mostly” said Jo Ma of JD.com with an iPhone, an étude in C.",
]


def is_word(word: str) -> bool:
    return word in {"users", "fusers", "trials", "cross"}


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("what did kerrow say", "what did Kerrow say"),
        ("jo ma's iphone?", "Jo Ma's iPhone?"),
        ("deepseek on jd.com", "DeepSeek on JD.com"),
        ("the freight exchange", "the Freight Exchange"),
        ("WHERE IS MARLAU?", "where is Marlau?"),
        ("kerow and deepsek, registred agian", "Kerrow and DeepSeek, registered again"),
        ("what did the goverment tell", "what did the government tell"),
        ("Wich day, and hwo", "Which day, and how"),
    ],
)
def test_spells_as_the_texts(question: str, written: str) -> None:
    assert as_written(question, TEXTS, is_word) == written


@pytest.mark.parametrize(
    "question",
    [
        "Who told the government?",
        "the exchange rate",  # in a longer name alone
        "mostly users",  # opens a sentence
        "the governor, the registrar, the tract",
        "Who says that Kerow rose?",  # meant so
        "what did Kerrow tell deepseek",
        "ruse or fusers",  # a word
        "mar, jm",
        "ÉTUDES",
        "",
    ],
)
def test_leaves_other_words_alone(question: str) -> None:
    expected = question.lower() if question.isupper() else question
    assert as_written(question, TEXTS, is_word) == expected


def test_a_question_without_any_text_stays() -> None:
    assert as_written("what did kerrow say", [], is_word) == "what did kerrow say"


def test_a_word_of_the_texts_is_none_that_asks() -> None:
    assert as_written("wat year", ["The wat is old."], is_word) == "wat year"
    assert as_written("wat year", ["Watts are old."], is_word) == "what year"


def test_the_most_frequent_word_is_meant() -> None:
    assert as_written("trials", ["trails"], is_word) == "trials"
    assert as_written("staues", ["status statues statues", "statutes"], is_word) == "statues"


@pytest.mark.parametrize(
    ("word", "other", "slip"),
    [
        ("becuase", "because", True),
        ("acess", "access", True),
        ("tablett", "tablet", True),
        ("tract", "track", False),  # as often another word
        ("from", "form", False),
        ("access", "access", False),
        ("contracts", "contract", True),
        ("abcdef", "badcfe", False),
    ],
)
def test_a_slip_is_one_letter(word: str, other: str, slip: bool) -> None:
    assert is_slip(word, other) is is_slip(other, word) is slip
