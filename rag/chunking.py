"""Document → Chunks: runs of whole sentences, by langchain-text-splitters."""

from __future__ import annotations

from collections.abc import Iterator

from rag.boilerplate import content_start, find_boilerplate
from rag.sentences import count_words, split_sentences
from rag.types import Chunk, Document, Span

_BOUNDARY = "\x1e"  # ASCII record separator, put between sentences for the splitter to cut at


def content_spans(text: str) -> list[Span]:
    """What is left of a document without its byte-order mark and its boilerplate."""
    spans, position = [], content_start(text)
    for furniture in find_boilerplate(text):
        spans.append(Span(position, furniture.start))
        position = furniture.end
    spans.append(Span(position, len(text)))
    return [span for span in spans if span.of(text).strip("\ufeff \t\r\n")]


def chunk_document(document: Document, chunk_chars: int, first_id: int) -> list[Chunk]:
    """Chunks of at most about ``chunk_chars`` characters, ids counting up from ``first_id``.

    ``document.text[chunk.start:chunk.end] == chunk.text`` holds by construction: the splitter
    decides how many sentences go together, and the offsets come from the sentences. (Searching
    the chunk's text, as ``add_start_index`` does, finds wrong places where text repeats.)
    """
    chunks: list[Chunk] = []
    words = count_words(document.text)
    for content in content_spans(document.text):
        sentences = split_sentences(document.text, content, words)
        for group in _group(document.text, sentences, chunk_chars):
            start, end = group[0].start, group[-1].end
            text = document.text[start:end]
            chunk_id = first_id + len(chunks)
            chunks.append(Chunk(chunk_id, document.id, start, end, text, tuple(group)))
    return chunks


def _group(text: str, sentences: list[Span], chunk_chars: int) -> Iterator[list[Span]]:
    from langchain_text_splitters import CharacterTextSplitter

    splitter = CharacterTextSplitter(
        separator=_BOUNDARY, chunk_size=chunk_chars, chunk_overlap=0, strip_whitespace=False
    )
    joined = _BOUNDARY.join(span.of(text).replace(_BOUNDARY, " ") for span in sentences)
    position = 0
    for piece in splitter.split_text(joined):
        count = piece.count(_BOUNDARY) + 1
        yield sentences[position : position + count]
        position += count
    if position != len(sentences):
        raise AssertionError(f"the splitter kept {position} of {len(sentences)} sentences")
