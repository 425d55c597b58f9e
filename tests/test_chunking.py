import pytest
from conftest import SEEDS
from hypothesis import given
from hypothesis import strategies as st

from rag.boilerplate import find_boilerplate
from rag.chunking import chunk_document, content_spans
from rag.documents import load_corpus
from rag.types import Document

TEXT = st.text(
    alphabet=st.one_of(st.sampled_from("abc. \n\x1eTA"), st.characters(codec="utf-8")), max_size=600
)


def check(document: Document, chunk_chars: int) -> None:
    chunks = chunk_document(document, chunk_chars, first_id=7)
    kept = []
    for position, chunk in enumerate(chunks):
        assert chunk.id == 7 + position
        assert document.text[chunk.start : chunk.end] == chunk.text
        assert chunk.sentences[0].start == chunk.start
        assert chunk.sentences[-1].end == chunk.end
        assert len(chunk.sentences) == 1 or chunk.end - chunk.start <= chunk_chars * 1.2
        kept += [span.of(document.text) for span in chunk.sentences]
    content = "".join(span.of(document.text) for span in content_spans(document.text))
    assert "".join("".join(kept).split()) == "".join(content.split()).strip("\ufeff")


@given(TEXT, st.integers(200, 1000))
def test_offsets_are_exact_and_nothing_is_lost(text: str, chunk_chars: int) -> None:
    check(Document("d", "d", text.replace("\ufeff", "")), chunk_chars)


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    text = "\ufeffThe bees live here.\n"
    (chunk,) = chunk_document(Document("d", "d", text), 900, 0)
    assert (chunk.start, chunk.text) == (1, "The bees live here.")
    (chunk,) = chunk_document(Document("d", "d", text.replace("The", "Home\nThe")), 900, 0)
    assert (chunk.start, chunk.text) == (6, "The bees live here.")


def test_the_five_articles() -> None:
    corpus = load_corpus(SEEDS)
    assert len(corpus.documents) == 5
    for document in corpus.documents:
        check(document, 900)


def test_page_furniture_is_left_out_of_the_articles() -> None:
    corpus = load_corpus(SEEDS)
    chunks = [c.text for d in corpus.documents for c in chunk_document(d, 900, 0)]
    everything = "\n".join(chunks)
    for noise in ("Advertisements", "Contact Us", "Working Hours", "Midjourney", "BLOG 2023"):
        assert noise not in everything
    assert "In the future, we will continue to follow Ali’s evolution" in everything
    assert everything.count("Navigating the balance between sustained investment") == 1


def test_sentences_that_ran_together_in_the_articles_are_apart() -> None:
    corpus = load_corpus(SEEDS)
    for document in corpus.documents:
        for chunk in chunk_document(document, 900, 0):
            for span in chunk.sentences:
                for joint in ("DeepSeekThis", "AIIt", "servicesConcurrently", "products From the"):
                    assert joint not in span.of(document.text)


def test_furniture_rules_spare_ordinary_text() -> None:
    text = "Home\n\nThe home of advertisements is the newspaper.\n\n• milk\n\n• bread\n"
    assert [span.of(text) for span in find_boilerplate(text)] == ["Home\n"]
    related = "One.\n" * 30 + "Related posts\nAnother headline\n"
    assert [span.of(related) for span in find_boilerplate(related)] == [
        "Related posts\nAnother headline\n"
    ]


@pytest.mark.parametrize(
    ("line", "is_furniture"),
    [
        ("© 2024 Ann Lee", True),
        ("Copyright © Lee", True),
        ("All content © Lee", True),
        ("Lee Inc. All rights reserved.", True),
        ("Copyright 2003 Lee Inc All rights reserved", True),
        ("The licence is MIT, © 2024 Ann Lee, chair of the board.", False),
        ("Ann Lee has all rights reserved.", False),
        ("Recommended for you", True),
        ("More from Live Science...", True),
        ("More stories:", True),
        ("Recommended:", False),
        ("More from the fund was paid to Ann Lee in May,", False),
    ],
)
def test_the_last_lines_of_a_page(line: str, is_furniture: bool) -> None:
    text = "One.\n" * 30 + line
    assert [span.of(text) for span in find_boilerplate(text)] == [line] * is_furniture
