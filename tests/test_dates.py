"""Dates and front matter as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dates import find_date, parse_date
from rag.front_matter import front_matter


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-12",
        "2025/2/12",
        "2025.02.12",
        "02/12 2025",
        "02/12/2025",
        "12.2.2025",
        "12. 02. 2025",
        "February 12, 2025",
        "Feb. 12th 2025",
        "12 February 2025",
        "12 Feb, 2025",
        "Wednesday, 12 February 2025",
        "Published: February 12, 2025",
        "Last updated on Feb 12, 2025 at 10:30 AM",
        "2025-02-12T10:30:00.123Z",
        "2025-02-12 10:30:00+01:00",
        "2025年2月12日",
        "12th of February 2025",
        "12-02-2025",
        "12-Feb-2025",
        "Date:2025-02-12",
        "**Date:** 12 February 2025",
        "**12 February 2025**",
        "Thur, 12 Feb 2025",
        "Issued 12 February 2025",
        "Published: February 12, 2025 by Ann",
        "Published February 12, 2025, 10:30 by Ann Lee",
        "- Date: 2025-02-12",
        "* **Date:** 2025-02-12",
        "Date: Wed, 12 Feb 2025 10:00:00 +0100 (CET)",
        "Sent: Wednesday, February 12, 2025 10:00 AM",
        "February 12,2025",
        "12 February,2025",
        "(February 12, 2025)",
        "[2025-02-12]",
        "(Last updated: 12 February 2025)",
        "Published at: 2025-02-12",
        "Effective date: February 12, 2025",
        "Publication date: 2025-02-12",
        "Posted by Ann on February 12, 2025",
        "Posted by Ann Lee on Wednesday, 12 February 2025 at 10:30",
    ],
)
def test_one_day_in_many_forms(text: str) -> None:
    assert parse_date(text) == "2025-02-12"
    assert find_date(f"A title of some words\n\n{text}\n\nThe text begins.") == "2025-02-12"
    assert find_date(f"By Ann Lee | {text}\nThe text begins.") == "2025-02-12"


def test_a_heading_may_be_a_date_but_an_item_of_a_list_tells_of_something_else() -> None:
    assert find_date("# 2025-02-12\n\nMet Ann.") == find_date("## 12 Feb 2025") == "2025-02-12"
    assert find_date("Holidays\n- 2025-12-25\n- 2025-12-26\n") == ""


def test_the_day_comes_first_where_only_that_can_be() -> None:
    assert parse_date("25/12/2024") == parse_date("12/25/2024") == "2024-12-25"
    assert parse_date("12-25-2024") == "2024-12-25"


def test_a_year_of_two_digits_is_read_where_the_day_is_plain() -> None:
    assert parse_date("12/31/24") == parse_date("31/12/24") == find_date("12/31/24") == "2024-12-31"
    assert {parse_date(text) for text in ("11/12/24", "12/31/99", "12/31/24/5")} == {""}


def test_eight_digits_are_a_date_only_where_one_is_expected() -> None:
    assert parse_date("20250212") == parse_date("20250212T103000Z") == "2025-02-12"
    assert {parse_date(text) for text in ("20251302", "202502123", "20250212.5")} == {""}
    assert find_date("20250212") == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025",
        "February 2025",
        "31/31/2025",
        "February 30, 2025",
        "2025-13-01",
        "2025年13月5日",
        "12345-01-01",
    ],
)
def test_what_is_no_day(text: str) -> None:
    assert parse_date(text) == ""
    assert find_date(text) == ""


def test_a_date_in_a_sentence_or_far_below_is_not_that_of_the_text() -> None:
    assert find_date("February 12, 2025 was a Wednesday.\n") == ""
    assert find_date("On February 12, 2025, it rained.\n") == ""
    assert find_date("Issued 3 May 2024, the order says much.\n") == ""
    assert find_date("February 12, 2025 by Ann\n") == ""
    assert find_date("[2025-02-12 10:30] The server has started.\n") == ""
    assert find_date("Posted by Ann on February 12, 2025, it tells much.\n") == ""
    assert find_date("Line.\n" * 8 + "2025-02-12\n") == ""


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(find_date(text) + parse_date(text), str)
    assert 0 <= front_matter(text).end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---\n",
        "---\n---\n",
        "---\ntitle: x\n",
        "title: x\n---\n",
        "---\nA sentence.\n---\n",
        "---\n12:30: x\n---\n",
        "---\nThe board met. It said: yes\n---\n",
        "---\nIt met at 12.30: all came\n---\n",
    ],
)
def test_what_is_no_front_matter(text: str) -> None:
    assert front_matter(text).end == 0


def test_front_matter_takes_its_first_values() -> None:
    text = '\ufeff---\nTitle: "A: b"\ntitle: c\n# note\nlist:\n- x\n...\nText.'
    found = front_matter(text)
    assert found.fields == {"title": "A: b"}
    assert text[found.end :] == "Text."
    assert found.first("headline", "title") == "A: b"
    assert found.first("date") == ""


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ("title: a\ntags: [\n  b\n]\ndate: c", {"title": "a", "tags": "[", "date": "c"}),
        ("of: {\n  b: 1\n}\ntitle: a", {"of": "{", "title": "a"}),
        ("\"title\": a\n'date': 'b'", {"title": "a", "date": "b"}),
        ("Über: a\n标题: b", {"über": "a", "标题": "b"}),
        ("og.title: a\nog:url: b", {"og.title": "a", "og:url": "b"}),
        ("time: 12:30: x", {"time": "12:30: x"}),
    ],
)
def test_lines_of_front_matter(lines: str, fields: dict[str, str]) -> None:
    text = f"---\n{lines}\n---\n"
    found = front_matter(f"{text}Text.")
    assert (found.fields, found.end) == (fields, len(text))
