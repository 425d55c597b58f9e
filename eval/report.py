"""python -m eval.report RUN …: runs side by side, as a table here and as a page with plots."""

from __future__ import annotations

import argparse
import html
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.compare import aligned
from eval.runs_io import Run, RunError, best, labels, metric_names, read_run
from eval.scoring import Reported
from rag.cli import DEFAULT_CORPUS, run


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m eval.report",
        description="Show runs side by side; * marks the best value of a row.",
    )
    made.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    made.add_argument(
        "--corpus",
        type=Path,
        default=DEFAULT_CORPUS,
        metavar="DIR",
        help="folder the gold evidence is quoted from (default: ./%(default)s)",
    )
    made.add_argument(
        "--baseline",
        type=Path,
        metavar="RUN",
        help="run that changes are told against (default: the first)",
    )
    made.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="page to write (default: report.html in the first run folder)",
    )
    made.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the table as Markdown, too"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    folders = [options.baseline or options.runs[0], *options.runs]
    runs = [read_run(folder) for folder in dict.fromkeys(folders)]
    rows = list(table(runs))
    print("\n".join(aligned(rows)), flush=True)
    if options.markdown:
        _write(options.markdown, "\n".join(markdown(rows)) + "\n")
    from eval.report_html import page  # draws with matplotlib, which is slow to import
    from rag.documents import load_corpus

    texts = {document.id: document.text for document in load_corpus(options.corpus).documents}
    _write(options.html or options.runs[0] / "report.html", page(runs, texts))
    return 0


def _write(path: Path, text: str) -> None:
    try:
        # JSON may hold half a surrogate pair, which UTF-8 cannot.
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise RunError(f"{path}: expected a file that can be written; {error.strerror}") from None
    print(f"rag: wrote {path}", file=sys.stderr)


def table(runs: Sequence[Run]) -> Iterator[list[str]]:
    """Rows of cells: a header, then one row a metric; a run without it has an empty cell."""
    yield ["metric", *labels(runs)]
    for name in metric_names(runs):
        top = best(runs, name)
        yield [name, *(_cell(run.scores.metrics.get(name), top) for run in runs)]


def _cell(metric: Reported | None, top: float | None) -> str:
    if metric is None:
        return ""
    # The blank keeps columns straight beside starred cells.
    mark = " *" if metric.value == top else "  "
    return f"{metric}{mark}"


def markdown(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a GitHub Markdown table."""
    head, *body = rows
    yield _row(head)
    yield _row(["---", *("---:" for _ in head[1:])])
    yield from map(_row, body)


def _row(cells: Sequence[str]) -> str:
    flat = (" ".join(html.escape(cell, quote=False).split()) for cell in cells)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in flat) + " |"


if __name__ == "__main__":
    sys.exit(main())
