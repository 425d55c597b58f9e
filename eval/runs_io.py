"""A run folder → Run: under which conditions, what was answered, and how good that was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from inspect import Parameter, signature
from pathlib import Path
from types import UnionType
from typing import TypeVar, cast, get_args, get_origin, get_type_hints

from eval.scoring import Record
from eval.stats import RiskCoverage
from rag.errors import RagError

T = TypeVar("T")

_ORDER = (
    "fact_recall all_facts wrong_fact_rate wrong_answer_rate token_f1 citation_recall "
    "citation_precision quotes_exact refusal_precision refusal_recall refusal_f1 "
    "false_refusal_rate conflicts_shown document_recall@5 document_mrr document_ndcg@10 "
    "span_recall@5 span_mrr span_ndcg@10 answer_words seconds_p50 seconds_p95 retrieve_p50 "
    "generate_p50 ground_p50"
).split()


class RunError(RagError):
    """A run folder cannot be read; the message names the file and what was expected."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A metric over ``n`` questions with its 95% interval; ``better`` is its good direction."""

    value: float
    low: float
    high: float
    n: int
    better: str  # "higher", "lower" or "neutral"

    def __str__(self) -> str:
        """Such as 0.71 [0.60, 0.80]; without brackets where no interval was computed."""
        if self.low == self.high:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class Scores:
    """metrics.json."""

    metrics: dict[str, Reported]
    by_kind: dict[str, dict[str, float | None]]
    per_question: dict[str, dict[str, float]]
    risk_coverage: RiskCoverage | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One system on one split."""

    folder: Path
    conditions: dict[str, object]
    records: tuple[Record, ...]
    scores: Scores

    @property
    def name(self) -> str:
        return f"{self.conditions['system']}/{self.conditions['split']}"


def read_run(folder: Path) -> Run:
    """The run in ``folder``; raises RunError for a file that is missing or malformed."""
    if not folder.is_dir():
        raise RunError(f"{folder}: expected a run folder, as eval.run writes it; found none")
    place = folder / "conditions.json"
    conditions = decode(dict[str, object], _json(_text(place), str(place)), str(place))
    for name in ("system", "split"):
        if not isinstance(conditions.get(name), str):
            raise RunError(f"{place}: expected a text as {name}")
    place = folder / "answers.jsonl"
    records = []
    for number, line in enumerate(_text(place).split("\n"), start=1):
        if line.strip():
            where = f"{place}, line {number}"
            records.append(decode(Record, _json(line, where), where))
    place = folder / "metrics.json"
    scores = decode(Scores, _json(_text(place), str(place)), str(place))
    return Run(folder, conditions, tuple(records), scores)


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each run: system/split, with the folder where that alone is ambiguous."""
    count = Counter(run.name for run in runs)
    return [run.name if count[run.name] == 1 else f"{run.name} ({run.folder})" for run in runs]


def metric_names(runs: Sequence[Run]) -> list[str]:
    """Every metric of any run, the well-known ones first."""
    found = dict.fromkeys(name for run in runs for name in run.scores.metrics)
    known = [name for name in _ORDER if name in found]
    return known + [name for name in found if name not in _ORDER]


def best(runs: Sequence[Run], name: str) -> float | None:
    """The best value of a metric; None where there is no direction or nothing to tell apart."""
    reported = [run.scores.metrics[name] for run in runs if name in run.scores.metrics]
    values = {metric.value for metric in reported}
    if len(values) < 2 or reported[0].better == "neutral":
        return None
    return min(values) if reported[0].better == "lower" else max(values)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: expected a file of a run; {error.strerror}") from None
    except UnicodeDecodeError:
        raise RunError(f"{path}: expected UTF-8 text") from None


def _json(text: str, place: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RunError(f"{place}: expected JSON; {error}") from None


def decode(kind: type[T], value: object, place: str) -> T:
    """A value from JSON as ``kind``: dataclass, list, tuple, dict, ``X | None`` or scalar.

    Raises RunError, which says at which ``place`` what was expected.
    """
    return cast(T, _decode(kind, value, place))


def _decode(kind: object, value: object, place: str) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind, value, place)
    origin, args = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None else _decode(args[0], value, place)
    if origin in (list, tuple):
        listed = _expect(list, value, place)
        items = [_decode(args[0], item, f"{place}[{i}]") for i, item in enumerate(listed)]
        return tuple(items) if origin is tuple else items
    if origin is dict:
        members = _expect(dict, value, place)
        return {key: _decode(args[1], item, f"{place}: {key}") for key, item in members.items()}
    if kind is float and type(value) is int:
        return float(value)
    return _expect(cast(type, kind), value, place)


def _record(kind: Callable[..., object], value: object, place: str) -> object:
    members = _expect(dict, value, place)
    known = {}
    for name, (hint, required) in _fields(kind).items():
        if name in members:
            known[name] = _decode(hint, members[name], f"{place}: {name}")
        elif required:
            raise RunError(f"{place}: expected a field {name}")
    return kind(**known)


@cache
def _fields(kind: Callable[..., object]) -> dict[str, tuple[object, bool]]:
    """Each field's type, and whether it is required."""
    hints = get_type_hints(kind)
    parameters = signature(kind).parameters.values()
    return {p.name: (hints[p.name], p.default is Parameter.empty) for p in parameters}


def _expect(kind: type[T], value: object, place: str) -> T:
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    found = json.dumps(value, ensure_ascii=False)[:60]
    raise RunError(f"{place}: expected {_WORDS[kind]}, found {found}")


_WORDS = {
    list: "a list",
    dict: "an object",
    str: "a text",
    float: "a number",
    int: "a whole number",
    bool: "true or false",
}
