"""Several indexes by name, over the models of one pipeline."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from rag.cli import index_folder
from rag.documents import Skipped
from rag.errors import CorruptIndexError, IndexWriteError, NoSuchIndexError, UsageError
from rag.index import open_index, open_or_build
from rag.known_texts import read_corpus
from rag.manifest import BROUGHT, MANIFEST, Manifest, Stamp, stamp
from rag.pipeline import Pipeline
from rag.swap import building


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

        NoSuchIndexError for a name that none of the indexes has, UsageError where it can no longer
        be searched.
        """
        self.check(name)
        now = stamp(self._folder / name)
        if now is not None and now != self._stamps.get(name):
            self._renew(name)
            self._stamps[name] = now
        return self._open[name]

    def check(self, name: str) -> None:
        """NoSuchIndexError for a name that none of the indexes has."""
        if name not in self._open and name not in self.names():
            raise NoSuchIndexError(f"no index {name!r}; there are {', '.join(self.names())}")

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
            pipeline.index.chunk_count,
            manifest.built if manifest else "",
            models.generator,
            models.embedder,
            models.judge,
        )

    def add(self, name: str, files: Iterable[Path]) -> tuple[Skipped, ...]:
        """Make an index of copies of the files, or add them to the one made so before.

        A file that was brought before is replaced by one of the same name. Returns what was left
        out. Raises UsageError for a name that is none or is taken by an index of a folder,
        CorpusError where no file can be read, IndexWriteError where nothing can be written; then
        all is as it was.
        """
        folder = self._folder / index_folder(Path(), name).name
        kept = folder / BROUGHT
        pipeline = self._open[self._first]
        try:
            with building(folder):
                if not kept.is_dir() and (folder / MANIFEST).is_file():
                    raise UsageError(
                        f"the index {name} follows a folder of its own; choose another name"
                    )
                with _brought(files, kept):
                    corpus = read_corpus(kept, folder)
                    index = open_or_build(folder, corpus, pipeline.embedder, pipeline.config)
        except OSError as error:
            raise IndexWriteError(
                f"cannot keep the files in {kept} ({error.strerror or error}); make the folder "
                f"writable and free some disk"
            ) from error
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


@contextmanager
def _brought(files: Iterable[Path], kept: Path) -> Iterator[None]:
    """Has copies of the files in the folder ``kept``; where what follows fails, it is as before.

    Raises OSError when they cannot be copied.
    """
    names: list[str] = []
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".replaced-", dir=kept.parent) as replaced:
            try:
                for file in files:
                    names.append(_free_name(_plain_name(file.name), names))
                    if (kept / names[-1]).exists():
                        (kept / names[-1]).replace(Path(replaced, names[-1]))
                    shutil.copyfile(file, kept / names[-1])
                yield
            except BaseException:
                for name in names:
                    (kept / name).unlink(missing_ok=True)
                for path in Path(replaced).iterdir():
                    path.replace(kept / path.name)
                raise
    finally:
        with suppress(OSError):  # nothing but empty folders are removed
            kept.rmdir()
            kept.parent.rmdir()


def _free_name(name: str, taken: Collection[str]) -> str:
    """The name itself, or with the first number from 2 that none of ``taken`` has."""
    path = PurePosixPath(name)
    numbered = (f"{path.stem}-{number}{path.suffix}" for number in count(2))
    return next(free for free in chain([name], numbered) if free not in taken)


def _plain_name(name: str) -> str:
    """A file name that stays in its folder, and is not hidden."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return re.sub(r"[\x00-\x1f\x7f]", "", last).lstrip(".") or "unnamed.txt"
