"""A folder → a store: what is new is embedded and put, what is gone is removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rag.changes import Changes, find_changes
from rag.documents import Corpus
from rag.ingest import ReadFile, Store, embed_files
from rag.progress import progress_bar
from rag.types import Document, Embedder

_GROUP_CHARS = 30_000  # of files that are embedded and put together


def fill(store: Store, corpus: Corpus, embedder: Embedder, chunk_chars: int) -> Changes:
    """Make the store hold the files of the corpus and no others; returns what had changed.

    Whoever is interrupted runs it again: what was put stays. Raises what the store raises.
    """
    stored = store.files()
    new = [file for file in _files(corpus) if stored.get(file.path) != file.sha256]
    store.remove(sorted(stored.keys() - corpus.fingerprints.keys()))
    with progress_bar(sum(map(_chars, new)), "char", "embedding", shown=bool(new)) as bar:
        for group in _groups(new):
            store.put(embed_files(group, embedder, chunk_chars))
            bar.update(sum(map(_chars, group)))
    return find_changes(stored, corpus.fingerprints)


def _files(corpus: Corpus) -> list[ReadFile]:
    documents: defaultdict[str, list[Document]] = defaultdict(list)
    for document in corpus.documents:
        documents[document.file].append(document)
    return [
        ReadFile(path, sha256, tuple(documents[path]))
        for path, sha256 in corpus.fingerprints.items()
    ]


def _groups(files: Sequence[ReadFile]) -> Iterator[list[ReadFile]]:
    """In order, each of about as many characters, so that memory is bounded."""
    group: list[ReadFile] = []
    chars = 0
    for file in files:
        group.append(file)
        chars += _chars(file)
        if chars >= _GROUP_CHARS:
            yield group
            group, chars = [], 0
    if group:
        yield group


def _chars(file: ReadFile) -> int:
    return sum(len(document.text) for document in file.documents)
