"""The questions of many people, answered in turn. Whoever observes is told what came of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args
from uuid import uuid4

from rag.conversation import earlier_questions
from rag.errors import (
    BusyError,
    ClosingError,
    NoSuchIndexError,
    QuestionError,
    ServerError,
)
from rag.library import Library
from rag.line import Line
from rag.parallel import Workers
from rag.question import check_question
from rag.types import Answer, Seconds, Stage

# "conflict": answered, by sources that disagree; "rejected": not taken, for a reason that was told;
# "stopped": whoever asked has gone.
Outcome = Literal["answered", "partly", "refused", "conflict", "rejected", "failed", "stopped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_STATUS: tuple[tuple[type[Exception], int], ...] = (  # the first that fits
    (QuestionError, 400),
    (NoSuchIndexError, 404),
    (ClosingError, 503),
    (BusyError, 429),
    (ServerError, 502),
)
_STOPPED = 499  # no status of the standard, but that of many servers' logs
_MAX_NAME = 100  # characters of an index's name


def _new_id() -> str:
    return uuid4().hex[:16]


@dataclass(frozen=True, slots=True)
class Query:
    """A question, those before it in its conversation, and the index to ask ("" for the first)."""

    question: str
    history: Sequence[str] = ()
    index: str = ""
    id: str = field(default_factory=_new_id)


@dataclass(frozen=True, slots=True)
class Served:
    """What came of a query. ``status`` is that of HTTP, however it was asked."""

    query: Query
    index: str
    outcome: Outcome
    status: int
    waited: float  # seconds in the line
    seconds: Seconds | None  # None without an answer


def status_of(error: Exception) -> int:
    """The status of HTTP that tells an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


class Service:
    """Answers over a library, as many at a time as the line lets.

    All answers are made by as many threads, whoever asks: each thread that calculates costs 20 to
    30 MB for good, by torch's own threads and what oneDNN and malloc keep for each (eval/LOG.md).
    """

    def __init__(self, library: Library, line: Line) -> None:
        self.library = library
        self.line = line
        self._workers = Workers(line.at_once)
        self._observers: list[Callable[[Served], None]] = []

    def tell(self, observer: Callable[[Served], None]) -> None:
        """Tell it, too, what comes of each question."""
        self._observers.append(observer)

    def ask(self, query: Query) -> Answer:
        """The answer, when its turn has come. Raises what ``steps`` does."""
        *_, answer = self.steps(query)
        assert isinstance(answer, Answer)  # as steps promises
        return answer

    def steps(self, query: Query) -> Generator[int | Stage | Answer, None, None]:
        """How many are before this question while it waits, then the steps of its pipeline.

        Whoever stops iterating takes the question back. Raises QuestionError and NoSuchIndexError
        at once, BusyError and ClosingError where no question is taken, and what the pipeline does.
        """
        index = query.index or self.library.first
        asked, began = time.monotonic(), None
        answer: Answer | None = None
        outcome: Outcome = "stopped"
        status = _STOPPED
        try:
            check_question(query.question)
            history = earlier_questions(query.history)
            self.library.check(index)
            with self.line.place() as before:
                while count := before():
                    yield count
                began = time.monotonic()
                steps = self.library.pipeline(index).steps(query.question, history)
                for step in self._made(steps):
                    answer = step if isinstance(step, Answer) else answer
                    yield step
            assert answer is not None  # as the pipeline promises
            outcome, status = ("conflict" if answer.conflict else answer.outcome), 200
        except Exception as error:
            status = status_of(error)
            outcome = "rejected" if status < 500 or status == 503 else "failed"
            raise
        finally:
            waited = (began or time.monotonic()) - asked
            seconds = answer.seconds if answer and status == 200 else None
            served = Served(query, index[:_MAX_NAME], outcome, status, waited, seconds)
            for observer in self._observers:
                observer(served)

    def _made(self, steps: Iterator[Stage | Answer]) -> Iterator[Stage | Answer]:
        """The same, each made by a thread of ours."""
        while (step := self._workers.do(lambda: next(steps, None))) is not None:
            yield step
