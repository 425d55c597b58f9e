"""HTML → the text of an article, its title, date and address, by trafilatura (and nowhere else)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rag.dates import parse_date
from rag.extract import Extract, Reading, Unreadable
from rag.text_file import decode

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]
    from trafilatura.settings import Document

_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ \t\r\n", "abcdefghijklmnopqrstuvwxyz"
_STYLE = f"translate(@style, '{_UPPER}', '{_LOWER}')"
# Elements that no browser shows; of style sheets, only what stands in the element is read.
_UNSEEN = [
    "//*[@hidden]",
    f"//*[contains({_STYLE}, 'display:none') or contains({_STYLE}, 'visibility:hidden')]",
    "//template",
]
_PARTS = ".//article | .//main | .//section | .//div"
# Between a number and a raised one, which would read as one number: a power, or a note's.
_RAISED = re.compile(r"(?<=\d)(?=<sup\b[^<>]*>\s*(?:<a\b[^<>]*>\s*)?[-−+]?\d)", re.IGNORECASE)


def read(data: bytes) -> Reading:
    """Paragraphs apart by a blank line; no navigation, comments, scripts or hidden elements.

    Raises Unreadable where no text is found, ImportError without trafilatura.
    """
    from trafilatura import load_html

    declared = _DECLARED.search(data, 0, 2048)
    page = decode(data, declared[1].decode() if declared else "")
    page = _RAISED.sub("^", page)
    tree = load_html(page)
    if tree is None:  # of one paragraph alone, it holds that there is no page
        tree = load_html(f"<html><body>{page}</body></html>")
    found = None if tree is None else _extracted(_with_article(tree))
    if found is None or isinstance(found, dict) or not found.text:
        raise Unreadable("no text found in it: save what it shows as .txt")
    text = "\n\n".join(line for line in found.text.split("\n") if line.strip())
    return Reading(
        (Extract(text, found.title or "", parse_date(found.date or ""), found.url or ""),)
    )


def _extracted(tree: HtmlElement) -> Document | dict[str, Any] | None:
    from trafilatura import bare_extraction
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")  # short pages keep their paragraphs, too
    return bare_extraction(
        tree,
        config=config,
        with_metadata=True,
        include_comments=False,
        date_extraction_params={"original_date": True, "extensive_search": False},
        prune_xpath=_UNSEEN,
    )


def _with_article(tree: HtmlElement) -> HtmlElement:
    """A bare page, as an article: of one without any such part, lists and headings are lost."""
    body = tree.find("body")
    part = tree if body is None else body  # a page without a head is read as one <div>
    if part.tag in ("body", "div") and not part.xpath(_PARTS):
        article = part.makeelement("article")
        article.text, part.text = part.text, None
        article.extend(list(part))
        part.append(article)
    return tree
