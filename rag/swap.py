"""The files of an index are replaced as a whole: written beside the old ones, then renamed in.

One rename of the manifest is the commit. Whoever dies before it leaves the old index, whoever
dies after it the new one, and at most a data folder that no manifest names.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from rag.errors import CorruptIndexError
from rag.locks import locked
from rag.manifest import DATA, MANIFEST, Manifest


def building(folder: Path) -> AbstractContextManager[None]:
    """Keeps other builders of the same index out; readers go on."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return locked(folder.parent / f".{folder.name}.lock", f"building {folder}")


def swap_in(folder: Path, write: Callable[[Path], Manifest]) -> None:
    """Have ``write`` fill an empty data folder, and make what it returns the manifest.

    To be called under ``building``. When ``write`` fails, everything stays as it was.
    """
    folder.mkdir(exist_ok=True)
    remove_leftovers(folder)  # the room they take may be needed now
    data = Path(tempfile.mkdtemp(prefix=DATA, dir=folder))
    try:
        pending = data / MANIFEST
        pending.write_text(write(data).to_json(), encoding="utf-8")
        _sync(data)
        pending.replace(folder / MANIFEST)  # from here on the new index is the index
        _sync_folder(folder)
    finally:
        remove_leftovers(folder)  # the old data, or the new where something failed


def remove_leftovers(folder: Path) -> None:
    """Remove the data folders that the manifest does not name; under ``building`` only."""
    try:
        manifest = Manifest.read(folder)
    except CorruptIndexError:
        manifest = None
    for data in data_folders(folder):
        if manifest is None or data.name != manifest.data:
            shutil.rmtree(data, ignore_errors=True)


def data_folders(folder: Path) -> list[Path]:
    """All data folders, sorted: one, and more while a build runs or after it was killed."""
    return sorted(folder.glob(f"{DATA}*"))


def _sync(folder: Path) -> None:
    """Have the files on the disk before the manifest that names them."""
    for path in folder.rglob("*"):
        if path.is_dir():
            _sync_folder(path)
        else:
            with path.open("rb+") as file:  # Windows syncs only what is open for writing
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # has no such thing
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems do not sync folders
            os.fsync(handle)
    finally:
        os.close(handle)
