"""What an index was built from, so that a stale or damaged one is noticed and the reason said."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import get_origin, get_type_hints

from rag.changes import find_changes
from rag.errors import CorruptIndexError

# To be raised also when a reader changes: what it took out of files is kept in the index.
FORMAT = 7
MANIFEST = "manifest.json"
DATA = "data-"  # what names of data folders begin with
BROUGHT = "files"  # folder beside the manifest, for documents that were brought

Stamp = tuple[int, int]  # inode and time of change of a manifest, in nanoseconds


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an index is made anew for when it changes.

    The libraries that read files and the CPU's arithmetic have a part in its content, too, but an
    index of other ones still serves.
    """

    files: dict[str, str]  # path below the corpus folder → sha256 of the file
    embedder: str
    embedder_fingerprint: str
    chunk_chars: int
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Manifest:
    """The commit point of an index folder: data it does not name does not exist."""

    recipe: Recipe
    built: str  # ISO 8601, UTC
    data: str  # name of the folder beside the manifest
    sha256: dict[str, str]  # file below the data folder → its hash
    documents: int
    chunks: int
    corpus: str = ""  # absolute path of the folder that was read, "" where that is not known
    partly: dict[str, str] = field(default_factory=dict)  # file → what of it was left out, in words

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest of an index folder, None where there is none.

        Raises CorruptIndexError when it cannot be understood.
        """
        try:
            fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            manifest = cls(**{**fields, "recipe": Recipe(**fields["recipe"])})
            _check_types(manifest.recipe)
            _check_types(manifest)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise CorruptIndexError(f"its {MANIFEST} cannot be read ({error})") from error
        if not re.fullmatch(rf"{DATA}\w+", manifest.data):
            raise CorruptIndexError(f"its {MANIFEST} names {manifest.data!r} as data folder")
        return manifest

    def check_files(self, data: Path) -> None:
        """Raise CorruptIndexError unless each file below ``data`` is the one that was written.

        Raises OSError when one cannot be read.
        """
        found = hash_files(data)
        for name, expected in self.sha256.items():
            if found.get(name) != expected:
                state = "damaged" if name in found else "missing"
                raise CorruptIndexError(f"its file {name} is {state}")

    def check_format(self) -> None:
        """Raise CorruptIndexError unless the index was written by a version like this one."""
        if self.recipe.format != FORMAT:
            raise CorruptIndexError(
                f"its format is {self.recipe.format}, this version reads {FORMAT}"
            )


def _check_types(made: Recipe | Manifest) -> None:
    """Raise TypeError where a field is of another type than it is declared: JSON holds any."""
    for name, declared in get_type_hints(type(made)).items():
        found, expected = type(getattr(made, name)), get_origin(declared) or declared
        if found is not expected:
            raise TypeError(f"{name} is {found.__name__}, expected {expected.__name__}")


def difference(old: Recipe, new: Recipe) -> str | None:
    """Why an index made by ``old`` does not serve ``new``, in words; None where it does."""
    if old.embedder_fingerprint != new.embedder_fingerprint:
        return f"embedder was {old.embedder}, is {new.embedder}"
    if old.chunk_chars != new.chunk_chars:
        return f"chunks were {old.chunk_chars} characters, are {new.chunk_chars}"
    changes = find_changes(old.files, new.files)
    return f"files {changes}" if changes else None


def stamp(folder: Path) -> Stamp | None:
    """What changes whenever another manifest is swapped in; cheap. None where there is none."""
    try:
        facts = (folder / MANIFEST).stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def hash_files(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder``, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def hash_file(path: Path) -> str:
    """sha256 of its content, which is never in memory as a whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
