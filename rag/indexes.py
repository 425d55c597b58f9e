"""python -m rag.index: the indexes that are there, what is in them, and whether they are whole."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.cli import index_folder, print_json, run
from rag.config import INDEXES
from rag.errors import CorruptIndexError, IndexWriteError, UsageError
from rag.manifest import BROUGHT, MANIFEST, Manifest
from rag.milvus_address import MilvusAddress, is_milvus
from rag.swap import building, data_folders
from rag.terminal import printable


def parser() -> argparse.ArgumentParser:
    """The command line; --help of ``rag-index`` answers at once, of rag.index after a second."""
    made = argparse.ArgumentParser(
        prog="python -m rag.index",
        description=f"Look after the indexes in ./{INDEXES}.",
        epilog="info, verify and remove also take milvus:FILE.db#NAME or milvus:URL#NAME, of which "
        "verify checks that each file was stored to its end. "
        "Exit status: 0, 1 where info or verify finds damage or another error is ours, 2 for wrong "
        "usage.",
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="all indexes: documents, chunks, size, age")
    listed.add_argument("--json", action="store_true", help="one JSON object for each index")
    listed.set_defaults(command=_list)
    told = commands.add_parser("info", help="what an index was built from, and its files")
    told.add_argument("name", metavar="NAME")
    told.add_argument("--json", action="store_true", help="as one JSON object")
    told.set_defaults(command=_info)
    verified = commands.add_parser("verify", help="read every byte and check that all parts fit")
    verified.add_argument("name", metavar="NAME")
    verified.set_defaults(command=_verify)
    removed = commands.add_parser("remove", help="delete an index; the folder it follows stays")
    removed.add_argument("name", metavar="NAME")
    removed.add_argument("--yes", action="store_true", help="without asking")
    removed.set_defaults(command=_remove)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``rag-index``; returns the exit status."""
    return run(parser(), lambda options: int(options.command(options)), argv)


def is_index(folder: Path) -> bool:
    """Whether a build has written here; it may have been killed."""
    return (folder / MANIFEST).is_file() or bool(data_folders(folder))


def index_folders() -> list[Path]:
    """Of all indexes, also of damaged ones, sorted by name."""
    return sorted(folder for folder in INDEXES.glob("*") if is_index(folder))


def rebuild(folder: Path) -> str:
    """The command that makes an index whole again."""
    if (folder / BROUGHT).is_dir():  # which it follows, wherever the working folder is moved
        return f"python -m rag.build --index {folder.name}"
    try:
        manifest = Manifest.read(folder)
    except CorruptIndexError:
        manifest = None
    corpus = shlex.quote(manifest.corpus) if manifest and manifest.corpus else "FOLDER"
    return f"python -m rag.build {corpus} --index {folder.name}"


def summary(folder: Path) -> dict[str, Any]:
    """The row of ``list``. ``problem`` stands for all but name and bytes where there is one."""
    facts: dict[str, Any] = {"name": folder.name, "bytes": size(folder)}
    try:
        manifest = _manifest(folder)
    except CorruptIndexError as error:
        return {**facts, "problem": str(error)}
    return {
        **facts,
        "documents": manifest.documents,
        "chunks": manifest.chunks,
        "built": manifest.built,
    }


def size(folder: Path) -> int:
    """Bytes of all files below a folder; a build may remove some meanwhile."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(inside, name).stat().st_size
    return total


def _manifest(folder: Path) -> Manifest:
    manifest = Manifest.read(folder)
    if manifest is None:
        raise CorruptIndexError("its first build was not finished")
    return manifest


def _chosen(name: str) -> Path:
    folder = index_folder(Path(), name)
    if not is_index(folder):
        there = ", ".join(other.name for other in index_folders()) or "none yet"
        raise UsageError(f"{folder} is no index; there are: {there}")
    return folder


def _list(options: argparse.Namespace) -> int:
    rows = [summary(folder) for folder in index_folders()]
    if options.json:
        for row in rows:
            print_json(row)
        return 0
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        said = f"{row['name']:{width}} {row['bytes'] / 1e6:9,.1f} MB  "
        if "problem" in row:
            print(said + row["problem"])
        else:
            print(f"{said}{row['documents']:,} documents, {row['chunks']:,} chunks, {row['built']}")
    return 0


def _info(options: argparse.Namespace) -> int:
    if is_milvus(options.name):
        from rag import milvus_indexes

        milvus_indexes.info(MilvusAddress.parse(options.name), options.json)
        return 0
    folder = _chosen(options.name)
    with _advice(folder):
        manifest = _manifest(folder)
    if options.json:
        print_json({**summary(folder), **asdict(manifest)})
        return 0
    recipe = manifest.recipe
    print(f"{folder}: {manifest.documents:,} documents, {manifest.chunks:,} chunks")
    print(f"built        {manifest.built}, format {recipe.format}, {size(folder) / 1e6:,.1f} MB")
    print(f"embedder     {recipe.embedder}")
    print(f"fingerprint  {recipe.embedder_fingerprint}")
    print(f"chunks of    {recipe.chunk_chars} characters")
    print(f"follows      {printable(manifest.corpus or 'a folder that is not known')}")
    print(f"data         {folder / manifest.data}")
    print("files (sha256):")
    for name, digest in recipe.files.items():
        print(f"  {digest[:16]}  {printable(name)}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    if is_milvus(options.name):
        from rag import milvus_indexes

        milvus_indexes.verify(MilvusAddress.parse(options.name))
        return 0
    folder = _chosen(options.name)
    from rag.index import open_index

    with _advice(folder):
        index = open_index(folder)
    print(
        f"{folder} is whole: {len(index.documents):,} documents, {len(index.chunks):,} chunks, "
        f"{len(index.sentence_vectors):,} sentences"
    )
    return 0


@contextmanager
def _advice(folder: Path) -> Iterator[None]:
    """Has the message on a damaged index say which, and what to run."""
    try:
        yield
    except CorruptIndexError as error:
        raise CorruptIndexError(f"{folder}: {error}; run {rebuild(folder)}") from error


def _remove(options: argparse.Namespace) -> int:
    if is_milvus(options.name):
        return _remove_from_milvus(MilvusAddress.parse(options.name), options.yes)
    folder = _chosen(options.name)
    brought = (folder / BROUGHT).is_dir()
    what = f"{folder} and the documents that were brought into it" if brought else str(folder)
    if not options.yes and not _agreed(what):
        print(f"rag: {folder} is kept", file=sys.stderr)
        return 0
    try:
        with building(folder):
            (folder / MANIFEST).unlink(missing_ok=True)  # the index is gone at once, not by halves
            shutil.rmtree(folder.resolve())
            folder.unlink(missing_ok=True)  # where it is a link to an index on another disk
    except OSError as error:
        raise IndexWriteError(f"cannot remove {folder} ({error.strerror or error})") from error
    print(f"removed {folder}")
    return 0


def _remove_from_milvus(address: MilvusAddress, agreed: bool) -> int:
    if not agreed and not _agreed(str(address)):
        print(f"rag: {address} is kept", file=sys.stderr)
        return 0
    from rag.milvus_open import remove

    remove(address)
    print(f"removed {address}")
    return 0


def _agreed(what: str) -> bool:
    """Whether whoever is at the terminal says yes; no answer is none."""
    print(f"Remove {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


if __name__ == "__main__":
    sys.exit(main())
