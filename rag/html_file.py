"""HTML → the text of an article, its title, date and address, by trafilatura (and nowhere else)."""

from __future__ import annotations

import re

from rag.dates import parse_date
from rag.extract import Extract, Reading, Unreadable
from rag.text_file import decode

_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ \t\r\n", "abcdefghijklmnopqrstuvwxyz"
_STYLE = f"translate(@style, '{_UPPER}', '{_LOWER}')"
# Elements that no browser shows; of style sheets, only what stands in the element is read.
_UNSEEN = [
    "//*[@hidden]",
    f"//*[contains({_STYLE}, 'display:none') or contains({_STYLE}, 'visibility:hidden')]",
    "//template",
]


def read(data: bytes) -> Reading:
    """Paragraphs apart by a blank line; no navigation, comments, scripts or hidden elements.

    Raises Unreadable where no text is found, ImportError without trafilatura.
    """
    from trafilatura import bare_extraction
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")  # short pages keep their paragraphs, too
    declared = _DECLARED.search(data, 0, 2048)
    found = bare_extraction(
        decode(data, declared[1].decode() if declared else ""),
        config=config,
        with_metadata=True,
        include_comments=False,
        date_extraction_params={"original_date": True, "extensive_search": False},
        prune_xpath=_UNSEEN,
    )
    if found is None or isinstance(found, dict) or not found.text:
        raise Unreadable("no text found in it: save what it shows as .txt")
    text = "\n\n".join(line for line in found.text.split("\n") if line.strip())
    return Reading(
        (Extract(text, found.title or "", parse_date(found.date or ""), found.url or ""),)
    )
