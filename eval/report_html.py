"""Runs → one HTML page that needs nothing else: conditions, metrics, plots, failed questions."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from eval.compare import difference
from eval.metrics import plain
from eval.questions import GoldSpan, contains
from eval.report_plots import figures
from eval.runs_io import Run, best, labels, metric_names
from eval.scoring import Record

_CONTEXT = 120  # characters shown before and after gold evidence
_ARROWS = {"higher": ("↑", "higher is better"), "lower": ("↓", "lower is better")}

_CSS = """
:root { color-scheme: light dark; --back: #fdfdfc; --card: #f3f3f0; --ink: #23262b;
  --soft: #5d636d; --line: #d3d4d0; --good: #0a7048; --bad: #b3341f; --mark: #ffe9a3;
  --s0: #0072b2; --s1: #d55e00; --s2: #00896a; --s3: #b8598f; --s4: #a97800; --s5: #4f6f8f; }
@media (prefers-color-scheme: dark) {
  :root { --back: #17191c; --card: #202328; --ink: #e2e4e7; --soft: #a0a6b0; --line: #3d424a;
    --good: #63cb9b; --bad: #f3917d; --mark: #6b5410;
    --s0: #56b4e9; --s1: #f0894d; --s2: #2ec4a0; --s3: #e39cc4; --s4: #f0c24b; --s5: #a9bdd1; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; vertical-align: top; white-space: nowrap; }
tr + tr > *, tbody > tr > * { border-top: 1px solid var(--line); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
thead th { background: var(--card); } tbody th { font-weight: 500; }
.text td, .text thead th { text-align: left; } abbr { text-decoration: none; }
small, .soft { color: var(--soft); } small { display: block; }
@media (max-width: 600px) { table { font-size: .8rem; } th, td { padding: .25rem .4rem; } }
.better { color: var(--good); } .worse { color: var(--bad); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; padding: .6rem; background: var(--card); border-radius: 6px;
  flex: 1 1 400px; max-width: min(100%, 532px); }
figcaption { font-weight: 600; font-size: .9rem; }
svg { display: block; width: 100%; height: auto; }
.legend span { margin-right: 1.2rem; font-size: .9rem; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; }
summary { padding: .45rem .7rem; cursor: pointer; }
details[open] > summary { background: var(--card); }
dl { margin: 0; padding: .2rem .9rem .8rem; } dd { margin: 0; white-space: pre-wrap; }
dt { margin-top: .6rem; color: var(--soft); font-size: .85rem; }
blockquote { margin: .2rem 0; padding: .1rem .8rem; border-left: 3px solid var(--line); }
mark { background: var(--mark); color: inherit; } code { font: .85em ui-monospace, monospace; }
"""


def page(runs: Sequence[Run], texts: Mapping[str, str]) -> str:
    """The whole page; the first run is the baseline. ``texts`` holds the corpus by document id.

    All that comes from data is escaped, and the page may load and run nothing.
    """
    names = [html.escape(name) for name in labels(runs)]
    title = f"Evaluation of {', '.join(names)}"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy"',
            "  content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<main>",
            f"<h1>{title}</h1>\n<h2>Conditions</h2>",
            *_conditions(runs, names),
            "<h2>Metrics</h2>",
            *_metrics(runs, names),
            "<h2>Plots</h2>",
            *figures(runs),
            "<h2>Failed questions</h2>",
            *(
                line
                for run, name in zip(runs, names, strict=True)
                for line in _failed(run, name, texts)
            ),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _table(
    label: str, style: str, head: Iterable[str], rows: Iterable[Sequence[str]]
) -> Iterator[str]:
    """A table in a box of its own that can be scrolled, also by keyboard; cells are HTML."""
    yield f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">'
    yield f'<table class="{style}">'
    yield "<thead><tr>" + "".join(f'<th scope="col">{cell}</th>' for cell in head) + "</tr></thead>"
    yield "<tbody>"
    for first, *cells in rows:
        yield f'<tr><th scope="row">{first}</th><td>{"</td><td>".join(cells)}</td></tr>'
    yield "</tbody></table></div>"


def _conditions(runs: Sequence[Run], names: Sequence[str]) -> Iterator[str]:
    keys = dict.fromkeys(key for run in runs for key in run.conditions)
    rows = [
        [html.escape(key), *(_plain_value(run.conditions.get(key)) for run in runs)] for key in keys
    ]
    return _table("Conditions", "text", ["", *names], rows)


def _plain_value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "–" if value is None else html.escape(text)


def _metrics(runs: Sequence[Run], names: Sequence[str]) -> Iterator[str]:
    yield '<p class="soft">Mean with its 95% bootstrap interval over n questions; the best is bold.'
    if len(runs) > 1:
        yield f"Beside n, the change from {names[0]}: with its paired interval where both score the"
        yield "same questions, and called better or worse where a sign-flip test gives p &lt; 0.05."
    yield "</p>"
    rows = [
        [_metric_name(name, runs), *(_cell(name, run, runs) for run in runs)]
        for name in metric_names(runs)
    ]
    yield from _table("Metrics", "numbers", ["metric", *names], rows)


def _metric_name(name: str, runs: Sequence[Run]) -> str:
    better = next(r.scores.metrics[name].better for r in runs if name in r.scores.metrics)
    arrow, meaning = _ARROWS.get(better, ("", ""))
    return f'{html.escape(name)} <abbr title="{meaning}">{arrow}</abbr>'


def _cell(name: str, run: Run, runs: Sequence[Run]) -> str:
    metric = run.scores.metrics.get(name)
    if metric is None:
        return "–"
    text = f"<b>{metric}</b>" if metric.value == best(runs, name) else str(metric)
    change = "" if run is runs[0] else " · " + _change(name, run, runs[0])
    return f"{text}<small>n={metric.n}{change}</small>"


def _change(name: str, run: Run, baseline: Run) -> str:
    new, old = run.scores.metrics[name], baseline.scores.metrics.get(name)
    if old is None:
        return "new"
    before, after = (made.scores.per_question.get(name, {}) for made in (baseline, run))
    paired = difference(before, after, seed=0) if before.keys() == after.keys() else None
    if paired is None:
        return f"{new.value - old.value:+.2f}"
    text = f"{paired.value:+.2f} {paired.interval}".rstrip()
    if new.better == "neutral" or paired.p >= 0.05:
        return text
    word = "better" if (paired.value > 0) == (new.better == "higher") else "worse"
    return f'<span class="{word}">{text} {word}</span>'


# --- failed questions -------------------------------------------------------------------------


def _failed(run: Run, name: str, texts: Mapping[str, str]) -> Iterator[str]:
    faults = [(record, _faults(record)) for record in run.records]
    failed = [(record, found) for record, found in faults if found]
    yield f"<h3>{name}: {len(failed)} of {len(run.records)}</h3>"
    for record, found in failed:
        yield f"<details><summary><code>{html.escape(record.question.id)}</code>"
        yield html.escape(record.question.question)
        yield f'<small class="worse">{html.escape("; ".join(found))}</small></summary><dl>'
        for term, content in _particulars(record, texts):
            yield f"<dt>{term}</dt><dd>{content}</dd>"
        yield "</dl></details>"


def _faults(record: Record) -> list[str]:
    """What is wrong with an answer, in words; nothing for a right one."""
    question, answer = record.question, record.answer
    if answer is None:
        return ["error"]
    said = plain(answer)
    missing = [fact[0] for fact in question.facts if not contains(said, fact)]
    wrong = [value[0] for value in question.forbidden if contains(said, value)]
    return [
        *(["refused"] if question.answerable and answer.refused else []),
        *(["not refused"] if not question.answerable and not answer.refused else []),
        *(f"missing: {fact}" for fact in missing),
        *(f"wrong: {value}" for value in wrong),
    ]


def _particulars(record: Record, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Headings and their content, as HTML."""
    question, answer = record.question, record.answer
    yield from (("asked before", html.escape(turn)) for turn in question.history)
    yield from (("must hold", html.escape(" / ".join(fact))) for fact in question.facts)
    if answer is None:
        yield "error", html.escape(record.error or "")
    else:
        yield "answer", html.escape(answer.answer)
        for c in answer.citations:
            place = html.escape(f"quote [{c.marker}] {c.doc} {c.start}–{c.end}")
            yield place, f"<blockquote>{html.escape(c.quote)}</blockquote>"
    for span in question.evidence:
        place = html.escape(f"gold evidence {span.doc} {span.start}–{span.end}")
        yield place, _in_context(span, texts)
    if question.note:
        yield "note", html.escape(question.note)


def _in_context(span: GoldSpan, texts: Mapping[str, str]) -> str:
    text = texts.get(span.doc, "")
    if not 0 <= span.start < span.end <= len(text):
        return "not in this corpus folder"
    before = html.escape(text[max(0, span.start - _CONTEXT) : span.start])
    inside = html.escape(text[span.start : span.end])
    after = html.escape(text[span.end : span.end + _CONTEXT])
    cut_before = "…" * (span.start > _CONTEXT)
    cut_after = "…" * (span.end + _CONTEXT < len(text))
    return f"<blockquote>{cut_before}{before}<mark>{inside}</mark>{after}{cut_after}</blockquote>"
