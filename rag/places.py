"""Where an index can be built: a folder of this machine, or a collection of Milvus."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.changes import Changes, find_changes
from rag.cli import index_folder
from rag.config import Config
from rag.errors import CorruptIndexError
from rag.manifest import Manifest
from rag.milvus_address import MilvusAddress, is_milvus

if TYPE_CHECKING:
    from rag.documents import Corpus
    from rag.types import Embedder


@dataclass(frozen=True, slots=True)
class Planned:
    """What a build would do; ``said`` tells the work in words."""

    changes: Changes
    said: str


@dataclass(frozen=True, slots=True)
class Built:
    """What an index holds, and the files that had changed."""

    documents: int
    chunks: int
    changes: Changes


class Place(Protocol):
    """Something that follows a folder."""

    @property
    def name(self) -> str:
        """What --index takes."""
        ...

    def follows(self, chosen: Path) -> Path:
        """The folder to be read where ``chosen`` is named. Raises UsageError where that would
        replace another."""
        ...

    def read(self, root: Path) -> Corpus:
        """The folder, of which files that were read before may be taken over."""
        ...

    def plan(self, corpus: Corpus, embedder: Embedder) -> Planned: ...

    def build(self, corpus: Corpus, embedder: Embedder) -> Built: ...


def place_of(root: Path, index: str | None) -> Place:
    """The place that --index names. Raises UsageError for a name that is none."""
    if index is not None and is_milvus(index):
        return InMilvus(MilvusAddress.parse(index))
    return InFolder(index_folder(root, index))


@dataclass(frozen=True, slots=True)
class InFolder:
    """See ``rag.index``."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def name(self) -> str:
        return self.folder.name

    def follows(self, chosen: Path) -> Path:
        from rag.known_texts import followed

        return followed(chosen, self.folder)

    def read(self, root: Path) -> Corpus:
        from rag.known_texts import read_corpus

        return read_corpus(root, self.folder)

    def plan(self, corpus: Corpus, embedder: Embedder) -> Planned:
        from rag.index import plan

        planned = plan(self.folder, corpus, embedder, Config())
        if planned.reason is None:
            return Planned(planned.changes, "needs nothing")
        return Planned(
            planned.changes,
            f"would be built ({planned.reason}): {planned.chunks:,} chunks, "
            f"{planned.to_embed:,} texts to embed",
        )

    def build(self, corpus: Corpus, embedder: Embedder) -> Built:
        from rag.index import open_or_build

        before = self._files()
        index = open_or_build(self.folder, corpus, embedder, Config())
        changes = find_changes(before, index.recipe.files)
        return Built(len(index.documents), index.chunk_count, changes)

    def _files(self) -> dict[str, str]:
        """What the index was built from; nothing where there is none that can be read."""
        try:
            manifest = Manifest.read(self.folder)
        except CorruptIndexError:
            return {}
        return manifest.recipe.files if manifest else {}


@dataclass(frozen=True, slots=True)
class InMilvus:
    """See ``rag.milvus_index``. The collection is let go after each build: a file of milvus-lite
    serves one process at a time."""

    address: MilvusAddress

    def __str__(self) -> str:
        return str(self.address)

    @property
    def name(self) -> str:
        return f"'{self.address}'"

    def follows(self, chosen: Path) -> Path:
        return chosen

    def read(self, root: Path) -> Corpus:
        from rag.documents import load_corpus

        return load_corpus(root)

    def plan(self, corpus: Corpus, embedder: Embedder) -> Planned:
        from rag.milvus_open import open_milvus

        try:
            with closing(open_milvus(self.address, embedder, Config())) as index:
                stored = index.files()
        except CorruptIndexError:  # there is none yet
            stored = {}
        changes = find_changes(stored, corpus.fingerprints)
        return Planned(changes, "would be brought up to date" if changes else "needs nothing")

    def build(self, corpus: Corpus, embedder: Embedder) -> Built:
        from rag.fill import fill
        from rag.milvus_open import open_or_create

        with closing(open_or_create(self.address, embedder, Config())) as index:
            changes = fill(index, corpus, embedder, Config().chunk_chars)
            index.settle()
            return Built(len(index.documents), index.chunk_count, changes)
