"""A run folder → Run: under which conditions, what was answered, and how good that was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from eval.scoring import Record, Scores
from eval.transcript import RECORD
from rag.errors import RagError

T = TypeVar("T")

_ORDER = (
    "fact_recall all_facts wrong_fact_rate wrong_answer_rate token_f1 citation_recall "
    "citation_precision quotes_exact refusal_precision refusal_recall refusal_f1 "
    "false_refusal_rate calibration_error conflicts_shown document_recall@5 document_mrr "
    "document_ndcg@10 span_recall@5 span_mrr span_ndcg@10 answer_words seconds_p50 seconds_p95 "
    "retrieve_p50 judge_p50 generate_p50 ground_p50"
).split()


class RunError(RagError):
    """A run folder cannot be read; the message names the file and what was expected."""


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


_SCORES = TypeAdapter(Scores)
_CONDITIONS = TypeAdapter(dict[str, object])


def read_run(folder: Path) -> Run:
    """The run in ``folder``; raises RunError for a file that is missing or malformed."""
    if not folder.is_dir():
        raise RunError(f"{folder}: expected a run folder, as eval.run writes it; found none")
    place = folder / "conditions.json"
    conditions = _decode(_CONDITIONS, _text(place), str(place))
    for name in ("system", "split"):
        if not isinstance(conditions.get(name), str):
            raise RunError(f"{place}: expected a text as {name}")
    place = folder / "answers.jsonl"
    records = tuple(
        _decode(RECORD, line, f"{place}, line {number}")
        for number, line in enumerate(_text(place).split("\n"), start=1)
        if line.strip()
    )
    place = folder / "metrics.json"
    return Run(folder, conditions, records, _decode(_SCORES, _text(place), str(place)))


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


def _decode(adapter: TypeAdapter[T], text: str, place: str) -> T:
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ": ".join(str(part) for part in first["loc"])
        raise RunError(f"{place}: {field}: expected otherwise: {first['msg']}") from None
