"""python -m rag.build: make or refresh an index without asking anything."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.cli import (
    DEFAULT_CORPUS,
    add_corpus_options,
    configure_logging,
    folder_name,
    report_skipped,
    run,
)
from rag.errors import RagError, UsageError
from rag.places import Place, place_of
from rag.terminal import printable

if TYPE_CHECKING:
    from rag.documents import Corpus
    from rag.types import Embedder

_SETTLED_MS = 500  # without a further change, before an index is refreshed
_AT_MOST_MS = 10_000  # after the first change, however many follow
_AWAKE_MS = 500  # between two looks at whether to go on

_EPILOG = """\
examples:
  python -m rag.build ~/notes                  # make the index, or refresh what is stale in it
  python -m rag.build ~/notes --dry-run        # say what that would do
  python -m rag.build ~/notes --watch          # and again whenever a file changes
  python -m rag.build ~/notes --index milvus:notes.db#notes   # in a collection of Milvus
  python -m rag.build s3://BUCKET/notes --index milvus:https://HOST:19530#notes --on ray

Exit status: 0 when the index is whole, 1 for an error of ours, 2 for wrong usage.
"""


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m rag.build",
        description="Build the index of a folder of files, or refresh what is stale in it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "folder",
        nargs="?",
        type=folder_name,
        metavar="FOLDER",
        help="the same as --corpus FOLDER",
    )
    add_corpus_options(made)
    made.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")
    made.add_argument(
        "--watch",
        action="store_true",
        help="go on, and refresh whenever files change (needs the extra watch); Ctrl-C ends it",
    )
    made.add_argument(
        "--on",
        metavar="ray[:HOST:PORT]",
        help="read and embed in many processes of Ray, here or on a cluster, for an index on "
        "Milvus (needs the extra ray); FOLDER may be s3://…, gs://… or a Parquet file, too",
    )
    made.add_argument(
        "--workers", type=int, metavar="N", help="processes of --on that embed (default: all cores)"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``rag-build``; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    if options.watch and options.dry_run:
        raise UsageError("--watch goes on and --dry-run does nothing; choose one of them")
    if options.on is not None:
        if options.watch or options.dry_run:
            raise UsageError("--on knows neither --watch nor --dry-run; leave one of them out")
        from rag.build_on_ray import build_on_ray

        root = _root(options)
        source = options.folder or str(root)  # a Path would take a "/" from s3://
        return build_on_ray(source, options.index, options.embedder, options.on, options.workers)
    if options.workers is not None:
        raise UsageError("--workers is for --on ray; name both")
    if options.folder and "://" in options.folder:
        raise UsageError(f"{options.folder} needs --on ray; FOLDER is one of this machine else")
    root = _root(options)
    place = place_of(root, options.index)
    root = place.follows(root)
    rounds = _rounds(root) if options.watch else iter([None])
    next(rounds)
    corpus = place.read(root)
    from rag.embedder import load_embedder
    from rag.models import EMBEDDER, resolve

    embedder = load_embedder(resolve(EMBEDDER, options.embedder))
    if options.dry_run:
        _explain(place, corpus, embedder)
        report_skipped(corpus.skipped)
        return 0
    _refresh(place, corpus, embedder)
    for _ in rounds:
        try:
            _refresh(place, place.read(root), embedder)
        except RagError as error:
            if not root.is_dir():  # nothing is left to watch
                raise
            kept = f"{place} keeps what it had (python -m rag.index remove {place.name} deletes it)"
            print(f"rag: error: {error}; {kept}", file=sys.stderr)
    return 0


def _root(options: argparse.Namespace) -> Path:
    """The folder that is named, in whichever way."""
    named: Path = Path(options.folder) if options.folder else options.corpus
    # The default is an object of its own: what the user types makes another one.
    if options.corpus is not DEFAULT_CORPUS and options.corpus != named:
        raise UsageError(f"FOLDER is {named} and --corpus {options.corpus}; name one of them")
    return named


def _rounds(root: Path) -> Iterator[None]:
    """At once, and whenever changes below ``root`` have settled; none is missed in between."""
    try:
        from watchfiles import watch
    except ImportError:
        raise UsageError("--watch needs the extra watch: pip install '.[watch]'") from None
    root = root.resolve()
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder; --watch expects one that is there")
    changes = watch(
        root,
        watch_filter=lambda _, path: _concerns(root, Path(path)),
        debounce=_AT_MOST_MS,
        step=_SETTLED_MS,
        rust_timeout=_AWAKE_MS,
        yield_on_timeout=True,  # so that the first comes when watching has begun
    )
    next(changes)
    yield
    for changed in changes:
        if changed:
            yield


def _concerns(root: Path, path: Path) -> bool:
    """Whether a file may be one of the corpus below ``root``."""
    from rag.documents import is_passed_over

    depth = len(path.relative_to(root).parts)
    return not any(is_passed_over(part) for part in (path, *path.parents)[:depth])


def _explain(place: Place, corpus: Corpus, embedder: Embedder) -> None:
    """Say what a build would do."""
    planned = place.plan(corpus, embedder)
    for kind, names in planned.changes.kinds():
        for name in names:
            print(f"{kind:8} {printable(name)}")
    print(f"{place} {planned.said}")


def _refresh(place: Place, corpus: Corpus, embedder: Embedder) -> None:
    """Bring the index up to date, and say in one line what changed and how long it took."""
    started = time.perf_counter()
    built = place.build(corpus, embedder)
    print(
        f"{place}: {built.documents} documents, {built.chunks} chunks "
        f"({str(built.changes) or 'no file changed'}; {time.perf_counter() - started:.1f} s)",
        flush=True,
    )
    report_skipped(corpus.skipped)


if __name__ == "__main__":
    sys.exit(main())
