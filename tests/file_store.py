"""A store for tests: each file in a file of its own, as a disk keeps it after a kill."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Sequence
from pathlib import Path

from rag.ingest import EmbeddedFile


class FileStore:
    """``puts`` tells how often each path was put, also by processes that were killed since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._log = folder / "log.txt"

    def files(self) -> dict[str, str]:
        return {path: made.file.sha256 for path, made in self.made().items()}

    def put(self, files: Sequence[EmbeddedFile]) -> None:
        for made in files:
            with self._log.open("a") as log:
                log.write(f"{made.file.path}\n")
            path = self._place(made.file.path)
            path.with_suffix(".new").write_bytes(pickle.dumps(made))
            path.with_suffix(".new").replace(path)

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._place(path).unlink(missing_ok=True)

    def made(self) -> dict[str, EmbeddedFile]:
        """All that is stored, by path."""
        found = [pickle.loads(path.read_bytes()) for path in self._folder.glob("*.made")]
        return {made.file.path: made for made in found}

    def puts(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    def _place(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(path.encode()).hexdigest()}.made"
