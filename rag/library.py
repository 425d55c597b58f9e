"""Several indexes by name, over the models of one pipeline."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag.cli import index_folder
from rag.documents import Skipped
from rag.errors import CorpusError, CorruptIndexError, UsageError
from rag.index import open_index, open_or_build
from rag.known_texts import read_corpus
from rag.manifest import BROUGHT, MANIFEST, Manifest, Stamp, stamp
from rag.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class About:
    """What an index holds and what answers from it."""

    name: str
    documents: int
    chunks: int
    built: str  # ISO 8601, UTC
    generator: str
    embedder: str
    judge: str


class Library:
    """Opens each index once, and again when another version was swapped in.

    ``name`` is that of the pipeline's own index.
    """

    def __init__(self, pipeline: Pipeline, name: str, folder: Path) -> None:
        self._folder = folder
        self._first = name
        self._open = {name: pipeline}
        self._stamps: dict[str, Stamp] = {}  # of the manifests that were looked at last

    @property
    def first(self) -> str:
        """The name of the index that the library was opened with."""
        return self._first

    def names(self) -> list[str]:
        """Of all indexes that this library's embedder can search, sorted."""
        found = set(self._open)
        for manifest in self._folder.glob(f"*/{MANIFEST}"):
            if self._fits(manifest.parent):
                found.add(manifest.parent.name)
        return sorted(found)

    def pipeline(self, name: str) -> Pipeline:
        """Over the newest version of an index.

        UsageError for a name that none of the indexes has, or where it can no longer be searched.
        """
        if name not in self._open and name not in self.names():
            raise UsageError(f"no index {name!r}; there are {', '.join(self.names())}")
        now = stamp(self._folder / name)
        if now is not None and now != self._stamps.get(name):
            self._renew(name)
            self._stamps[name] = now
        return self._open[name]

    def _renew(self, name: str) -> None:
        """Open an index, unless what is open was made from the same."""
        folder = self._folder / name
        opened = self._open.get(name)
        manifest = Manifest.read(folder)
        if opened is not None and manifest and manifest.recipe == opened.index.recipe:
            return
        if not self._fits(folder):
            raise UsageError(
                f"the index {name} was built with another embedder since; start this program anew"
            )
        self._open[name] = self._open[self._first].on(open_index(folder))

    def about(self, name: str) -> About:
        """What is known of an index; its date is empty where its manifest is not at hand."""
        pipeline = self.pipeline(name)
        manifest = Manifest.read(self._folder / name)
        models = pipeline.models
        return About(
            name,
            len(pipeline.index.documents),
            len(pipeline.index.chunks),
            manifest.built if manifest else "",
            models.generator,
            models.embedder,
            models.judge,
        )

    def add(self, name: str, files: Iterable[Path]) -> tuple[Skipped, ...]:
        """Make an index of copies of the files, or add them to the one made so before.

        Returns what was left out. Raises UsageError for a name that is none or is taken by an
        index of a folder, CorpusError where no file can be read.
        """
        folder = self._folder / index_folder(Path(), name).name
        kept = folder / BROUGHT
        if not kept.is_dir() and (folder / MANIFEST).is_file():
            raise UsageError(f"the index {name} follows a folder of its own; choose another name")
        kept.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copyfile(file, kept / _plain_name(file.name))
        try:
            corpus = read_corpus(kept, folder)
        except CorpusError:
            shutil.rmtree(folder)
            raise
        pipeline = self._open[self._first]
        index = open_or_build(folder, corpus, pipeline.embedder, pipeline.config)
        self._open[name] = pipeline.on(index)
        return corpus.skipped

    def _fits(self, folder: Path) -> bool:
        try:
            manifest = Manifest.read(folder)
        except CorruptIndexError:
            return False
        embedder = self._open[self._first].embedder
        return manifest is not None and (
            manifest.recipe.embedder_fingerprint == embedder.fingerprint
        )


def _plain_name(name: str) -> str:
    """A file name that stays in its folder, and is not hidden."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return re.sub(r"[\x00-\x1f\x7f]", "", last).lstrip(".") or "unnamed.txt"
