"""A folder → Corpus, without reading again what an index holds of files that take time to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag.cli import DEFAULT_CORPUS
from rag.documents import Corpus, load_corpus
from rag.errors import CorruptIndexError, UsageError
from rag.formats import is_slow
from rag.manifest import BROUGHT, Manifest, hash_file, stamp
from rag.records import DOCUMENTS, read_documents


def read_corpus(root: Path, index_folder: Path) -> Corpus:
    """``load_corpus`` with what the index in ``index_folder`` holds, if there is one and it is
    whole. Raises CorpusError as that does, and UsageError as ``_followed``."""
    seen = stamp(index_folder)
    root = _followed(root, index_folder)
    return replace(load_corpus(root, _held(root, index_folder)), seen=seen)


def _followed(root: Path, index_folder: Path) -> Path:
    """What the index is made of: ``root``, or the documents that were brought into it where nobody
    chose a folder. Raises UsageError for another folder, which would take their place."""
    brought = index_folder / BROUGHT
    if not brought.is_dir() or root.resolve() == brought.resolve():
        return root
    if root is DEFAULT_CORPUS:  # an object of its own: what the user types makes another one
        return brought
    raise UsageError(
        f"{index_folder} holds documents that were brought on the page; choose another --index for "
        f"{root}, or leave the folder out to use those documents"
    )


def _held(root: Path, index_folder: Path) -> Corpus | None:
    """What the index was built from; None where that is damaged, was read in another way, or is
    read as quickly anew."""
    try:
        manifest = Manifest.read(index_folder)
        if manifest is None:
            return None
        manifest.check_format()
        if not any(map(is_slow, manifest.recipe.files)):
            return None  # nothing would be taken over, so nothing is read
        path = index_folder / manifest.data / DOCUMENTS
        if hash_file(path) != manifest.sha256[DOCUMENTS]:
            return None
        documents = read_documents(path)
    except (CorruptIndexError, OSError, ValueError, TypeError, KeyError):
        return None  # it will be built anew, and the reason said
    return Corpus(root, tuple(documents.values()), manifest.recipe.files, ())
