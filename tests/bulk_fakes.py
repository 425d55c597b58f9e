"""A store and an embedder for bulk builds, whose processes are killed."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from rag.ingest import EmbeddedFile
from rag.types import Vectors


class FileStore:
    """Each file in a file of its own.

    ``puts`` tells how often each path was put, also by processes that were killed since.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._log = folder / "log.txt"

    def files(self) -> dict[str, str]:
        return {path: made.file.sha256 for path, made in self.made().items()}

    def put(self, files: Sequence[EmbeddedFile]) -> None:
        for made in files:
            path = self._place(made.file.path)
            path.with_suffix(".new").write_bytes(pickle.dumps(made))
            path.with_suffix(".new").replace(path)
            with self._log.open("a") as log:
                log.write(f"{made.file.path}\n")

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


class FailingEmbedder:
    """Fails at texts that say so, takes its process along at others, and is never quick."""

    name = fingerprint = "failing"

    def encode(self, texts: Sequence[str]) -> Vectors:
        time.sleep(0.002 * len(texts))
        if any("this worker dies" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        if any("this model fails" in text for text in texts):
            raise ValueError("no number can be found")
        vectors = np.array([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(-1, 2)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
