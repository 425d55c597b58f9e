"""python -m rag.ask "question": answer from a folder of files, with quotes that can be checked."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from rag.cli import (
    add_corpus_options,
    add_generator_option,
    configure_logging,
    index_folder,
    print_json,
    report_skipped,
    run,
    without_corpus,
)
from rag.config import Config
from rag.errors import QuestionError
from rag.filters import Filter
from rag.parallel import check_concurrency, in_order
from rag.question import check_question
from rag.terminal import printable

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from rag.types import Answer, Citation

    _Job = Callable[[], tuple[int, Answer | QuestionError]]  # gives the number of a line, too

log = logging.getLogger("rag.ask")  # __name__ is "__main__" under python -m

_EPILOG = """\
examples:
  python -m rag.ask "what are the Four Little Dragons?"
  python -m rag.ask --after "who runs Xianyu?" "since when?"
  python -m rag.ask --corpus ~/notes "who chairs the board?"
  python -m rag.ask --since 2025-01-01 --source 'reports/*' "who chairs the board?"
  python -m rag.ask --json < questions.txt > answers.jsonl

Without a question, one is read from each line of standard input and the models are loaded once.
Exit status: 0 for an answer or a refusal, 1 for an error of ours, 2 for wrong usage.
"""


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m rag.ask",
        description="Answer a question from a folder of files; every sentence is cited.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("question", nargs="?", help="in words; without it, lines of standard input")
    add_corpus_options(made)
    add_generator_option(made)
    made.add_argument(
        "--after",
        action="append",
        default=[],
        metavar="QUESTION",
        help="an earlier question, which this one may refer to (repeat it, oldest first; the last "
        "two are read)",
    )
    made.add_argument(
        "--top-k",
        type=int,
        default=Config().top_k,
        metavar="N",
        help="passages to report beside the answer (default: %(default)s)",
    )
    made.add_argument(
        "--max-words",
        type=int,
        default=Config().max_words,
        metavar="N",
        help="add no further sentence beyond this many words (default: %(default)s)",
    )
    made.add_argument(
        "--concurrency",
        type=int,
        default=1,
        metavar="N",
        help="lines of standard input at work at a time; more than 1 pays where a server writes; "
        "answers are printed once N lines were read or the input ends: a program that waits for "
        "the answer to each line needs 1 (default: %(default)s)",
    )
    made.add_argument(
        "--since", default="", metavar="DAY", help="only documents of this day or later"
    )
    made.add_argument(
        "--until", default="", metavar="DAY", help="only documents of this day or earlier"
    )
    made.add_argument(
        "--source",
        default="",
        metavar="GLOB",
        help="only files whose path in the corpus folder matches, such as 'reports/2025*', or that "
        "are in a folder of it, such as reports",
    )
    made.add_argument("--json", action="store_true", help="one JSON object for each answer")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``rag-ask``; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    check_concurrency(options.concurrency)
    config = Config(top_k=options.top_k, max_words=options.max_words)
    wanted = Filter(options.since, options.until, options.source)
    if options.question is None and sys.stdin.isatty():
        raise QuestionError('no question; give one, as in: python -m rag.ask "who is Jack Ma?"')
    for question in (*options.after, options.question):
        if question is not None:
            check_question(question)  # before any model is loaded
    on_milvus = without_corpus(options)
    folder = None if on_milvus else index_folder(options.corpus, options.index)
    with ExitStack() as at_end:

        def open_pipeline() -> Pipeline:
            from rag.known_texts import read_corpus
            from rag.pipeline import Pipeline

            models = options.generator, options.embedder
            if folder is None:
                return _opened(
                    lambda: Pipeline.open_milvus(options.index, config, *models, lazy=True), wanted
                )
            corpus = read_corpus(options.corpus, folder)
            at_end.callback(report_skipped, corpus.skipped)
            return _opened(
                lambda: Pipeline.open(corpus, folder, config, *models, lazy=True), wanted
            )

        if options.question is None:
            return _answer_lines(open_pipeline, options)
        _print(open_pipeline().ask(options.question, options.after), options)
        return 0


def _opened(open_pipeline: Callable[[], Pipeline], wanted: Filter) -> Pipeline:
    started = time.perf_counter()
    pipeline = open_pipeline()
    log.info("ready in %.1f s", time.perf_counter() - started)
    if wanted == Filter():
        return pipeline
    log.warning("%s", pipeline.index.coverage(wanted))
    return pipeline.only(wanted)


def _answer_lines(open_pipeline: Callable[[], Pipeline], options: argparse.Namespace) -> int:
    """One answer for each line that is not blank; a bad line is reported and passed over.

    The folder is read and models are loaded at the first question: it may be long in coming.
    """
    status = 0
    jobs = _jobs(open_pipeline, options.after)
    for number, found in in_order(jobs, options.concurrency):
        if isinstance(found, QuestionError):
            status = 2
            print(f"rag: line {number}: {found}", file=sys.stderr)
            if options.json:  # keeps answers and questions in step
                print_json({"line": number, "error": str(found)})
        else:
            _print(found, options)
    return status


def _jobs(open_pipeline: Callable[[], Pipeline], history: Sequence[str]) -> Iterator[_Job]:
    pipeline: Pipeline | None = None
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.strip():
            pipeline = pipeline or open_pipeline()
            yield partial(_answer_line, pipeline, history, number, line)


def _answer_line(
    pipeline: Pipeline, history: Sequence[str], number: int, line: bytes
) -> tuple[int, Answer | QuestionError]:
    try:
        return number, pipeline.ask(_decode(line), history)
    except QuestionError as error:
        return number, error


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")  # files of some editors begin with a byte-order mark
    except UnicodeDecodeError as error:
        raise QuestionError(f"the question is not UTF-8 text ({error.reason})") from None


def _print(answer: Answer, options: argparse.Namespace) -> None:
    if options.json:
        print_json(answer.to_dict())
    else:
        width = min(shutil.get_terminal_size().columns, 100)
        print("\n".join(format_answer(answer, width)) + "\n", flush=True)
    s = answer.seconds
    log.info(
        "%.2f s (retrieve %.2f, judge %.2f, generate %.2f, check %.2f)",
        s.total,
        s.retrieve,
        s.judge,
        s.generate,
        s.ground,
    )


def format_answer(answer: Answer, width: int) -> Iterator[str]:
    """Lines for a terminal: the answer, then a numbered list of files, titles and quotes."""
    for question in answer.understood:
        yield from textwrap.wrap(printable(f"Understood as: {question}"), width)
        yield ""
    for line in (answer.answer, *answer.reasons):
        yield from textwrap.wrap(printable(line), width)
    if answer.conflict:
        sides = (c for c in answer.citations if c.marker in answer.conflict)
        yield f"The sources disagree: {' '.join(_side(citation) for citation in sides)}"
    for citation in answer.citations:
        yield ""
        head = f"[{citation.marker}] {' · '.join(_source(citation))}"
        yield from textwrap.wrap(printable(head), width, subsequent_indent="    ")
        quote = f"“{printable(citation.quote)}”"
        yield from textwrap.wrap(quote, width, initial_indent="    ", subsequent_indent="    ")
    if answer.refused and answer.passages:
        yield ""
        yield "Nearest passages, none of which answers:"
        for passage in answer.passages[:3]:
            start = printable(f"{passage.doc}: {passage.text[:300]}")
            yield "  " + textwrap.shorten(start, width - 2, placeholder=" …")


def _side(citation: Citation) -> str:
    return f"[{citation.marker}]" + (f" ({citation.date})" if citation.date else "")


def _source(citation: Citation) -> Iterator[str]:
    """File, title, date and page, as far as they are known."""
    yield citation.doc
    if citation.title != citation.doc:
        yield citation.title
    if citation.date:
        yield citation.date
    if citation.page:
        yield f"page {citation.page}"


if __name__ == "__main__":
    sys.exit(main())
