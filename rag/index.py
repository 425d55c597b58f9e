"""An index on disk: documents, chunks, vectors and words, built from a corpus.

``indexes/NAME/manifest.json`` names a data folder beside it and the hash of each file therein.
A build writes a new data folder and then replaces the manifest, which is one atomic rename: a
build killed at any moment leaves the old index, or none. Readers need no lock.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.changes import Changes, find_changes
from rag.chunking import chunk_document
from rag.config import Config
from rag.dense import DenseIndex
from rag.documents import Corpus
from rag.errors import CorpusError, CorruptIndexError, IndexWriteError
from rag.filters import Filter
from rag.fusion import reciprocal_rank_fusion
from rag.known_texts import read_corpus
from rag.lexical import LexicalIndex
from rag.manifest import Manifest, Recipe, difference, hash_files, stamp
from rag.records import (
    CHUNKS,
    DOCUMENTS,
    check_places,
    read_chunks,
    read_documents,
    write_records,
)
from rag.search_index import DEPTH
from rag.swap import building, swap_in
from rag.types import Chunk, Document, Embedder, HalfVectors, Hit, Mask, Vectors
from rag.vectors import embed, embedded_texts, halved, text_key

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Index:
    """Everything retrieval needs; ``chunks[i].id == i`` in both searchable parts.

    ``sentence_vectors`` (float16, one row for each sentence of each chunk, in order) stays on
    disk: a question reads the rows of its few chunks only, and embeds nothing but itself.
    """

    recipe: Recipe
    documents: dict[str, Document]
    chunks: tuple[Chunk, ...]
    dense: DenseIndex
    lexical: LexicalIndex
    sentence_vectors: HalfVectors
    first_sentence: npt.NDArray[np.int64]  # row of each chunk's first sentence, and the total
    allowed: Mask | None = None  # chunks that searches find, shape (chunks,); None for all

    @property
    def chunk_count(self) -> int:
        return len(self.chunks)

    def only(self, wanted: Filter) -> Index:
        """The same index, whose searches find chunks of those documents alone that are wanted."""
        admitted = {document.id for document in self.documents.values() if wanted.admits(document)}
        found = (chunk.doc in admitted for chunk in self.chunks)
        return replace(self, allowed=np.fromiter(found, dtype=np.bool_))

    def coverage(self, wanted: Filter) -> str:
        """How many documents are wanted, in words."""
        return wanted.summary(self.documents.values())

    def search(self, question: str, vector: Vectors, k: int) -> list[Hit]:
        """The k best chunks by vector and by words, joined by reciprocal rank; best first."""
        dense = [i for i, _ in self.dense.search(vector, DEPTH, self.allowed)]
        lexical = [i for i, _ in self.lexical.search(question, DEPTH, self.allowed)]
        fused = reciprocal_rank_fusion([dense, lexical])[:k]
        return [Hit(self.chunks[i], score) for i, score in fused]

    def idf(self, term: str) -> float:
        """Natural logarithm of (n + 1) / (df + 0.5): positive, largest for unknown terms."""
        return self.lexical.idf(term)

    def vectors_of(self, chunk: Chunk) -> Vectors:
        """Unit vectors of the chunk's sentences, float32, shape (sentences, dimension)."""
        first, last = self.first_sentence[chunk.id : chunk.id + 2]
        return np.asarray(self.sentence_vectors[first:last], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would do. ``reason`` is None where the index serves as it is."""

    reason: str | None
    changes: Changes
    chunks: int  # of the new index
    to_embed: int  # texts (chunks and sentences) whose vectors are not known


def open_or_build(folder: Path, corpus: Corpus, embedder: Embedder, config: Config) -> Index:
    """The index of ``corpus`` in ``folder``, built or rebuilt where that is needed.

    The reason for a rebuild is logged. Of files whose text did not change, also of renamed ones,
    chunks and vectors are kept. Where another process built the index since the corpus was read,
    the folder is read again: an older reading never replaces a newer one. Raises CorpusError when
    the corpus has no text to index, IndexWriteError when the folder cannot be written.
    """
    recipe = _recipe(corpus, embedder, config)
    old, stale = _try_open(folder, recipe)
    if old is not None and not stale:
        return old
    try:
        with building(folder):
            if stamp(folder) != corpus.seen:
                corpus = read_corpus(corpus.root, folder)
                recipe = _recipe(corpus, embedder, config)
                old, stale = _try_open(folder, recipe)
                if old is not None and not stale:
                    return old
            log.info("building index %s: %s", folder, stale)
            new = _build(corpus, embedder, recipe, old, folder.parent)
            swap_in(folder, lambda data: _write(new, corpus, data))
            return new
    except OSError as error:
        raise IndexWriteError(
            f"cannot write the index {folder} ({error.strerror or error}); make the folder "
            f"writable and free some disk, or run from another folder"
        ) from error


def plan(folder: Path, corpus: Corpus, embedder: Embedder, config: Config) -> Plan:
    """What ``open_or_build`` would do; writes nothing and embeds nothing."""
    recipe = _recipe(corpus, embedder, config)
    old, reason = _try_open(folder, recipe)
    chunks = _chunks(corpus, recipe, old)
    known = _known_vectors(old, recipe)
    new = {text_key(text) for text in embedded_texts(chunks, _by_id(corpus))} - known.keys()
    changes = find_changes(old.recipe.files if old else {}, recipe.files)
    return Plan(reason, changes, len(chunks), len(new))


def open_index(folder: Path) -> Index:
    """Read an index, checking every file's hash and that all parts fit; never writes.

    An index that is swapped meanwhile is read anew. Raises CorruptIndexError when it is missing,
    incomplete or damaged.
    """
    manifest = Manifest.read(folder)
    while manifest is not None:
        try:
            return _read(manifest, folder / manifest.data)
        except CorruptIndexError:
            newer = Manifest.read(folder)
            if newer is not None and newer.data == manifest.data:
                raise
            manifest = newer  # swapped in while the old data was read
    raise CorruptIndexError("there is none yet")


def _try_open(folder: Path, recipe: Recipe) -> tuple[Index | None, str | None]:
    """The index if it can be read, and why it does not serve ``recipe`` if it does not."""
    try:
        index = open_index(folder)
    except CorruptIndexError as error:
        return None, str(error)
    return index, difference(index.recipe, recipe)


# --- building -------------------------------------------------------------------------------


def _recipe(corpus: Corpus, embedder: Embedder, config: Config) -> Recipe:
    return Recipe(
        files=corpus.fingerprints,
        embedder=embedder.name,
        embedder_fingerprint=embedder.fingerprint,
        chunk_chars=config.chunk_chars,
    )


def _build(
    corpus: Corpus, embedder: Embedder, recipe: Recipe, old: Index | None, disk: Path
) -> Index:
    """Vectors are kept in files in ``disk`` that are gone when the index is."""
    chunks = _chunks(corpus, recipe, old)
    documents = _by_id(corpus)
    texts = embedded_texts(chunks, documents)
    vectors = embed(texts, embedder, _known_vectors(old, recipe), disk=disk)
    return Index(
        recipe,
        documents,
        tuple(chunks),
        DenseIndex.build(vectors[: len(chunks)]),
        LexicalIndex.build(texts[: len(chunks)]),
        halved(vectors[len(chunks) :], disk),
        _first_sentence(chunks),
    )


def _chunks(corpus: Corpus, recipe: Recipe, old: Index | None) -> list[Chunk]:
    """Of all documents; a text that was chunked before is not chunked again."""
    known = _known_chunks(old, recipe)
    chunks: list[Chunk] = []
    for document in corpus.documents:
        first = len(chunks)
        same = known.get(document.text)
        if same is None:
            chunks += chunk_document(document, recipe.chunk_chars, first)
        else:
            chunks += [replace(c, id=i, doc=document.id) for i, c in enumerate(same, first)]
    if not chunks:
        raise CorpusError(f"the files in {corpus.root} hold no text to index")
    return chunks


def _known_chunks(index: Index | None, recipe: Recipe) -> dict[str, list[Chunk]]:
    """Chunks of the old index by the text of their document, where they would be the same."""
    if index is None or index.recipe.chunk_chars != recipe.chunk_chars:
        return {}
    by_text: dict[str, list[Chunk]] = {}
    for doc, chunks in groupby(index.chunks, lambda chunk: chunk.doc):
        by_text[index.documents[doc].text] = list(chunks)
    return by_text


def _by_id(corpus: Corpus) -> dict[str, Document]:
    return {document.id: document for document in corpus.documents}


def _first_sentence(chunks: Sequence[Chunk]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *(len(chunk.sentences) for chunk in chunks)])


def _known_vectors(index: Index | None, recipe: Recipe) -> dict[str, Vectors]:
    """Vectors of the old index by the hash of their text, where the embedder is the same."""
    if index is None or index.recipe.embedder_fingerprint != recipe.embedder_fingerprint:
        return {}
    keys = [text_key(text) for text in embedded_texts(index.chunks, index.documents)]
    split = len(index.chunks)
    known = dict(zip(keys[split:], index.sentence_vectors.astype(np.float32), strict=True))
    # Last, since those of chunks are not rounded to float16.
    known.update(zip(keys[:split], index.dense.vectors(), strict=True))
    return known


# --- files ----------------------------------------------------------------------------------


def _write(index: Index, corpus: Corpus, data: Path) -> Manifest:
    write_records(data / DOCUMENTS, index.documents.values())
    write_records(data / CHUNKS, index.chunks)
    index.dense.save(data / "vectors.faiss")
    index.lexical.save(data / "bm25")
    np.save(data / "sentences.npy", index.sentence_vectors)
    return Manifest(
        recipe=index.recipe,
        built=datetime.now(UTC).isoformat(timespec="seconds"),
        data=data.name,
        sha256=hash_files(data),
        documents=len(index.documents),
        chunks=len(index.chunks),
        corpus=str(corpus.root.absolute()),  # a link may lead elsewhere one day
        partly={s.path: s.reason for s in corpus.skipped if s.path in corpus.fingerprints},
    )


def _read(manifest: Manifest, data: Path) -> Index:
    manifest.check_format()
    try:
        manifest.check_files(data)
        documents = read_documents(data / DOCUMENTS)
        chunks = read_chunks(data / CHUNKS)
        check_places(chunks, documents)
        dense = DenseIndex.load(data / "vectors.faiss")
        lexical = LexicalIndex.load(data / "bm25")
        sentence_vectors = np.load(data / "sentences.npy", mmap_mode="r")
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise CorruptIndexError(f"it cannot be read ({error})") from error
    first = _first_sentence(chunks)
    if not len(chunks) == len(dense) == len(lexical) == manifest.chunks:
        raise CorruptIndexError(f"it holds {len(chunks)} chunks, {manifest.chunks} were saved")
    if {document.file for document in documents.values()} != manifest.recipe.files.keys():
        raise CorruptIndexError("its documents are not those of its manifest")
    if first[-1] != len(sentence_vectors):
        raise CorruptIndexError(f"it holds {len(sentence_vectors)} sentences, expected {first[-1]}")
    return Index(manifest.recipe, documents, chunks, dense, lexical, sentence_vectors, first)


if __name__ == "__main__":
    from rag.indexes import main

    sys.exit(main())
