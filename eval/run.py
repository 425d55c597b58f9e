"""python -m eval.run: ask a system all questions of a suite, and score the answers."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.options import expect_at_least
from rag.cli import add_quiet_option, configure_logging, run
from rag.errors import RagError, UsageError
from rag.progress import progress_bar

if TYPE_CHECKING:
    from eval.gate import Metrics
    from eval.questions import Question
    from eval.scoring import Record
    from eval.suites import Suite
    from eval.systems import System

log = logging.getLogger("rag.eval")

RUNS = Path("eval/runs")
BASELINE = Path("eval/baselines/dev.json")
SYSTEMS = ("ours", "closed-book", "dense", "bm25", "best-sentence")

_EPILOG = """\
examples:
  python -m eval.run                                  our pipeline, development questions
  python -m eval.run --split test --system dense      a baseline, test questions
  python -m eval.run --suite PATH                     docs/ and qa.jsonl, or BEIR's data
  python -m eval.run --gate                           fail where a metric left its interval
  python -m eval.run --resume eval/runs/NAME          go on with a run that was interrupted
"""


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m eval.run",
        description="Ask a system all questions of a suite, and score the answers.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--suite", type=Path, metavar="PATH", help="outside suite (default: the five articles)")
    add("--split", choices=("dev", "test", "all"), help="default: dev, where the suite has it")
    add("--system", choices=SYSTEMS, default="ours", help="default: %(default)s")
    add("--generator", metavar="MODEL", help="as for rag.ask")
    add("--limit", type=int, metavar="N", help="only N questions, drawn with the seed")
    add("--seed", type=int, default=0, metavar="N", help="of draws and intervals (default: 0)")
    add("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    add("--resume", type=Path, metavar="RUN", help="finish an interrupted run with its options")
    baseline = made.add_mutually_exclusive_group()
    baseline.add_argument(
        "--gate",
        action="store_true",
        help=f"fail where a metric left its interval in {BASELINE}, on the worse side",
    )
    baseline.add_argument(
        "--update-baseline", action="store_true", help=f"write the metrics to {BASELINE}"
    )
    add_quiet_option(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 for a scored run, 1 for an error of ours or a fallen metric, 2 for usage."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    expect_at_least(1, "--jobs", options.jobs)
    expect_at_least(1, "--limit", options.limit)
    expect_at_least(0, "--seed", options.seed)
    folder = options.resume
    if folder is not None:
        _take_options(options, folder)
    if options.update_baseline and options.system != "ours":
        raise UsageError(f"the baseline is of our pipeline; drop --system {options.system}")
    if (options.gate or options.update_baseline) and (options.suite or options.limit):
        raise UsageError("the baseline is of all our questions; drop --suite and --limit")
    from eval.suites import RetrievalSuite, load_suite

    suite = load_suite(options.suite)
    if isinstance(suite, RetrievalSuite):
        from eval.beir import retrieval_table

        print(retrieval_table(suite))
        return 0
    options.split = options.split or _first_split(suite)
    questions = _chosen(suite, options)
    baseline = _read_baseline(options)
    if folder is None:
        folder = _new_folder(options, suite.name)
    records = _answer_all(suite, questions, folder, options)
    metrics = _score(records, suite, folder, options.seed)
    return _conclude(metrics, baseline, folder, options)


def _first_split(suite: Suite) -> str:
    return min(suite.split.values(), default="test")  # "dev" comes before "test"


def _read_baseline(options: argparse.Namespace) -> Metrics | None:
    """None without --gate; what is wrong with the baseline is told before anything is asked."""
    from eval.gate import read_baseline

    return read_baseline(BASELINE, options.split) if options.gate else None


def _chosen(suite: Suite, options: argparse.Namespace) -> list[Question]:
    if not suite.questions:
        raise UsageError(f"suite {suite.name} has no questions, expected at least one; add it")
    wanted = {"dev", "test"} if options.split == "all" else {options.split}
    chosen = [q for q in suite.questions if suite.split[q.id] in wanted]
    if options.limit is not None and options.limit < len(chosen):
        ids = set(random.Random(options.seed).sample([q.id for q in chosen], options.limit))
        chosen = [q for q in chosen if q.id in ids]
    if not chosen:
        raise UsageError(
            f"suite {suite.name} has no {options.split} questions; try --split "
            f"{_first_split(suite)}"
        )
    return chosen


# --- the run folder ---------------------------------------------------------------------------


def _new_folder(options: argparse.Namespace, suite: str) -> Path:
    commit = _git("rev-parse", "--short", "HEAD") or "unknown"
    started = datetime.now(UTC)
    folder = RUNS / f"{started:%Y%m%d-%H%M%S}-{commit}-{options.system}-{suite}-{options.split}"
    conditions = {
        "system": options.system,
        "suite": suite,
        "suite_path": None if options.suite is None else str(options.suite),
        "split": options.split,
        "limit": options.limit,
        "seed": options.seed,
        "generator": options.generator,
        "commit": commit,
        "dirty": bool(_git("status", "--porcelain")),
        "started": started.isoformat(timespec="seconds"),
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    while folder.exists():  # another run began within the same second
        folder = folder.with_name(folder.name + "-again")
    folder.mkdir(parents=True)
    _write(folder / "conditions.json", conditions)
    return folder


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _take_options(options: argparse.Namespace, folder: Path) -> None:
    """The interrupted run's own options, so that its second half is like its first."""
    try:
        conditions = json.loads((folder / "conditions.json").read_text(encoding="utf-8"))
        options.suite = conditions["suite_path"] and Path(conditions["suite_path"])
        for name in ("system", "split", "limit", "seed", "generator"):
            setattr(options, name, conditions[name])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--resume {folder}: no run can be read there ({error})") from error


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_records(path: Path) -> list[Record]:
    """What an earlier part of the run has answered; a line cut short by a kill is dropped."""
    from eval.transcript import read_record

    if not path.exists():
        return []
    with path.open("rb+") as file:
        data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        file.truncate(len(whole))
    try:
        return [read_record(line) for line in whole.decode("utf-8").split("\n") if line]
    except ValueError as error:
        raise UsageError(f"{path} is not the transcript of a run ({error})") from None


# --- asking -----------------------------------------------------------------------------------


def _open(system: str, corpus: Path, index: Path, generator: str | None, threads: int) -> System:
    from eval.systems import open_system
    from rag.generator import use_threads

    use_threads(threads)
    return open_system(system, corpus, index, generator)


_open_once = cache(_open)


def _ask_in_process(setting: tuple[Any, ...], question: Question) -> Record:
    """What opening raises reaches the caller; an initializer's error would be lost."""
    return _ask(_open_once(*setting), question)


def _ask(system: System, question: Question) -> Record:
    from eval.scoring import Record

    try:
        return Record(question, system.answer(question))
    except Exception as error:  # noqa: BLE001 - whatever the system under test raises is a result
        return Record(question, None, f"{type(error).__name__}: {error}")


def _answer_all(
    suite: Suite, questions: Sequence[Question], folder: Path, options: argparse.Namespace
) -> list[Record]:
    from eval.transcript import write_record

    transcript = folder / "answers.jsonl"
    records = _read_records(transcript)
    done = {record.question.id for record in records}
    pending = [question for question in questions if question.id not in done]
    index = Path("indexes") / f"eval-{suite.name}"
    threads = max(1, (os.cpu_count() or 1) // options.jobs)
    setting = (options.system, suite.corpus, index, options.generator, threads)
    with (
        transcript.open("a", encoding="utf-8") as file,
        progress_bar(len(questions), "question", options.system) as bar,
    ):
        bar.update(len(done))
        for record in _results(pending, setting, options.jobs):
            records.append(record)
            file.write(write_record(record) + "\n")
            file.flush()
            bar.update(1)
    return records


def _results(
    pending: Sequence[Question], setting: tuple[Any, ...], jobs: int
) -> Iterator[Record] | Iterable[Record]:
    if not pending:
        return
    if jobs == 1:
        yield from map(partial(_ask, _open(*setting)), pending)
        return
    try:
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            yield from pool.map(partial(_ask_in_process, setting), pending)
    except BrokenProcessPool:
        raise RagError(
            f"one of {jobs} processes ended before its answer; try --jobs 1, which shows why and "
            f"takes less memory, or go on with --resume"
        ) from None


# --- scoring ----------------------------------------------------------------------------------


def _score(records: Sequence[Record], suite: Suite, folder: Path, seed: int) -> Metrics:
    from eval.scoring import score_run
    from rag.documents import load_corpus

    texts = {document.id: document.text for document in load_corpus(suite.corpus).documents}
    scores = score_run(records, texts, seed)
    _write(folder / "metrics.json", asdict(scores))
    for name, m in scores.metrics.items():
        print(f"{name:22} {m.value:8.3f}  [{m.low:.3f}, {m.high:.3f}]  n={m.n}")
    failures = sum(record.error is not None for record in records)
    if failures:
        log.warning("%d questions failed; see %s", failures, folder / "answers.jsonl")
    print(folder)
    return scores.metrics


def _conclude(
    metrics: Metrics, baseline: Metrics | None, folder: Path, options: argparse.Namespace
) -> int:
    from eval.gate import Baseline, fallen, gated

    if options.update_baseline:
        _write(BASELINE, asdict(Baseline(folder.name, options.split, gated(metrics))))
        print(f"wrote {BASELINE}")
    if baseline is None:
        return 0
    problems = fallen(metrics, baseline)
    for problem in problems:
        print(f"gate: {problem}", file=sys.stderr)
    print("gate: " + ("failed" if problems else "passed"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
