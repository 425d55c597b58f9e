"""python tests/soak.py [QUESTIONS [CHANGES]]: many ask an index while its folder changes.

Eight clients ask through what the page asks through (rag.library), with the packaged embedder and
no language model. Meanwhile files are edited, added, deleted and renamed, and the index refreshed.
Each file tells the number of its edit: an answer may quote none that was replaced, and no file that
was deleted, before its question was asked. At the end: errors, stale quotes, false quotes, and how
the memory of the process grew over the second half.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from rag.config import Config
from rag.embedder import load_embedder
from rag.index import open_or_build
from rag.known_texts import read_corpus
from rag.library import Library
from rag.models import EMBEDDER, resolve
from rag.pipeline import Pipeline

CLIENTS = 8
STATIONS = 60
_RIVERS = "Arle Brenn Corve Dore Esk Fane Garn Hull Isen Jarl".split()


class Folder:
    """The files, and which edit of each station the index is known to hold."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._chance = random.Random(0)
        self._edits = dict.fromkeys(range(STATIONS), 0)
        self._names = {station: f"station-{station}.txt" for station in range(STATIONS)}
        self.oldest: dict[int, int] = {}  # edit of each station that may be quoted
        for station in self._edits:
            self._write(station)

    def change(self, number: int) -> None:
        """Edit one file, and delete, bring back or rename another."""
        station, other = self._chance.sample(range(STATIONS), 2)
        self._edits[station] += 1
        self._write(station)
        path = self._root / self._names[other]
        if not path.exists():
            self._edits[other] += 1
            self._write(other)
        elif number % 2:
            path.unlink()
        else:
            self._names[other] = f"renamed-{other}-{number}.txt"
            path.rename(self._root / self._names[other])

    def refreshed(self) -> None:
        """The index holds what the files say now; of a deleted one nothing may be quoted."""
        self.oldest = {
            station: self._edits[station] + (not (self._root / name).exists())
            for station, name in self._names.items()
        }

    def _write(self, station: int) -> None:
        (self._root / self._names[station]).write_text(
            f"Gauge number {station} on the {_RIVERS[station % len(_RIVERS)]}\n\n"
            f"Gauge number {station} stood at mark {self._edits[station]} when it was last read. "
            f"Its warden is number {station % 7}, and it was painted green in {1950 + station}.\n"
        )


def main(questions: int, changes: int) -> int:
    """Prints what came of it; 1 where anything was wrong."""
    with tempfile.TemporaryDirectory() as name:
        root, indexes = Path(name, "docs"), Path(name, "indexes")
        root.mkdir()
        folder = Folder(root)
        embedder = load_embedder(resolve(EMBEDDER))
        index = open_or_build(
            indexes / "docs", read_corpus(root, indexes / "docs"), embedder, Config()
        )
        library = Library(Pipeline(index, embedder, None, Config()), "docs", indexes)
        folder.refreshed()
        wrong: list[str] = []
        answered: list[float] = []  # seconds of each question
        memory: list[int] = []
        left = iter(range(questions))
        lock = threading.Lock()

        def ask(client: int) -> None:
            chance = random.Random(client)
            while True:
                with lock:
                    if next(left, None) is None:
                        return
                station, oldest = chance.randrange(STATIONS), dict(folder.oldest)
                started = time.perf_counter()
                try:
                    wrong.extend(_faults(library, station, oldest))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                    wrong.append(repr(error))
                answered.append(time.perf_counter() - started)

        with ThreadPoolExecutor(CLIENTS) as pool:
            asking = [pool.submit(ask, client) for client in range(CLIENTS)]
            for number in range(changes):
                folder.change(number)
                open_or_build(
                    indexes / "docs", read_corpus(root, indexes / "docs"), embedder, Config()
                )
                folder.refreshed()
                memory.append(psutil.Process().memory_info().rss)
                while len(answered) < questions * (number + 1) / changes:
                    time.sleep(0.01)
            for done in asking:
                done.result()
    half = memory[len(memory) // 2 :]
    print(
        f"{len(answered)} questions, {changes} changes, {len(wrong)} wrong; "
        f"median {sorted(answered)[len(answered) // 2]:.2f} s; resident "
        f"{half[0] / 1e6:.0f} MB at half time, {half[-1] / 1e6:.0f} MB at the end"
    )
    for fault in wrong[:10]:
        print(fault)
    return 1 if wrong else 0


def _faults(library: Library, station: int, oldest: dict[int, int]) -> list[str]:
    """What is wrong with an answer, given what might be quoted when it was asked."""
    pipeline = library.pipeline("docs")
    answer = pipeline.ask(f"At which mark did gauge number {station} stand?")
    found = []
    for citation in answer.citations:
        if pipeline.index.documents[citation.doc].text[citation.start : citation.end] != (
            citation.quote
        ):
            found.append(f"false quote {citation}")
        of, _, told = citation.quote.partition(" stood at mark ")
        if told and int(told.split()[0]) < oldest[int(of.split()[-1])]:
            found.append(f"stale quote {citation.quote!r}")
    return found


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sys.exit(main(*map(int, sys.argv[1:] + ["2000", "200"][len(sys.argv) - 1 :])))
