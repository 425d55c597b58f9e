"""The line: who is let in, how long the others are told to wait, and when it is empty."""

import pytest

from rag.errors import BusyError, ClosingError, UsageError
from rag.line import Line


def test_the_wait_that_is_told_grows_with_the_line_and_its_work(monkeypatch) -> None:
    now = 0.0
    monkeypatch.setattr("rag.line.time.monotonic", lambda: now)

    def told(line):
        places = [line.place() for _ in range(line.places)]
        for place in places:
            place.__enter__()
        with pytest.raises(BusyError) as error, line.place():
            pass
        for place in places:
            place.__exit__(None, None, None)
        return error.value.retry_after

    line = Line(limit=9)
    for _ in range(20):
        with line.place() as before:
            assert before() == 0
            now += 3
    assert told(line) == 30
    shorter, two = Line(limit=4), Line(limit=8, at_once=2)
    assert (told(shorter), told(two)) == (5, 5)


def test_as_many_are_at_work_as_may() -> None:
    line = Line(limit=2, at_once=2)
    with line.place() as one, line.place() as two, line.place() as three:
        assert (one(), two(), three()) == (0, 0, 1)
        assert (line.at_work, line.waiting) == (2, 1)
        assert not line.drained(0)
    assert line.drained(0)
    assert (line.at_work, line.waiting) == (0, 0)


def test_a_closed_line_lets_nobody_in_and_keeps_who_is_in() -> None:
    line = Line()
    with line.place() as before:
        line.close()
        assert before() == 0
        with pytest.raises(ClosingError), line.place():
            pass
    assert line.closed


@pytest.mark.parametrize(("limit", "at_once"), [(-1, 1), (0, 0)])
def test_a_line_of_less_than_nobody_is_refused(limit, at_once) -> None:
    with pytest.raises(UsageError, match="at least 0 and 1"):
        Line(limit, at_once)
