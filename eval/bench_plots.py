"""Curves of eval.bench as SVG files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eval.plot_style import STYLE, WIDTH


def plot(result: Mapping[str, Any], folder: Path) -> None:
    """A file for each curve that was measured."""
    if "answer" in result:
        _save(folder / "answers.svg", lambda axes: _answers(axes, result["answer"]))
    if "growth" in result:
        points = result["growth"]["points"]
        _save(folder / "search.svg", lambda axes: _search(axes, points))
        _save(folder / "recall.svg", lambda axes: _against_size(axes, points, "recall@10"))
        _save(folder / "memory.svg", lambda axes: _against_size(axes, points, "peak_memory_gb"))


def _answers(axes: Axes, answer: Mapping[str, Any]) -> None:
    axes.ecdf(answer["every_total"])
    axes.set_xlabel("seconds for a question")
    axes.set_ylabel("share of questions done")


def _search(axes: Axes, points: list[dict[str, Any]]) -> None:
    for stage, name in (("dense", "dense"), ("numpy", "dense, numpy compares all")):
        times = [1000 * point["seconds"][stage]["p50"] for point in points]
        axes.loglog([point["chunks"] for point in points], times, marker=".", label=name)
    known = [point for point in points if "lexical_seconds" in point]
    times = [1000 * point["lexical_seconds"]["search"]["p50"] for point in known]
    axes.loglog([point["chunks"] for point in known], times, marker=".", label="lexical")
    axes.set_xlabel("chunks")
    axes.set_ylabel("milliseconds for a question, median")
    axes.legend(frameon=False)


def _against_size(axes: Axes, points: list[dict[str, Any]], value: str) -> None:
    axes.semilogx([p["chunks"] for p in points], [p[value] for p in points], marker=".")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("chunks")
    axes.set_ylabel(value.replace("_", " "))


def _save(path: Path, draw: Callable[[Axes], None]) -> None:
    with mpl.rc_context(STYLE):
        figure = Figure((WIDTH, 3), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(path)
