"""Folders that are made once and kept: atomic, locked between processes, checked for space."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from rag.errors import ModelError
from rag.locks import locked

PARTIAL = ".partial-"  # what folders that are being filled begin with


def cache_root() -> Path:
    """Where converted weights are kept; ``RAG_CACHE`` overrides the platform's choice."""
    override = os.environ.get("RAG_CACHE")
    return Path(override) if override else user_cache_path("rag-ask")


def cached_folder(name: str, needed_bytes: int, fill: Callable[[Path], None]) -> Path:
    """The folder ``name`` of the cache, made by ``fill(empty folder)`` where it is missing.

    The folder appears under its name only when it is complete, and only one process fills it
    while others wait. Raises ModelError when there is too little disk, or the cache cannot be
    written; nothing half-written stays behind.
    """
    root = cache_root()
    target = root / name
    if target.is_dir():  # needs no lock, so a complete cache may be read-only
        return target
    try:
        root.mkdir(parents=True, exist_ok=True)
        with locked(root / f"{name}.lock", "preparing the same weights"):
            if not target.is_dir():
                _require_space(root, needed_bytes)
                _fill_atomically(root, target, fill)
    except OSError as error:
        raise ModelError(
            f"cannot store model weights in {root} ({error.strerror or error}); make it writable "
            f"with {needed_bytes / 1e9:.1f} GB free, or set RAG_CACHE to a folder that is"
        ) from error
    return target


def _require_space(root: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(root).free
    if free < needed_bytes:
        raise ModelError(
            f"{root} has {free / 1e9:.2f} GB free, {needed_bytes / 1e9:.2f} GB are needed to store "
            f"the model's weights; free some, or set RAG_CACHE to a folder on another disk"
        )


def _fill_atomically(root: Path, target: Path, fill: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=root) as partial:
        folder = Path(partial, target.name)
        folder.mkdir()
        fill(folder)
        folder.rename(target)
