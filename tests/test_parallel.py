"""Jobs at a time, results in order."""

import threading
import time
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.parallel import Workers, in_order


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_results_keep_their_order_whatever_takes_longest(milliseconds, concurrency) -> None:
    def job(number: int) -> int:
        time.sleep(milliseconds[number] / 1000)
        return number

    numbers = range(len(milliseconds))
    assert list(in_order((partial(job, n) for n in numbers), concurrency)) == list(numbers)


def test_so_many_are_at_work_at_a_time() -> None:
    together = threading.Barrier(3)  # breaks unless three wait for each other
    found = in_order((lambda: together.wait(5) for _ in range(6)), 3)
    assert sorted(found) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("concurrency", "drawn"), [(1, 1), (2, 2), (4, 4)])
def test_jobs_are_drawn_when_they_are_needed(concurrency, drawn) -> None:
    names = []

    def jobs():
        for number in range(1000):
            names.append(number)
            yield partial(int, number)

    assert next(in_order(jobs(), concurrency)) == 0
    assert len(names) == drawn


def test_one_at_a_time_works_in_the_thread_of_the_caller() -> None:
    assert list(in_order([threading.get_ident], 1)) == [threading.get_ident()]
    assert list(in_order([threading.get_ident], 2)) != [threading.get_ident()]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_what_a_job_raises_comes_in_its_place_and_ends_the_rest(concurrency) -> None:
    done = []
    jobs = [partial(done.append, 1), partial(int, "x"), *[partial(done.append, 2)] * 50]
    found = in_order(jobs, concurrency)
    assert next(found) is None
    with pytest.raises(ValueError, match="invalid literal"):
        next(found)
    assert len(done) < 5


@pytest.mark.parametrize("concurrency", [0, -1, 257])
def test_bounds(concurrency) -> None:
    with pytest.raises(UsageError, match=f"concurrency is {concurrency}, expected 1 to 256"):
        in_order([], concurrency)


def test_workers_give_back_what_jobs_return_and_raise() -> None:
    workers = Workers(2)
    assert workers.do(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        workers.do(lambda: 1 // 0)
    assert workers.do(threading.get_ident) != threading.get_ident()
    assert len({workers.do(threading.get_ident) for _ in range(20)}) <= 2
