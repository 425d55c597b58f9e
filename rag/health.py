"""Whether an index on disk is whole, and its passages lie where they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.errors import CorruptIndexError
from rag.index import Index, open_index


def damage(folder: Path) -> list[str]:
    """What is wrong with an index, in words; nothing where it is whole. Reads every byte."""
    try:
        index = open_index(folder)
    except CorruptIndexError as error:
        return [str(error)]
    return list(_misplaced(index))


def _misplaced(index: Index) -> Iterator[str]:
    """What the hashes do not tell: that the parts fit each other."""
    if index.documents.keys() != index.recipe.files.keys():
        yield "its documents are not those of its manifest"
    for number, chunk in enumerate(index.chunks):
        document = index.documents.get(chunk.doc)
        if chunk.id != number:
            yield f"its chunk {number} is numbered {chunk.id}"
        if document is None or document.text[chunk.start : chunk.end] != chunk.text:
            yield f"its chunk {number} does not stand in {chunk.doc}"
        inside = all(chunk.start <= s.start < s.end <= chunk.end for s in chunk.sentences)
        if not (chunk.sentences and inside):
            yield f"its chunk {number} has sentences outside of it, or none"
