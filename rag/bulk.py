"""Parts that are embedded elsewhere → a store, until it holds a source and nothing else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol

from rag.documents import Skipped
from rag.ingest import EmbeddedFile, Store
from rag.progress import progress_bar
from rag.sources import Listing, Part, table_of
from rag.terminal import printable

_LOST = "its worker failed each time, for want of memory perhaps: split it, or leave it out"


class Workers(Protocol):
    """Read and embed files somewhere else."""

    def parts(
        self, root: str, files: Sequence[str], known: Mapping[str, str], alone: bool
    ) -> Iterator[list[Part]]:
        """Of all files, in any order, without those that failed with their worker.

        Where each is ``alone``, none is lost because of another.
        """
        ...


@dataclass(slots=True)
class Report:
    """What a run did; a row of a table counts as a file."""

    stored: int = 0
    chunks: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: list[Skipped] = field(default_factory=list)  # could not be read, or not all of it
    lost: list[Skipped] = field(default_factory=list)  # could not be read and embedded
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.stored:,} stored, {self.unchanged:,} unchanged, {self.removed:,} removed, "
            f"{len(self.skipped) + len(self.lost):,} left out ({self.chunks:,} chunks, "
            f"{self.chunks / max(self.seconds, 0.001):.1f} a second; {self.seconds:.1f} s)"
        )


def fill_by_workers(store: Store, source: Listing, workers: Workers) -> Report:
    """Have the store hold what the source holds; what it has already is not embedded again.

    What was lost with a worker is tried once more, alone. Of a file that cannot be read or
    embedded, the store keeps what it had: that may pass. Raises what the store and the workers
    raise; what was put until then stays.
    """
    started = time.perf_counter()
    run = _Run(source)
    stored = store.files()
    with progress_bar(None, "file", "embedding") as bar:
        for alone in (False, True):
            run.counts.clear()
            if not run.left:
                break
            known = store.files() if alone else stored
            for parts in workers.parts(source.root, sorted(run.left), known, alone):
                if made := [p.content for p in parts if isinstance(p.content, EmbeddedFile)]:
                    store.put(made)
                for part in parts:
                    run.note(part)
                bar.update(len(parts))
    gone = run.gone(stored)
    store.remove(gone)
    report = run.report
    report.removed = len(gone)
    report.lost = [Skipped(printable(file), _LOST) for file in sorted(run.left)]
    report.seconds = time.perf_counter() - started
    return report


class _Run:
    """Keeps count. A file is left until all its parts have come."""

    def __init__(self, source: Listing) -> None:
        self.report = Report(skipped=list(source.skipped))
        self.left = set(source.files)
        self.counts: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._kept: set[str] = set()
        self._unlisted = {folder.path for folder in source.skipped}

    def note(self, part: Part) -> None:
        is_row = part.path != part.file
        self.counts[part.file] += 1
        if not is_row or self.counts[part.file] == part.parts:
            self.left.discard(part.file)
        if part.path in self._seen:  # came before the rest of its table was lost
            return
        self._seen.add(part.path)
        if not part.is_gone:
            self._kept.add(part.path)
        if isinstance(part.content, EmbeddedFile):
            self.report.stored += 1
            self.report.chunks += len(part.content.chunks)
        elif not part.left_out:
            self.report.unchanged += 1
        if part.left_out:
            self.report.skipped.append(Skipped(printable(part.path), printable(part.left_out)))

    def gone(self, stored: Iterable[str]) -> list[str]:
        """What is no longer in the source; nothing of a table or folder that could not be read."""
        there = self._kept | self.left
        return [
            path
            for path in stored
            if path not in there
            and table_of(path) not in there
            and self._unlisted.isdisjoint(map(printable, map(str, PurePosixPath(path).parents)))
        ]
