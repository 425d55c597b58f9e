"""python -m eval.bench: how fast it starts, answers, indexes, and grows."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.options import expect_at_least
from rag.cli import add_quiet_option, configure_logging, run

log = logging.getLogger("rag.eval")

SECTIONS = ("start", "answer", "index", "growth", "kinds")
_FEWEST = 256  # chunks: product quantisation learns so many centres from their vectors

_EPILOG = """\
examples:
  python -m eval.bench                          all sections
  python -m eval.bench --quick                  whether it runs; its figures are rough
  python -m eval.bench --only index             one of them (repeat --only for more)

Every section times a plain way of the same work in turns with ours, and gives ratios: these hold
on a busy machine, seconds do not. Writes bench.json and a plot for each curve to eval/runs/.
"""


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m eval.bench",
        description="Measure how fast it starts, answers, indexes, and grows.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--only", action="append", choices=SECTIONS, help="this section (default: all)")
    add("--quick", action="store_true", help="few rounds, 10,000 chunks at most")
    add("--rounds", type=int, metavar="N", help="of each measurement (default: 20, quick: 2)")
    add("--largest", type=int, metavar="N", help="chunks to grow to (default: 1000000)")
    add_quiet_option(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 when all was measured, 1 for an error of ours, 2 for usage."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    rounds, largest = (2, 10_000) if options.quick else (20, 1_000_000)
    rounds = rounds if options.rounds is None else options.rounds
    largest = largest if options.largest is None else options.largest
    expect_at_least(1, "--rounds", rounds)
    expect_at_least(_FEWEST, "--largest", largest)
    from eval.bench_plots import plot

    folder = Path("eval/runs") / f"bench-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    folder.mkdir(parents=True)
    result: dict[str, Any] = {"conditions": _conditions(rounds)}
    for name, section in _sections(rounds, largest).items():
        if name in (options.only or SECTIONS):
            log.info("measuring: %s", name)
            result[name] = section()
            text = json.dumps(result, indent=1)
            (folder / "bench.json").write_text(text + "\n", encoding="utf-8")
            print(json.dumps({name: result[name]}, indent=1))
    plot(result, folder)
    print(folder)
    return 0


def _sections(rounds: int, largest: int) -> dict[str, Callable[[], dict[str, Any]]]:
    """Processes first: what is measured in this one would take their memory."""
    from eval.bench_answer import bench_answer, bench_start
    from eval.bench_index import bench_growth, bench_index
    from eval.bench_kinds import bench_kinds

    return {
        "start": lambda: bench_start(max(1, rounds // 4)),
        "answer": lambda: bench_answer(rounds),
        "index": lambda: bench_index(max(1, rounds // 4)),
        "growth": lambda: bench_growth(largest),
        "kinds": lambda: bench_kinds(largest),
    }


def _conditions(rounds: int) -> dict[str, Any]:
    import torch

    return {
        "cpu": torch.cpu.get_capabilities().get("cpu_name", platform.machine()),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],  # what else runs, in processes
        "torch": torch.__version__,
        "python": platform.python_version(),
        "rounds": rounds,
    }


if __name__ == "__main__":
    sys.exit(main())
