"""Documents → questions to begin with, on names that the documents explain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from rag.types import Document

_NAME = r"[A-Z][\w'’-]*[A-Za-z0-9](?: [A-Z0-9][\w'’-]*[A-Za-z0-9]){0,3}"
# "Quark, Alibaba's search app, …", "Wu Jia is the president of …"
_EXPLAINED = re.compile(
    rf"\b({_NAME})(?:, (?=(?:an?|the|its|his|her|{_NAME}['’]s)\s)| (?:is|was) (?=(?:an?|the)\s))"
    r"((?:[\w'’-]+ ){2,12}?[\w'’-]+)(?=[,.;])"
)
_PERSON = re.compile(
    r"\b(?:CEO|founder|co-founder|president|chairman|chairwoman|chair|director|head|chief|boss|"
    r"minister|professor|analyst|author|executive|king|queen|mayor|leader|researcher|engineer|"
    r"scientist|officer|manager|secretary|senator|coach|captain)\b"
)
_NO_NAME = frozenset(
    "I It He She They We You This That These Those There The A An In On At As And But For If "
    "When While Who What Which Where Why How Today Yesterday Now Here No Yes Notably January "
    "February March April May June July August September October November December Monday Tuesday "
    "Wednesday Thursday Friday Saturday Sunday".split()
)
_WORD = re.compile(r"\b[a-z]+\b")
_MAX_DOCUMENTS = 200  # read at most, and of each
_MAX_CHARS = 100_000


def starters(documents: Iterable[Document], count: int = 4) -> list[str]:
    """Questions that some sentence answers, on the most frequent names first; may be fewer."""
    read = islice(documents, _MAX_DOCUMENTS)
    texts = [" ".join(document.text[:_MAX_CHARS].split()) for document in read]
    # "However" is no name where "however" is a word.
    words = {word for text in texts for word in _WORD.findall(text)}
    explained: dict[str, str] = {}
    for text in texts:
        for name, what in _EXPLAINED.findall(text):
            known = name.split()[0] in _NO_NAME or name.lower() in words
            if not known and len(name) > 2:
                explained.setdefault(name, what)
    frequency = Counter({name: sum(text.count(name) for text in texts) for name in explained})
    chosen: list[str] = []
    for name in sorted(explained, key=lambda name: (-frequency[name], name)):
        if not any(name in other or other in name for other in chosen):
            chosen.append(name)
    return [
        f"{'Who' if _PERSON.search(explained[name]) else 'What'} is {name}?"
        for name in chosen[:count]
    ]
