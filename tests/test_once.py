"""What is made once, when it is first needed."""

import threading
import time

import pytest

from rag.once import Once


def test_many_threads_get_the_same_thing_made_once() -> None:
    made, got = [], []

    def make():
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    once = Once(make)
    assert not made
    threads = [threading.Thread(target=lambda: got.append(once())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert all(thing is made[0] for thing in got)
    assert len(got) == 8


def test_what_failed_is_tried_again() -> None:
    tries = []

    def make():
        tries.append(1)
        if len(tries) < 2:
            raise OSError("not yet")
        return "made"

    once = Once(make)
    with pytest.raises(OSError, match="not yet"):
        once()
    assert once() == once() == "made"
    assert len(tries) == 2
