"""An index on disk: documents, chunks, vectors and words, built from a corpus.

``indexes/NAME/manifest.json`` names a data folder beside it and the hash of each file therein.
A build writes a new data folder and then replaces the manifest, which is one atomic rename: a
build killed at any moment leaves the old index, or none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from rag.chunking import chunk_document
from rag.config import Config
from rag.dense import DenseIndex
from rag.documents import Corpus
from rag.errors import CorpusError, CorruptIndexError, IndexWriteError
from rag.lexical import LexicalIndex
from rag.manifest import MANIFEST, Manifest, Recipe, difference, hash_files
from rag.progress import progress_bar
from rag.types import Chunk, Document, Embedder, HalfVectors, Span, Vectors

log = logging.getLogger(__name__)

_BATCH = 64  # texts between two steps of the progress bar


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

    def vectors_of(self, chunk: Chunk) -> Vectors:
        """Unit vectors of the chunk's sentences, float32, shape (sentences, dimension)."""
        first, last = self.first_sentence[chunk.id : chunk.id + 2]
        return np.asarray(self.sentence_vectors[first:last], dtype=np.float32)


def open_or_build(folder: Path, corpus: Corpus, embedder: Embedder, config: Config) -> Index:
    """The index of ``corpus`` in ``folder``, built or rebuilt where that is needed.

    The reason for a rebuild is logged. Vectors of chunks whose text did not change are kept.
    Raises CorpusError when the corpus has no text to index, IndexWriteError when the folder
    cannot be written.
    """
    recipe = Recipe(
        files=corpus.fingerprints,
        embedder=embedder.name,
        embedder_fingerprint=embedder.fingerprint,
        chunk_chars=config.chunk_chars,
    )
    index, stale = _try_open(folder, recipe)
    if index is not None and not stale:
        return index
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            old, stale = _try_open(folder, recipe)  # another process may have built it
            if old is not None and not stale:
                return old
            log.info("building index %s: %s", folder, stale)
            new = _build(corpus, embedder, recipe, _known_vectors(old, recipe))
            _save(new, folder)
            return new
    except OSError as error:
        raise IndexWriteError(
            f"cannot write the index {folder} ({error.strerror or error}); make the folder "
            f"writable and free some disk, or run from another folder"
        ) from error


def open_index(folder: Path) -> Index:
    """Read an index and check every file's hash; never writes.

    Raises CorruptIndexError when it is missing, incomplete or damaged.
    """
    manifest = Manifest.read(folder)
    if manifest is None:
        raise CorruptIndexError("there is none yet")
    data = folder / manifest.data
    found = hash_files(data)
    for name, expected in manifest.sha256.items():
        if found.get(name) != expected:
            state = "damaged" if name in found else "missing"
            raise CorruptIndexError(f"its file {name} is {state}")
    try:
        documents = [Document(**fields) for fields in _read_lines(data / "documents.jsonl")]
        chunks = tuple(_read_chunk(fields) for fields in _read_lines(data / "chunks.jsonl"))
        dense = DenseIndex.load(data / "vectors.faiss")
        lexical = LexicalIndex.load(data / "bm25")
        sentence_vectors = np.load(data / "sentences.npy", mmap_mode="r")
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise CorruptIndexError(f"it cannot be read ({error})") from error
    first = _first_sentence(chunks)
    if not len(chunks) == len(dense) == len(lexical) == manifest.chunks:
        raise CorruptIndexError(f"it holds {len(chunks)} chunks, {manifest.chunks} were saved")
    if first[-1] != len(sentence_vectors):
        raise CorruptIndexError(f"it holds {len(sentence_vectors)} sentences, expected {first[-1]}")
    by_id = {document.id: document for document in documents}
    return Index(manifest.recipe, by_id, chunks, dense, lexical, sentence_vectors, first)


def _try_open(folder: Path, recipe: Recipe) -> tuple[Index | None, str | None]:
    """The index if it can be read, and why it does not serve ``recipe`` if it does not."""
    try:
        index = open_index(folder)
    except CorruptIndexError as error:
        return None, str(error)
    return index, difference(index.recipe, recipe)


# --- building -------------------------------------------------------------------------------


def _build(corpus: Corpus, embedder: Embedder, recipe: Recipe, known: dict[str, Vectors]) -> Index:
    chunks: list[Chunk] = []
    for document in corpus.documents:
        chunks += chunk_document(document, recipe.chunk_chars, first_id=len(chunks))
    if not chunks:
        raise CorpusError(f"the files in {corpus.root} hold no text to index")
    documents = {document.id: document for document in corpus.documents}
    texts = [chunk.text for chunk in chunks]
    sentences = _sentence_texts(chunks, documents)
    vectors = _embed([*texts, *sentences], embedder, known)
    return Index(
        recipe,
        documents,
        tuple(chunks),
        DenseIndex.build(vectors[: len(texts)]),
        LexicalIndex.build(texts),
        vectors[len(texts) :].astype(np.float16),
        _first_sentence(chunks),
    )


def _sentence_texts(chunks: Sequence[Chunk], documents: dict[str, Document]) -> list[str]:
    return [span.of(documents[chunk.doc].text) for chunk in chunks for span in chunk.sentences]


def _first_sentence(chunks: Sequence[Chunk]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *(len(chunk.sentences) for chunk in chunks)])


def _embed(texts: Sequence[str], embedder: Embedder, known: dict[str, Vectors]) -> Vectors:
    """One row for each text, shape (len(texts), dimension); what is known is not embedded again.

    Texts of like length go together, since a batch takes as long as its longest. Time goes with
    characters, so they are what the progress bar counts.
    """
    keys = [_text_key(text) for text in texts]
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    pending = sorted(new, key=lambda key: len(new[key]), reverse=True)
    vectors = dict(known)
    with progress_bar(sum(map(len, new.values())), "char", "embedding") as bar:
        for start in range(0, len(pending), _BATCH):
            batch = pending[start : start + _BATCH]
            encoded = embedder.encode([new[key] for key in batch])
            vectors.update(zip(batch, encoded, strict=True))
            bar.update(sum(len(new[key]) for key in batch))
    return np.stack([vectors[key] for key in keys])


def _known_vectors(index: Index | None, recipe: Recipe) -> dict[str, Vectors]:
    """Vectors of the old index by the hash of their text, where the embedder is the same."""
    if index is None or index.recipe.embedder_fingerprint != recipe.embedder_fingerprint:
        return {}
    texts = [chunk.text for chunk in index.chunks]
    sentences = _sentence_texts(index.chunks, index.documents)
    rows = [*index.dense.vectors(), *index.sentence_vectors.astype(np.float32)]
    return {_text_key(text): row for text, row in zip([*texts, *sentences], rows, strict=True)}


def _text_key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- saving ---------------------------------------------------------------------------------


def _save(index: Index, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="data-", dir=folder))
    try:
        _write_lines(data / "documents.jsonl", index.documents.values())
        _write_lines(data / "chunks.jsonl", index.chunks)
        index.dense.save(data / "vectors.faiss")
        index.lexical.save(data / "bm25")
        np.save(data / "sentences.npy", index.sentence_vectors)
        manifest = Manifest(
            recipe=index.recipe,
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            data=data.name,
            sha256=hash_files(data),
            documents=len(index.documents),
            chunks=len(index.chunks),
        )
        pending = data / MANIFEST
        pending.write_text(manifest.to_json(), encoding="utf-8")
        _sync(data)
        pending.replace(folder / MANIFEST)  # from here on the new index is the index
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        raise
    for old in folder.glob("data-*"):
        if old != data:
            shutil.rmtree(old, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Have the files on the disk before the manifest that names them."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):  # some file systems do not sync folders
                os.fsync(handle)
        finally:
            os.close(handle)


def _write_lines(path: Path, items: Iterable[Document] | Iterable[Chunk]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")


def _read_chunk(fields: dict[str, Any]) -> Chunk:
    return Chunk(**{**fields, "sentences": tuple(Span(**span) for span in fields["sentences"])})


def _read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
