"""Plots of the report as inline SVG, coloured by the page's own light or dark style."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eval.plot_style import STYLE, WIDTH
from eval.runs_io import Run, labels

_SERIES = 6  # colours in the style sheet, --s0 to --s5; further runs start over
_INK, _LINE = "#010101", "#020202"
_STYLE: dict[Any, Any] = STYLE | {
    "svg.fonttype": "none",  # letters stay letters: small, and in the page's font
    "text.parse_math": False,  # a name may hold a $
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _LINE,
    "grid.color": _LINE,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
}


def figures(runs: Sequence[Run]) -> Iterator[str]:
    """HTML of a legend and of every figure there are values for."""
    names = labels(runs)
    drawn = [
        _by_kind(runs, names, "fact_recall"),
        _by_kind(runs, names, "refusal_recall"),
        _risk_coverage(runs, names),
        _latency(runs, names),
    ]
    yield '<p class="legend">'
    for i, name in enumerate(names):
        swatch = f'<i style="background: var(--s{i % _SERIES})"></i>'
        yield f"<span>{swatch}{html.escape(name)}</span>"
    yield '</p>\n<div class="figures">'
    yield from (figure for figure in drawn if figure is not None)
    yield "</div>"


def _by_kind(runs: Sequence[Run], names: Sequence[str], metric: str) -> str | None:
    """A figure with bars of a metric for each kind of question; None without values."""
    kinds = list(dict.fromkeys(kind for run in runs for kind in _of_kinds(run, metric)))
    if not kinds:
        return None
    thick = 0.8 / len(runs)

    def draw(axes: Axes) -> None:
        for i, run in enumerate(runs):
            for kind, value in _of_kinds(run, metric).items():
                y = kinds.index(kind) + (i - (len(runs) - 1) / 2) * thick
                axes.barh(y, value, thick * 0.9, color=_colour(i))
                axes.text(value + 0.01, y, f"{value:.2f}", va="center", fontsize=8)
        axes.set_yticks(range(len(kinds)), kinds)
        axes.set_ylim(len(kinds) - 0.5, -0.5)
        axes.set_xlim(0, 1.12)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.grid(visible=False, axis="y")

    values = [
        f"{name}: " + ", ".join(f"{kind} {v:.2f}" for kind, v in _of_kinds(run, metric).items())
        for name, run in zip(names, runs, strict=True)
    ]
    height = 0.6 + len(kinds) * max(0.26, 0.16 * len(runs))
    return _figure(f"{metric} by kind of question", values, height, draw)


def _of_kinds(run: Run, metric: str) -> dict[str, float]:
    values = {kind: scores.get(metric) for kind, scores in run.scores.by_kind.items()}
    return {kind: value for kind, value in values.items() if value is not None}


def _risk_coverage(runs: Sequence[Run], names: Sequence[str]) -> str | None:
    """A figure with the share of wrong answers by the share answered; None without curves."""
    curves = [(i, run.scores.risk_coverage) for i, run in enumerate(runs)]
    known = [(i, curve) for i, curve in curves if curve is not None]
    if not known:
        return None

    def draw(axes: Axes) -> None:
        for i, curve in known:
            axes.plot(curve.coverage, curve.risk, color=_colour(i), drawstyle="steps-post")
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("coverage: share answered, most confident first")
        axes.set_ylabel("risk: share of them wrong")

    areas = [f"{names[i]}: mean risk {curve.area:.2f}" for i, curve in known]
    return _figure("Risk and coverage", areas, 3, draw)


def _latency(runs: Sequence[Run], names: Sequence[str]) -> str | None:
    """A figure with the share of questions done by then; None where no question was answered."""
    seconds = [[r.answer.seconds.total for r in run.records if r.answer] for run in runs]
    if not any(seconds):
        return None

    def draw(axes: Axes) -> None:
        for i, values in enumerate(seconds):
            if values:
                axes.ecdf(values, color=_colour(i))
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("seconds for a question")
        axes.set_ylabel("share of questions done")

    spans = [
        f"{name}: {min(values):.2f} to {max(values):.2f} s"
        for name, values in zip(names, seconds, strict=True)
        if values
    ]
    return _figure("Latency", spans, 3, draw)


def _figure(title: str, details: Sequence[str], height: float, draw: Callable[[Axes], None]) -> str:
    # The salt keeps ids of several figures in one page apart, and pages reproducible.
    with mpl.rc_context({**_STYLE, "svg.hashsalt": title}):
        figure = Figure((WIDTH, height), layout="constrained")
        draw(figure.add_subplot())
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    label = html.escape(f"{title}. {'; '.join(details)}")
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # unused, and the same in every figure
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    caption = html.escape(title)
    return f'<figure aria-label="{caption}"><figcaption>{caption}</figcaption>{svg}</figure>'


def _colour(run: int) -> str:
    return f"#03030{run % _SERIES}"


_VARIABLES = {_INK: "currentColor", _LINE: "var(--line)"} | {
    _colour(i): f"var(--s{i})" for i in range(_SERIES)
}
