"""What a server is watched by, in the text format of Prometheus."""

from __future__ import annotations

from dataclasses import asdict

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from rag.line import Line
from rag.service import OUTCOMES, Served

# Seconds: a search takes hundredths of one, a draft on a slow machine a minute.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """Counts what is served; the process's memory and the line are looked at when asked for."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, line: Line) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "rag_questions", "Questions by outcome", ["outcome"], registry=self._registry
        )
        for outcome in OUTCOMES:
            self._questions.labels(outcome)  # counted from 0, so that rates are right
        self._seconds = Histogram(
            "rag_seconds",
            "Seconds of a question by stage; total is without waiting",
            ["stage"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        waiting = Gauge("rag_waiting", "Questions that wait", registry=self._registry)
        waiting.set_function(lambda: line.waiting)
        at_work = Gauge("rag_at_work", "Questions at work", registry=self._registry)
        at_work.set_function(lambda: line.at_work)
        ProcessCollector(registry=self._registry)  # process_resident_memory_bytes and others

    def observe(self, served: Served) -> None:
        """Count a question."""
        self._questions.labels(served.outcome).inc()
        if served.seconds is not None:
            stages = {**asdict(served.seconds), "waiting": served.waited}
            for stage, seconds in stages.items():
                self._seconds.labels(stage).observe(seconds)

    def text(self) -> bytes:
        """All figures as they are now."""
        return generate_latest(self._registry)
