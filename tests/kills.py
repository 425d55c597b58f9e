"""python tests/kills.py [COUNT]: kill builds of an index, and check what each leaves behind.

First at every step that a build takes on disk, one after the other, up to the renames and
beyond; then at random moments. After each kill the index must be whole and that of the folder
before or after the change, or of nothing before the first build was through; the next build
begins with what the last kill left.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from conftest import BagOfWordsEmbedder

from rag.config import Config
from rag.documents import load_corpus
from rag.index import open_index, open_or_build
from rag.manifest import MANIFEST

# Audit events of what a build does to files; shutil.rmtree raises one for itself and for each.
STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "tempfile.mkdtemp"}


def build(corpus: Path, folder: Path) -> None:
    open_or_build(folder, load_corpus(corpus), BagOfWordsEmbedder(), Config())


def change(corpus: Path, number: int) -> None:
    """Another state of the folder: a file changes, one comes, one goes, one is renamed."""
    for path in corpus.glob("moving-*"):
        path.unlink()
    (corpus / f"moving-{number}.txt").write_text("The post comes on Tuesdays. " * 30)
    (corpus / "changing.txt").write_text(f"There are {number} geese on the lake. " * 30)
    (corpus / f"coming-{number % 7}.txt").write_text(f"Boat {number} sails at noon. " * 30)
    (corpus / f"coming-{(number + 3) % 7}.txt").unlink(missing_ok=True)


def in_a_child(corpus: Path, folder: Path, kill_at: int | None) -> int:
    """The process id of a build, which kills itself before its step number ``kill_at``."""
    child = os.fork()
    if child:
        return child
    left = kill_at if kill_at is not None else sys.maxsize

    def step(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and str(folder) in str(arguments[0]):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(step)
    status = 1
    try:
        build(corpus, folder)
        status = 0
    finally:
        os._exit(status)


def ended(child: int) -> bool:
    """Whether a build came to its end; raises AssertionError where it failed."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "a build failed"
    return True


def found(folder: Path) -> dict[str, str] | None:
    """Text of each document of the index, which must be whole; None where there is none yet."""
    if not (folder / MANIFEST).exists():
        return None
    documents = open_index(folder).documents
    return {name: document.text for name, document in documents.items()}


def check(corpus: Path, folder: Path, before: dict[str, str] | None) -> dict[str, str] | None:
    """What the index holds, which is what it held before or what the folder holds now."""
    after = {document.id: document.text for document in load_corpus(corpus).documents}
    now = found(folder)
    assert now in (before, after), "the index is neither the old one nor the new one"
    return now


def kill_everywhere(corpus: Path, folder: Path, first: bool) -> int:
    """Kill at each step, until a build gets through; returns the number of kills.

    ``first`` begins without an index each time, else each build finds what the last kill left.
    """
    kills = 0
    while True:
        target = folder.with_name(f"{folder.name}-{kills}") if first else folder
        held = found(target)
        change(corpus, kills)
        if ended(in_a_child(corpus, target, kills)):
            assert len(list(target.glob("data-*"))) == 1
            return kills
        check(corpus, target, held)
        kills += 1


def kill_at_random(corpus: Path, folder: Path, count: int, seed: int) -> int:
    """Kill ``count`` builds at a random moment each; returns how many had committed by then."""
    chance = random.Random(seed)
    change(corpus, 1000)
    started = time.perf_counter()
    assert ended(in_a_child(corpus, folder, None))
    usual = time.perf_counter() - started
    kills = through = 0
    while kills < count:
        held = found(folder)
        change(corpus, kills)
        child = in_a_child(corpus, folder, None)
        time.sleep(chance.uniform(0, usual))
        os.kill(child, signal.SIGKILL)
        kills += not ended(child)
        through += check(corpus, folder, held) != held
    build(corpus, folder)
    assert len(list(folder.glob("data-*"))) == 1
    return through


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    logging.getLogger("rag").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as work:
        corpus = Path(work, "corpus")
        corpus.mkdir()
        (corpus / "kept.txt").write_text("The mill by the river grinds rye. " * 30)
        first = kill_everywhere(corpus, Path(work, "first", "x"), first=True)
        later = kill_everywhere(corpus, Path(work, "later", "x"), first=False)
        rest = max(0, count - first - later)
        through = kill_at_random(corpus, Path(work, "random", "x"), rest, seed=0)
    print(
        f"{first + later + rest} kills: {first} at the steps of a first build, {later} at those of "
        f"an update, {rest} at random ({through} of them after the commit): no index was lost"
    )


if __name__ == "__main__":
    main()
