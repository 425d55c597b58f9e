"""python -m eval.compare A B: what changed from one run to another over the same questions."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.options import expect_at_least
from eval.runs_io import Run, labels, metric_names, read_run
from eval.scoring import Record
from rag.cli import run

_DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """B − A over the ``n`` questions that both runs score, with a 95% interval and a p-value."""

    a: float
    b: float
    value: float
    low: float
    high: float
    p: float
    n: int

    @property
    def interval(self) -> str:
        """Such as [+0.10, +0.20]; empty where all differences are equal: as no draw then differs,
        none was found."""
        return f"[{self.low:+.2f}, {self.high:+.2f}]" if self.low < self.high else ""


def difference(a: Mapping[str, float], b: Mapping[str, float], seed: int) -> Difference | None:
    """Compare scores by question id; None without a common question.

    Percentile bootstrap over paired differences (Efron 1979); two-sided sign-flip permutation
    test, which counts the observed sample as one draw, so that p is never 0.
    """
    shared = sorted(a.keys() & b.keys())
    if not shared:
        return None
    first, second = (np.array([scores[i] for i in shared], dtype=float) for scores in (a, b))
    change = second - first
    rng = np.random.default_rng(seed)
    shape = (_DRAWS, len(shared))
    low, high = np.percentile(change[rng.integers(0, len(shared), shape)].mean(axis=1), [2.5, 97.5])
    flipped = np.abs((rng.integers(0, 2, shape) * 2 - 1) @ change)
    as_far = int(np.sum(flipped >= abs(change.sum()) - 1e-9))  # rounding is no difference
    return Difference(
        a=float(first.mean()),
        b=float(second.mean()),
        value=float(change.mean()),
        low=float(low),
        high=float(high),
        p=(as_far + 1) / (_DRAWS + 1),
        n=len(shared),
    )


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose first column is flush left and the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for head, *cells in rows:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join([head.ljust(widths[0]), *padded]).rstrip()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m eval.compare",
        description="Compare two runs, question by question.",
        epilog="An answerable question improved or broke where its fact_recall changed, another "
        "one where it is now refused or no longer is.",
    )
    made.add_argument("a", type=Path, metavar="A", help="run folder")
    made.add_argument("b", type=Path, metavar="B", help="run folder compared with it")
    made.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the draws (default: %(default)s)"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    expect_at_least(0, "--seed", options.seed)
    print("\n".join(report(read_run(options.a), read_run(options.b), options.seed)))
    return 0


def report(a: Run, b: Run, seed: int) -> Iterator[str]:
    """Lines for a terminal: the metrics, then the questions that improved and that broke."""
    first, second = ({r.question.id: r for r in made.records} for made in (a, b))
    shared = [question_id for question_id in first if question_id in second]
    for letter, label in zip("AB", labels([a, b]), strict=True):
        yield f"{letter}  {label}"
    left_out = len(first.keys() ^ second.keys())
    yield f"{len(shared)} questions in both; {left_out} left out because only one run has them"
    yield ""
    yield from _table(a, b, seed)
    changes = {i: _correct(b, second[i]) - _correct(a, first[i]) for i in shared}
    for word, sign in (("improved", 1), ("broke", -1)):
        moved = [i for i in shared if changes[i] * sign > 0]
        yield f"\n{len(moved)} {word}"
        for i in moved:
            scores = f"{_correct(a, first[i]):.2f} → {_correct(b, second[i]):.2f}"
            yield _line(f"  {i}  {scores}  {first[i].question.question}")
            yield _line(f"    A: {_said(first[i])}")
            yield _line(f"    B: {_said(second[i])}")


def _table(a: Run, b: Run, seed: int) -> Iterator[str]:
    rows = [["metric", "A", "B", "B - A", "95% interval", "p", "n"]]
    partial = False
    scores_a, scores_b = a.scores.per_question, b.scores.per_question
    names = [*metric_names([a, b]), *scores_a]
    for name in dict.fromkeys(name for name in names if name in scores_a and name in scores_b):
        found = difference(scores_a[name], scores_b[name], seed)
        if found is None:
            continue
        uneven = scores_a[name].keys() != scores_b[name].keys()
        partial |= uneven
        rows.append(
            [
                name + "†" * uneven,
                f"{found.a:.2f}",
                f"{found.b:.2f}",
                f"{found.value:+.2f}",
                found.interval or "–",
                f"{found.p:.4f}",
                str(found.n),
            ]
        )
    yield from aligned(rows)
    if partial:
        yield "† one run scores further questions here; means are over those that both score"


def _correct(made: Run, record: Record) -> float:
    """How far an answer is right: the facts found, or, where there are none, the refusal."""
    name = "fact_recall" if record.question.answerable else "refusal_recall"
    return made.scores.per_question.get(name, {}).get(record.question.id, 0.0)


def _said(record: Record) -> str:
    if record.answer is None:
        return f"error: {record.error}"
    return f"refused: {record.answer.answer}" if record.answer.refused else record.answer.answer


def _line(text: str) -> str:
    indent = text[: len(text) - len(text.lstrip())]
    return indent + textwrap.shorten(text, 120 - len(indent), placeholder=" …")


if __name__ == "__main__":
    sys.exit(main())
