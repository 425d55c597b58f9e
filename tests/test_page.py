"""Answers and documents as HTML: links, marks, and nothing but text from outside."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rag import page
from rag.page import Turn, escaped
from rag.types import Answer, Citation, Document, ModelNames, Part, Passage, Seconds

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "`${alert(1)}`",
    "</textarea></style></title><script>alert(1)</script>",
    "$$\\href{javascript:alert(1)}{x}$$",
    "<!--><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# Heading\n**bold** _x_ ~~y~~",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\u202e<b>\u200bx",
]
DOCUMENT = Document("d.txt", "The title", "First. The second sentence. Third.")
QUOTE = Citation(1, "d.txt", "The title", 7, 27, "The second sentence.")
PASSAGES = (Passage("d.txt", 0, 34, DOCUMENT.text, 1.0), Passage("e.txt", 0, 5, "Other", 0.5))


def answer(text="Said so. [1] Not [7].", citations=(QUOTE,), refused=False, **fields):
    return Answer(
        question="Who?",
        answer=text,
        refused=refused,
        citations=citations,
        passages=(
            Passage("d.txt", 0, 34, DOCUMENT.text, 1.0),
            Passage("e.txt", 0, 5, "Other", 0.5),
        ),
        models=ModelNames("g", "e"),
        seconds=Seconds(0.01, 0.5, 0.02, 0.6, 0.07),
        confidence=0.9,
        **fields,
    )


class Parser(HTMLParser):
    """Elements with their attributes, and all text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_markers_are_links_to_their_quotes_and_others_stay_text() -> None:
    found = Parser(page.conversation([Turn("Who?", answer=answer())]))
    links = [a for tag, a in found.elements if tag == "a" and a["class"] == "marker"]
    assert [(a["data-turn"], a["data-marker"]) for a in links] == [("0", "1")]
    assert "[7]" in found.text
    assert "The second sentence." in found.text
    assert "0.60 s (search 0.01, read 0.07, write 0.50, check 0.02)" in found.text


def test_passages_that_were_cited_are_not_listed_again() -> None:
    shown = page.conversation([Turn("Who?", answer=answer())])
    assert "Retrieved, but not cited (1)" in shown
    assert '<details class="passages"><' in shown


def test_a_refusal_looks_like_one_and_opens_the_nearest_passages() -> None:
    parts = (Part("Who?", False, 0.1, "Nothing speaks of <b>Ito</b>."),)
    refusal = answer("The corpus does not tell.", (), refused=True, parts=parts)
    shown = page.conversation([Turn("Who?", answer=refusal)])
    assert 'class="refusal"' in shown
    assert '<p class="reason" dir="auto">Nothing speaks of &lt;b&gt;Ito&lt;/b&gt;.</p>' in shown
    assert '<details class="passages" open>' in shown
    assert "none of which answers (2)" in shown


def test_a_conflict_stands_side_by_side() -> None:
    other = Citation(2, "e.txt", "Other", 0, 5, "Other")
    shown = page.conversation(
        [Turn("Who?", answer=answer(citations=(QUOTE, other), conflict=(1, 2)))]
    )
    assert "The sources disagree" in shown
    assert 'class="cards sides"' in shown


def test_a_partial_answer_and_a_rewritten_question_are_shown_as_such() -> None:
    parts = (Part("who? (Bees)", True, 0.9), Part("since when?", False, 0.1))
    shown = page.conversation([Turn("Who?", answer=answer(parts=parts))])
    assert 'class="partly"' in shown
    assert "Understood as: who? (Bees)" in Parser(shown).text


def test_what_is_answered_so_far_stands_above_the_stage() -> None:
    shown = page.conversation([Turn("Who?", status="Searching", answer=answer())])
    assert shown.index("Said so.") < shown.index("Searching")
    assert 'class="foot"' not in shown
    stopped = page.conversation([Turn("Who?", error="Stopped.", answer=answer())])
    assert stopped.index("Said so.") < stopped.index("Stopped.")


def test_a_turn_at_work_and_one_that_failed() -> None:
    assert "Searching" in page.conversation([Turn("Who?", status="Searching")])
    assert 'role="alert">No.' in page.conversation([Turn("Who?", error="No.")])


def test_an_empty_page_offers_questions() -> None:
    found = Parser(page.conversation([], ["Who is Ma?"]))
    assert ("button", "starter") in [(tag, a.get("class")) for tag, a in found.elements]


@pytest.mark.parametrize("focus", ["now", ""])
def test_the_source_marks_exactly_the_quote(focus) -> None:
    shown = page.source(DOCUMENT, [QUOTE], 1, focus)
    assert (
        '<mark class="active" tabindex="-1" aria-label="Quote 1">The second sentence.</mark>'
        in shown
    )
    assert f'data-focus="{focus}"' in shown
    assert DOCUMENT.text in Parser(shown).text


def test_overlapping_quotes_do_not_repeat_text() -> None:
    wider = Citation(2, "d.txt", "The title", 0, 15, "First. The seco")
    assert DOCUMENT.text in Parser(page.source(DOCUMENT, [QUOTE, wider], 1, "")).text


def test_a_quote_that_is_no_longer_there_is_not_marked() -> None:
    changed = replace(DOCUMENT, text="New. " + DOCUMENT.text)
    assert page.stands(QUOTE, DOCUMENT)
    assert not page.stands(QUOTE, changed)
    wider = replace(QUOTE, marker=2, start=0, end=4, quote="New.")
    assert page.source(changed, [QUOTE, wider], 2, "").count("<mark") == 1


def test_of_a_very_long_document_the_quotes_surroundings_are_shown() -> None:
    text = "a" * 200_000 + "QUOTE" + "b" * 200_000
    quote = Citation(1, "long.txt", "Long", 200_000, 200_005, "QUOTE")
    shown = page.source(Document("long.txt", "Long", text), [quote], 1, "")
    assert "QUOTE</mark>" in shown
    assert len(shown) < 110_000


def test_text_that_runs_from_right_to_left_does() -> None:
    quote = replace(QUOTE, title="שלום")
    shown = page.conversation([Turn("Who?", answer=answer(citations=(quote,)))])
    shown += page.source(DOCUMENT, [QUOTE], 1, "")
    either = [tag for tag, a in Parser(shown).elements if a.get("dir") == "auto"]
    assert either == ["h2", "p", "q", "blockquote", "div"]
    for text in ("שלום", "d.txt", "e.txt", DOCUMENT.title):
        assert re.search(f"<bdi[^>]*>{text}</bdi>", shown), text


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_only_ever_text(text) -> None:
    quote = Citation(1, f"{text}.txt", text, 0, len(text), text)
    hostile = answer(
        f"{text} [1]", (quote,), parts=(Part(text, True, 0.9), Part("x" + text, False, 0.1))
    )
    document = Document(quote.doc, text, text)
    hostile = replace(hostile, passages=(Passage(text, 0, 9, text, 1.0),))
    plain = answer("x [1]", (QUOTE,), parts=(Part("p", True, 0.9), Part("q", False, 0.1)))
    plain = replace(plain, passages=(Passage("e.txt", 0, 9, "x", 1.0),))
    for shown, harmless in (
        (
            page.conversation([Turn(text, answer=hostile), Turn(text, error=text)], [text]),
            page.conversation([Turn("x", answer=plain), Turn("x", error="x")], ["x"]),
        ),
        (page.source(document, [quote], 1, "now"), page.source(DOCUMENT, [QUOTE], 1, "now")),
        (page.conversation([], [text]), page.conversation([], ["x"])),
    ):
        tags = [tag for tag, _ in Parser(shown).elements if tag != "span"]
        assert tags == [tag for tag, _ in Parser(harmless).elements if tag != "span"]
        assert not {name for _, a in Parser(shown).elements for name in a if name.startswith("on")}
        assert not set("{}$`") & set(shown)
        assert " ".join(text.split()) in " ".join(Parser(shown).text.split())


def test_markdown_holds_the_answer_and_each_quote() -> None:
    assert page.markdown(answer()) == (
        "Said so. [1] Not [7].\n\n[1] The title (d.txt):\n> The second sentence."
    )
    assert escaped("a&b") == "a&amp;b"
