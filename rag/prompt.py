"""Question and evidence → chat messages within a budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.types import Evidence, Message

# A token is at least one byte of UTF-8, so bytes bound the prompt whatever the language.
MAX_EVIDENCE_BYTES = 2400
MAX_SENTENCES = 3

_SYSTEM = (
    "You answer questions from the passages you are given. "
    "Use only what the passages say, with their exact names and numbers."
)


def select(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best sentences that fit the budget, put back into the order of their documents."""
    chosen: list[Evidence] = []
    size = 0
    for candidate in evidence[:MAX_SENTENCES]:
        size += len(candidate.text.encode())
        if chosen and size > MAX_EVIDENCE_BYTES:
            break
        chosen.append(candidate)
    best = {e.doc: rank for rank, e in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda e: (best[e.doc], e.start))


def messages(question: str, evidence: Sequence[Evidence], max_words: int) -> list[Message]:
    """A prompt that asks for one sentence."""
    passages = "\n\n".join(e.text for e in select(evidence))
    request = (
        f"Passages:\n\n{passages}\n\nQuestion: {question}\n"
        f"Answer in one sentence of at most {max_words} words."
    )
    return [
        Message(role="system", content=_SYSTEM),
        Message(role="user", content=request),
    ]


def without_control(text: str, tokens: Iterable[str]) -> str:
    """The text with none of a chat format's control tokens.

    Questions and documents may hold "<|im_end|>"; a space inside makes it plain text.
    """
    for token in tokens:
        text = text.replace(token, f"{token[:1]} {token[1:]}")
    return text
