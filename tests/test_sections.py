"""rag.sections: headings and heads of tables over a place of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sections import Sections, in_words, items_in_words
from rag.types import Document, Span

TEXT = """# Lights

Look at them.

## At a glance

| Light | State | Meaning |
|-------|:-----:|---------|
| Mesh  | off   | no *satellite* |
| Power | red   |         |

Below the table.

Night mode

It dims the lights.

Advertisement

It dims more.

Advertisement

The end.
"""


def sections(text: str = TEXT, start: int = 0) -> Sections:
    return Sections(Document("a.md", "Lights", text), Span(start, len(text)))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize(
    ("place", "heading", "head"),
    [
        ("Look", "", ""),  # the title is known
        ("## At", "", ""),
        ("| Light", "At a glance", ""),
        ("| Mesh", "At a glance", "| Light | State | Meaning |"),
        ("| Power", "At a glance", "| Light | State | Meaning |"),
        ("Below", "At a glance", ""),
        ("It dims the", "Night mode", ""),
        ("The end", "Night mode", ""),  # what comes again is no heading
    ],
)
def test_what_stands_over_a_place(newline: str, place: str, heading: str, head: str) -> None:
    text = TEXT.replace("\n", newline)
    start = text.index(place)
    for begin in (0, start):  # of the passage
        found = sections(text, begin)
        assert found.heading(start) == heading
        assert (span := found.head(start)) is None or span.of(text) == head
        assert (span is None) == (head == "")


def test_headings_and_heads_are_labels() -> None:
    found = sections()
    labels = {
        p
        for p in ("# L", "Look", "## At", "| Light", "| Mesh", "Night")
        if found.is_label(TEXT.index(p))
    }
    assert labels == {"## At", "| Light"}


@pytest.mark.parametrize(
    "line", ["It is late.", "- an item", "Owner: Finance,", "| a row |", "x" * 70, "(see below)"]
)
def test_other_short_lines_are_no_headings(line: str) -> None:
    text = f"One begins.\n\n{line}\n\nTwo ends."
    assert sections(text).heading(text.index("Two")) == ""


def test_a_heading_far_above_is_forgotten() -> None:
    text = "## Far\n\n" + "Words and words.\n" * 1000
    assert sections(text, len(text) - 100).heading(len(text) - 50) == ""


def test_a_row_in_words() -> None:
    head = "| Light | State | Meaning |"
    assert in_words("| Mesh | off | lost |", head) == "Light: Mesh; State: off; Meaning: lost"
    assert in_words("| Mesh | | lost | far |", head) == "Light: Mesh; Meaning: lost; far"
    assert in_words("| Mesh |", head) == "Light: Mesh"
    assert in_words("| Weight | 430 g |", "| Item | Value |") == "Weight: 430 g"
    assert in_words("| a |", "|  |") == "a"


LISTS = """## In the box

- Router, white
- Cable,
  yellow

Words.

If you clicked:

1. Stop.

2. Call us.

More.

- alone
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("place", "heading", "items"),
    [
        ("- Router", "In the box", "Router, white; Cable, yellow"),
        ("- Cable", "In the box", "Router, white; Cable, yellow"),
        ("Words", "In the box", ""),
        ("If", "In the box", ""),
        ("2. Call", "In the box – If you clicked:", "1. Stop; 2. Call us"),
        ("- alone", "In the box", ""),
    ],
)
def test_an_item_and_its_list(newline: str, place: str, heading: str, items: str) -> None:
    text = LISTS.replace("\n", newline)
    found, start = sections(text), text.index(place)
    span = found.items(start)
    assert found.heading(start) == heading
    assert (items_in_words(span.of(text)) if span else "") == items


def test_a_long_list_is_no_whole() -> None:
    text = "".join(f"- item {n}\n" for n in range(11))
    assert sections(text).items(0) is None
    assert sections(text[:-10]).items(0) == Span(0, len(text) - 11)


def test_rules_behind_bullets_are_no_whole_but_steps_are() -> None:
    assert sections("- Lock it.\n- Do not run.\n").items(0) is None
    assert sections("1. Lock it.\n2. Do not run.\n").items(0) == Span(0, 26)


_LINES = (
    "# A b\n## Cd\nHeading here\n\n\n| a | b | c |\n|---|---|---|\n| 1 | 2 |\n- x y\n2. step."
    "\n  more\nText: so it is.\nLead:\n* z.\n|\n#\n###### #"
)
_LINE = st.sampled_from(_LINES.split("\n"))


@given(st.lists(_LINE, max_size=30), st.sampled_from(["\n", "\r\n"]), st.integers(0, 100))
def test_whatever_the_text_spans_are_of_whole_lines(lines, newline, begin) -> None:
    text = newline.join(lines)
    found = sections(text, min(begin, len(text)))
    stripped = {line.strip() for line in lines}
    for start in range(len(text) + 1):
        if head := found.head(start):
            assert head.of(text) in stripped
            assert head.end < start
        if items := found.items(start):
            assert items.start <= start < items.end
            assert {line.strip() for line in items.of(text).splitlines()} <= stripped
        assert isinstance(found.heading(start), str)
