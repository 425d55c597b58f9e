"""python -m rag.build: make or refresh an index without asking anything."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rag.cli import add_corpus_options, configure_logging, index_folder, report_skipped, run
from rag.config import Config


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m rag.build",
        description="Build the index of a folder of text files, or refresh what is stale in it.",
        epilog="Exit status: 0 when the index is whole, 1 for an error of ours, 2 for wrong usage.",
    )
    add_corpus_options(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``rag-build``; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    folder = index_folder(options.corpus, options.index)
    from rag.documents import load_corpus

    corpus = load_corpus(options.corpus)
    from rag.embedder import load_embedder
    from rag.index import open_or_build
    from rag.models import EMBEDDER, resolve

    embedder = load_embedder(resolve(EMBEDDER, options.embedder))
    index = open_or_build(folder, corpus, embedder, Config())
    print(f"{folder}: {len(index.documents)} documents, {len(index.chunks)} chunks")
    report_skipped(corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
