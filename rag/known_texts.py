"""A folder → Corpus, without reading again what an index holds of files that take time to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag.cli import DEFAULT_CORPUS, index_folder
from rag.documents import Corpus, Skipped, load_corpus
from rag.errors import CorruptIndexError, UsageError
from rag.formats import is_slow
from rag.manifest import BROUGHT, Manifest, hash_file, stamp
from rag.records import DOCUMENTS, read_documents


def read_corpus(root: Path, folder: Path) -> Corpus:
    """``load_corpus`` with what the index in ``folder`` holds, if there is one and it is whole.

    Raises CorpusError and UsageError as that does, and UsageError as ``followed``.
    """
    seen = stamp(folder)
    root = followed(root, folder)
    return replace(load_corpus(root, _held(root, folder)), seen=seen)


def followed(root: Path, folder: Path) -> Path:
    """What the index in ``folder`` is made of: ``root``, or where nobody chose a folder, what it
    was made of before. Raises UsageError for another folder, which would take its place.

    A folder that is there no more may have been renamed, so that another takes its place.
    """
    brought = folder / BROUGHT
    if brought.is_dir():
        if root.resolve() == brought.resolve():
            return root
        if root is DEFAULT_CORPUS:  # an object of its own: what the user types makes another one
            return brought
        raise UsageError(
            f"{folder} holds documents that were brought on the page; choose another --index for "
            f"{root}, or leave the folder out to use those documents"
        )
    before = _folder_of(folder)
    if before is None or _is_named_after(root, folder) or before.resolve() == root.resolve():
        return root
    if root is DEFAULT_CORPUS:
        return before
    if before.is_dir():
        raise UsageError(
            f"{folder} is the index of {before}; choose another --index for {root}, or run "
            f"python -m rag.index remove {folder.name}, so that the name is free"
        )
    return root


def _folder_of(folder: Path) -> Path | None:
    """What the index in ``folder`` was made of; None where that is not known."""
    try:
        manifest = Manifest.read(folder)
        path = Path(manifest.corpus) if manifest and manifest.corpus else None
        return path if path and path.resolve() else None
    except (CorruptIndexError, OSError, ValueError):  # or no path at all
        return None


def _is_named_after(root: Path, folder: Path) -> bool:
    """Whether this is the index that ``root`` has where none is chosen: it stays its own where
    both were copied together."""
    return folder.resolve() == index_folder(root, None).resolve()


def _held(root: Path, folder: Path) -> Corpus | None:
    """What the index was built from; None where that is damaged, was read in another way, or is
    read as quickly anew."""
    try:
        manifest = Manifest.read(folder)
        if manifest is None:
            return None
        manifest.check_format()
        if not any(map(is_slow, manifest.recipe.files)):
            return None  # nothing would be taken over, so nothing is read
        path = folder / manifest.data / DOCUMENTS
        if hash_file(path) != manifest.sha256[DOCUMENTS]:
            return None
        documents = read_documents(path)
    except (CorruptIndexError, OSError, ValueError, TypeError, KeyError):
        return None  # it will be built anew, and the reason said
    partly = tuple(Skipped(path, str(reason)) for path, reason in manifest.partly.items())
    return Corpus(root, tuple(documents.values()), manifest.recipe.files, partly)
