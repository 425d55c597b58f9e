from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import MAX_SENTENCE_CHARS, split_sentences
from rag.types import Span

ARTICLE_LIKE = st.text(
    alphabet=st.one_of(
        st.sampled_from("abcdeTIA .!?\n\"'“”,1-"),
        st.characters(codec="utf-8", max_codepoint=0x3100),
    ),
    max_size=400,
)


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


@given(ARTICLE_LIKE)
def test_spans_are_ordered_disjoint_and_lose_nothing(text: str) -> None:
    spans = split_sentences(text)
    for span in spans:
        piece = span.of(text)
        assert piece == piece.strip() != ""
        assert len(piece) <= MAX_SENTENCE_CHARS
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert "".join("".join(s.of(text).split()) for s in spans) == "".join(text.split())


@given(ARTICLE_LIKE, st.integers(0, 50), st.integers(0, 400))
def test_a_part_of_a_text_keeps_the_offsets_of_the_whole(text: str, start: int, end: int) -> None:
    within = Span(min(start, len(text)), min(end, len(text)))
    for span in split_sentences(text, within):
        assert within.start <= span.start < span.end <= within.end


def test_lost_spaces_and_full_stops_are_found() -> None:
    assert sentences("It bought the startup, DeepSeekThis news spread. DeepSeek is new.") == [
        "It bought the startup, DeepSeek",
        "This news spread.",
        "DeepSeek is new.",
    ]
    assert sentences("All are born in winter.The era has begun.") == [
        "All are born in winter.",
        "The era has begun.",
    ]
    assert sentences("new drivers of development Two months later, he left.") == [
        "new drivers of development",
        "Two months later, he left.",
    ]
    assert sentences("the future in AIIt felt so. AI is here.")[0] == "the future in AI"
    assert sentences("labelled as unfoundedYet, experts saw more.")[1] == "Yet, experts saw more."


def test_names_and_abbreviations_are_not_cut() -> None:
    for whole in (
        "DingTalk, QuestMobile and LinkedIn use an iPhone.",
        "Dr. Smith of J. P. Morgan Inc. met Mr. Wu on Nov. 29 in the U.S. market.",
        "The stock closed at $123.90, up 4.6% on JD.com data.",
        "He said 3.08 million people, e.g. students, use Ele.me daily.",
    ):
        assert sentences(whole) == [whole]


def test_lines_wrapped_by_hand_stay_one_sentence() -> None:
    text = "A long line of prose that was wrapped at seventy columns by\nits author.\n\nNew."
    assert sentences(text) == [text[: text.index("\n\n")], "New."]


def test_a_huge_line_is_cut_at_spaces() -> None:
    text = "word " * 100_000
    spans = split_sentences(text)
    assert max(span.end - span.start for span in spans) <= MAX_SENTENCE_CHARS
    assert {word for span in spans for word in span.of(text).split()} == {"word"}


@pytest.mark.parametrize(
    "text", ["." * 1_000_000, "Aa" * 500_000, '."' * 500_000, "a.) " * 250_000]
)
@pytest.mark.timeout(60)
def test_a_hostile_line_takes_time_in_proportion_to_its_length(text: str) -> None:
    assert sum(span.end - span.start for span in split_sentences(text)) >= len(text) // 2
