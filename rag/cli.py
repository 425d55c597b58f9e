"""What the commands share: options, messages on standard error, exit statuses."""

from __future__ import annotations

import argparse
import atexit
import codecs
import errno
import gc
import hashlib
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import INDEXES
from rag.errors import RagError, UsageError
from rag.json_lines import JsonLines
from rag.milvus_address import MilvusAddress, is_milvus

if TYPE_CHECKING:
    from rag.documents import Skipped

DEFAULT_CORPUS = Path("seeds")
_NAME_BYTES = 240  # of an index: file systems take 255, its lock adds a few
_DERIVED = _NAME_BYTES // 4  # characters of a name taken from a folder, each up to 4 bytes
# Objects that are made between two searches for unreachable cycles. Imports and tokenizers make
# half a million that stay; searching them as often as Python does by default slows a start.
_COLLECT_AFTER = 50_000


def folder_name(name: str) -> str:
    """Of the command line; not "", as an unset variable is, which would be the working folder."""
    if not name.strip():
        raise argparse.ArgumentTypeError("the name is empty; expected that of a folder")
    return name


def folder(name: str) -> Path:
    """The same as a path."""
    return Path(folder_name(name))


def add_corpus_options(parser: argparse.ArgumentParser) -> None:
    """--corpus, --index, --embedder and --quiet."""
    parser.add_argument(
        "--corpus",
        type=folder,
        default=DEFAULT_CORPUS,
        metavar="DIR",
        help="folder of .txt .md .html .pdf .docx .csv .jsonl .json files (default: what --index "
        "NAME was made of, else ./%(default)s)",
    )
    parser.add_argument(
        "--index",
        metavar="NAME",
        help="index to use, a folder in ./indexes (default: named after the corpus folder); "
        "milvus:FILE.db#NAME or milvus:https://HOST:19530#NAME, for a collection of Milvus (its "
        "token in RAG_MILVUS_TOKEN), which only python -m rag.build brings up to date",
    )
    parser.add_argument(
        "--embedder",
        metavar="MODEL",
        help="sentence-transformers folder or hub name (default: all-MiniLM-L6-v2); the index is "
        "made anew when it changes",
    )
    add_quiet_option(parser)


def add_generator_option(parser: argparse.ArgumentParser) -> None:
    """--generator."""
    parser.add_argument(
        "--generator",
        metavar="MODEL",
        help="0.5b, 1.5b, a model folder, .gguf file or hub name (default: 0.5b); "
        "openai:URL#MODEL, for a server that speaks OpenAI's protocol (its key in RAG_API_KEY); "
        "or none, for the source sentences alone, in milliseconds",
    )


def add_quiet_option(parser: argparse.ArgumentParser) -> None:
    """--quiet."""
    parser.add_argument(
        "--quiet", action="store_true", help="only warnings and errors on standard error"
    )


def index_folder(corpus: Path, name: str | None) -> Path:
    """Where the index lives. Folders of one name but different places get different indexes, and
    so do those whose names differ only in what a name of an index cannot hold.

    Raises UsageError for a name that would leave ./indexes.
    """
    if name is None:
        corpus = corpus.resolve()
        name = re.sub(r"[^\w.-]+", "-", corpus.name)[:_DERIVED].strip(".-") or "corpus"
        if corpus.parent != Path.cwd() or name != corpus.name:
            name += "-" + hashlib.sha256(str(corpus).encode(errors="replace")).hexdigest()[:6]
    elif not re.fullmatch(r"\w[\w.-]{0,99}", name) or len(name.encode()) > _NAME_BYTES:
        raise UsageError(
            f"{name!r} is no name of an index; expected up to 100 letters, digits, '.', '_' and "
            f"'-', in {_NAME_BYTES} bytes of UTF-8"
        )
    return INDEXES / name


def without_corpus(options: argparse.Namespace) -> bool:
    """Whether the index is on Milvus, and answers without the folder that it was made of.

    Raises UsageError where --corpus names one all the same, or --index names nothing.
    """
    if not is_milvus(options.index):
        return False
    MilvusAddress.parse(options.index)
    if options.corpus is not DEFAULT_CORPUS:
        raise UsageError(
            f"an index on Milvus is asked without --corpus; bring it up to date with python -m "
            f"rag.build {options.corpus} --index '{options.index}'"
        )
    return True


def configure_logging(quiet: bool, as_json: bool = False) -> None:
    """Messages of this package on standard error, as plain lines or as JSON, then of all others."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else logging.Formatter("rag: %(message)s"))
    if as_json:
        others = logging.StreamHandler(sys.stderr)
        others.setFormatter(JsonLines())
        others.setLevel(logging.WARNING)  # as without JSON; some set a lower level of their own
        logging.basicConfig(handlers=[others])
    logger = logging.getLogger("rag")
    logger.handlers = [handler]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False


def report_skipped(skipped: Iterable[Skipped]) -> None:
    """Name what was left out, and why."""
    for left_out in skipped:
        print(f"rag: skipped {left_out.path}: {left_out.reason}", file=sys.stderr)


def print_json(found: object) -> None:
    """On one line. Another encoding than UTF-8 may lack letters; escaped, each stays what it is."""
    encoding = getattr(sys.stdout, "encoding", None)  # a closed output is None
    in_utf8 = codecs.lookup(encoding or "utf-8").name == "utf-8"
    print(json.dumps(found, ensure_ascii=not in_utf8), flush=True)


def _let_output_be_written() -> None:
    """Text of any language: what the output's encoding lacks becomes "?". Redirected output is
    UTF-8 on Windows, too, as the documents say of --json."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if sys.platform == "win32" and not stream.isatty():
                stream.reconfigure(encoding="utf-8")
            stream.reconfigure(errors="replace")


def run(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
) -> int:
    """Exit status of a command: its own, 2 for wrong usage, 1 for another error of ours."""
    _let_output_be_written()
    options = parser.parse_args(argv)
    gc.set_threshold(_COLLECT_AFTER)
    atexit.register(gc.freeze)  # what ends with the process is not searched once more
    try:
        status = command(options)
        print(end="", flush=True)
        return status
    except RagError as error:
        print(f"rag: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        # What is flushed at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:
            return 0  # the reader of our output (such as head) has gone; that is its right
        print("rag: error: no space left for what is written; free some disk", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("rag: interrupted", file=sys.stderr)
        return 130
