"""Files are parsed in a process of its own: one that hangs, or takes all memory, is ended.

The process reads "SUFFIX SIZE" lines, each followed by the bytes of a file, and answers each with
a line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from threading import Event, Timer
from typing import Any

from rag.extract import Extract, Reading, Unreadable
from rag.formats import read

SECONDS = 120.0  # for one file
MEMORY = 2 * 2**30  # bytes of address space
_values = attrgetter(*(field.name for field in fields(Extract)))


class Worker:
    """Reads files in a process that is started on first use, and again after it had to be ended."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, suffix: str, data: bytes) -> Reading:
        """As ``rag.formats.read``; Unreadable, too, after the time limit or a crash."""
        process = self._process = self._process or _start(self._memory)
        assert process.stdin is not None
        assert process.stdout is not None
        timed_out = Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        timer = Timer(self._seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(f"{suffix} {len(data)}\n".encode() + data)
                process.stdin.flush()
            line = process.stdout.readline()
        except KeyboardInterrupt:
            self._end()  # its answer would be taken for that to the next file
            raise
        finally:
            timer.cancel()
        timer.join()
        if timed_out.is_set():
            self._end()
            raise Unreadable(
                f"not read within {self._seconds:g} s: split it, or convert it to text"
            )
        if not line.endswith(b"\n"):
            self._end()
            raise Unreadable("its reader crashed: convert it to text")
        return _from_json(json.loads(line))

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with suppress(BrokenPipeError):
                self._process.communicate()
            self._process = None


def _start(memory: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rag.worker", str(memory)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(module_folders())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def module_folders() -> list[str]:
    """Where modules come from here, but for the current folder, which may be the one that is read.

    Where this package lives comes last, since that may be the current folder.
    """
    here = Path.cwd()
    others = [folder for folder in sys.path if folder and Path(folder).resolve() != here]
    return [*others, str(Path(__file__).resolve().parents[1])]


def _from_json(answer: dict[str, Any]) -> Reading:
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    extracts = (
        Extract(text, title, date, url, tuple(pages), row)
        for text, title, date, url, pages, row in answer["extracts"]
    )
    return Reading(tuple(extracts), answer["left_out"])


def main() -> None:
    """The process itself, until its input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _limit_memory(int(sys.argv[1]))
    while header := sys.stdin.buffer.readline():
        suffix, size = header.decode().split()
        answer = _answer(suffix, sys.stdin.buffer.read(int(size)))
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _answer(suffix: str, data: bytes) -> dict[str, Any]:
    try:
        reading = read(suffix, data)
    except Unreadable as reason:
        return {"unreadable": str(reason)}
    return {"extracts": [_values(e) for e in reading.extracts], "left_out": reading.left_out}


def _limit_memory(size: int) -> None:
    if sys.platform != "win32":
        import resource

        with suppress(ValueError, OSError):  # some systems know no such limit
            resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    main()
