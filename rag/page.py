"""Answers and documents → HTML and Markdown, as pure functions.

All text of questions, documents and file names goes through ``escaped``: it is shown as it stands
and is never markup, nor a template of the page's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.library import About
from rag.types import Answer, Citation, Document, Stage

STAGES: dict[Stage, str] = {
    "searching": "Searching the documents",
    "reading": "Reading the best sentences",
    "writing": "Writing an answer",
    "checking": "Checking it against the sources",
}
MAX_NOTE = 500  # characters that a reader may write about an answer
_MARKER = re.compile(r"\[(\d+)\]")
_TEMPLATE = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # no HTML can hold them
_AROUND = 50_000  # characters of a document shown on each side of a quote


@dataclass(frozen=True, slots=True)
class Turn:
    """A question on the page, and what has come of it: an answer, perhaps to its first parts
    only, or an error. ``status`` is the stage in words while there is work left, ``index`` the
    name of the one that is asked; ``id`` is the turn's own, "" where nothing is to be done."""

    question: str
    status: str = ""
    answer: Answer | None = None
    error: str = ""
    index: str = ""
    id: str = ""


def escaped(text: str) -> str:
    """Text as HTML, in an element or in a quoted attribute."""
    return _CONTROL.sub("\ufffd", html.escape(text)).translate(_TEMPLATE)


def conversation(turns: Sequence[Turn], starters: Sequence[str] = ()) -> str:
    """All turns, or questions to begin with where there are none."""
    if not turns:
        buttons = "".join(
            f'<li><button type="button" class="starter" dir="auto" data-question="{escaped(q)}">'
            f"{escaped(q)}</button></li>"
            for q in starters
        )
        return (
            '<div class="empty"><p>Ask the documents. Every sentence of an answer is backed by '
            "exact characters of a source; what they do not tell is refused.</p>"
            f'<ul class="starters">{buttons}</ul></div>'
        )
    items = "".join(f'<li class="turn">{_turn(i, turn)}</li>' for i, turn in enumerate(turns))
    return f'<ol class="turns">{items}</ol>'


def _turn(number: int, turn: Turn) -> str:
    question = f'<h2 class="question" dir="auto">{escaped(turn.question)}</h2>'
    shown = _answer(number, turn.answer) if turn.answer else ""
    if turn.error:
        return f'{question}{shown}<div class="error" role="alert">{escaped(turn.error)}</div>'
    if turn.status:
        return f'{question}{shown}<div class="status">{escaped(turn.status)}</div>'
    return question + shown + (_footer(number, turn.answer) if turn.answer else "")


def _answer(number: int, answer: Answer) -> str:
    understood = "".join(
        f'<p class="understood">Understood as: <bdi>{escaped(question)}</bdi></p>'
        for question in answer.understood
    )
    reasons = "".join(f'<p class="reason" dir="auto">{escaped(r)}</p>' for r in answer.reasons)
    if answer.refused:
        body = (
            f'<div class="refusal"><p dir="auto">{escaped(answer.answer)}</p>{reasons}</div>'
            + _passages(answer, "Nearest passages, none of which answers", opened=True)
        )
    else:
        body = (
            f'<div class="{answer.outcome}"><p dir="auto">{_linked(number, answer)}</p>{reasons}'
            "</div>"
            + _cards(number, answer.citations, sides=bool(answer.conflict))
            + _passages(answer, "Retrieved, but not cited", opened=False)
        )
    return understood + body


def _linked(number: int, answer: Answer) -> str:
    """The answer's text with its markers as links."""
    titles = {citation.marker: citation.title for citation in answer.citations}

    def link(match: re.Match[str]) -> str:
        marker = int(match[1])
        if marker not in titles:
            return match[0]
        return (
            f'<a href="#source" class="marker" data-turn="{number}" data-marker="{marker}" '
            f'aria-label="Quote {marker}, from {escaped(titles[marker])}">{marker}</a>'
        )

    return _MARKER.sub(link, escaped(answer.answer))


def _cards(number: int, citations: Iterable[Citation], sides: bool) -> str:
    cards = "".join(
        f'<li><a href="#source" class="quoted" data-turn="{number}" data-marker="{c.marker}">'
        f'<span class="number">{c.marker}</span> <bdi class="title">{escaped(c.title)}</bdi>'
        f'{_place(c, sides)}<q dir="auto">{escaped(c.quote)}</q></a></li>'
        for c in citations
    )
    note = '<p class="note">The sources disagree:</p>' if sides else ""
    return f'{note}<ol class="cards{" sides" if sides else ""}">{cards}</ol>'


def _place(citation: Citation, dated: bool) -> str:
    """File, date and page, as far as they are known; with ``dated`` a missing date is named."""
    file = "" if citation.doc == citation.title else f"<bdi>{escaped(citation.doc)}</bdi>"
    date = escaped(citation.date or "no date" * dated)
    page = f"page {citation.page}" if citation.page else ""
    known = " · ".join(filter(None, (file, date, page)))
    return f' <span class="file">{known}</span>' if known else ""


def _passages(answer: Answer, summary: str, opened: bool) -> str:
    cited = [(c.doc, c.start, c.end) for c in answer.citations]
    others = [
        passage
        for passage in answer.passages
        if not any(d == passage.doc and passage.start <= s < passage.end for d, s, _ in cited)
    ][: 3 if opened else None]
    if not others:
        return ""
    items = "".join(
        f'<li><bdi class="file">{escaped(p.doc)}</bdi>'
        f'<blockquote dir="auto">{escaped(p.text)}</blockquote></li>'
        for p in others
    )
    return (
        f'<details class="passages"{" open" if opened else ""}><summary>{summary} ({len(others)})'
        f"</summary><ol>{items}</ol></details>"
    )


def _footer(number: int, answer: Answer) -> str:
    s = answer.seconds
    stages = (("search", s.retrieve), ("read", s.judge), ("write", s.generate), ("check", s.ground))
    spent = ", ".join(f"{name} {seconds:.2f}" for name, seconds in stages if seconds >= 0.005)
    return (
        f'<div class="foot"><span class="seconds">{s.total:.2f} s ({spent})</span>'
        f'<button type="button" class="copy" data-markdown="{escaped(markdown(answer))}">Copy'
        "</button>"
        f'<button type="button" class="thumb" data-turn="{number}" data-good="1" '
        'aria-pressed="false">Good</button>'
        f'<button type="button" class="thumb" data-turn="{number}" data-good="" '
        'aria-pressed="false">Bad</button>'
        '<span class="thanks" role="status"></span></div>'
        f'<form class="why" data-turn="{number}" hidden><label>What should it say? '
        f'<input type="text" maxlength="{MAX_NOTE}"></label> '
        '<button type="submit">Send</button></form>'
    )


def markdown(answer: Answer) -> str:
    """The answer and its quotes, to be pasted elsewhere."""
    quotes = [
        f"[{c.marker}] {c.title} ({c.doc}):\n> {_one_line(c.quote)}" for c in answer.citations
    ]
    return "\n\n".join([answer.answer, *quotes])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def stands(citation: Citation, document: Document) -> bool:
    """Whether a quote stands where it did."""
    return document.holds(citation.start, citation.end, citation.quote)


def source(document: Document, citations: Sequence[Citation], active: int, focus: str) -> str:
    """The whole document with its quotes marked, the one of marker ``active`` above all.

    Of a very long document, what is around that quote. Any ``focus`` has the page go there; another
    one each time, as the page takes no notice of what it shows already.
    """
    spans = sorted(
        (c for c in citations if c.doc == document.id and stands(c, document)),
        key=lambda c: c.start,
    )
    chosen = next((c for c in spans if c.marker == active), spans[0])
    first, last = max(0, chosen.start - _AROUND), min(len(document.text), chosen.end + _AROUND)
    pieces, position = ["… " if first else ""], first
    for citation in spans:
        start, end = max(citation.start, position), min(citation.end, last)
        if start >= end:
            continue
        state = ' class="active" tabindex="-1"' if citation is chosen else ""
        pieces.append(
            f"{escaped(document.text[position:start])}<mark{state} "
            f'aria-label="Quote {citation.marker}">{escaped(document.text[start:end])}</mark>'
        )
        position = end
    pieces.append(
        escaped(document.text[position:last]) + (" …" if last < len(document.text) else "")
    )
    file = f'<p class="file"><bdi>{escaped(document.id)}</bdi></p>'
    name = "" if document.title == document.id else file
    return (
        f'<article data-focus="{focus}"><h2><bdi>{escaped(document.title)}</bdi></h2>{name}'
        f'<div class="text" dir="auto">{"".join(pieces)}</div></article>'
    )


NO_SOURCE = (
    '<article><h2>Source</h2><p class="hint">Choose a marker or a card under an answer: the '
    "document opens here, at the very characters that were quoted.</p></article>"
)


CHANGED = (
    '<article><h2>Source</h2><p class="hint">The file was changed, renamed or deleted since this '
    "answer; ask again.</p></article>"
)


def about(facts: About) -> str:
    """What an index holds, as a table."""
    rows = (
        ("Documents", f"{facts.documents:,}"),
        ("Passages", f"{facts.chunks:,}"),
        ("Built", facts.built or "in memory"),
        ("Generator", facts.generator),
        ("Embedder", facts.embedder),
        ("Judge", facts.judge),
    )
    cells = "".join(
        f'<tr><th scope="row">{name}</th><td>{escaped(value)}</td></tr>' for name, value in rows
    )
    return f'<table class="about">{cells}</table>'
