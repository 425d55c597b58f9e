"""The process that parses files, and what becomes of it."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from made_files import pdf, word

import rag.worker
from rag.extract import Unreadable
from rag.formats import read
from rag.worker import Worker

PDF = pdf(["One page of text."])


def test_it_reads_as_if_there_were_no_process_between() -> None:
    with Worker() as worker:
        for suffix, data in ((".pdf", PDF), (".docx", word("A.", "B.")), (".csv", b"text\na\nb")):
            assert worker.read(suffix, data) == read(suffix, data)
        with pytest.raises(Unreadable, match=r"broken, or no \.pdf"):
            worker.read(".pdf", b"\n\n\x00")
        assert worker.read(".pdf", PDF) == read(".pdf", PDF)


def test_a_reader_that_takes_too_long_is_ended_and_the_next_file_is_read() -> None:
    with Worker(seconds=0.001) as worker:
        with pytest.raises(Unreadable, match=r"not read within 0\.001 s"):
            worker.read(".pdf", PDF)
        worker._seconds = 60
        assert worker.read(".pdf", PDF) == read(".pdf", PDF)


def test_a_reader_that_crashes_is_started_again() -> None:
    with Worker() as worker:
        worker.read(".pdf", PDF)
        os.kill(worker._process.pid, signal.SIGSEGV)
        worker._process.wait()
        with pytest.raises(Unreadable, match="its reader crashed"):
            worker.read(".pdf", PDF)
        assert worker.read(".pdf", PDF) == read(".pdf", PDF)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_reader_that_takes_all_memory_says_so() -> None:
    rows = b"[" + b"{}," * 5_000_000 + b"{}]"  # 15 MB, of which Python makes 400
    with (
        Worker(memory=256 * 2**20) as worker,
        pytest.raises(Unreadable, match="needs too much memory"),
    ):
        worker.read(".json", rows)


@pytest.mark.parametrize("first", ["", ".", "its whole path"])
def test_it_takes_no_module_from_the_folder_where_it_is_started(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("pypdf", "docx", "trafilatura"):
        (tmp_path / f"{library}.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path) if "path" in first else first, *sys.path])
    with Worker() as worker:
        assert worker.read(".pdf", PDF) == read(".pdf", PDF)


@pytest.mark.skipif(sys.platform == "win32", reason="a signal that ends the process there")
def test_an_interrupt_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    started = partial(subprocess.Popen, sleeper, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    monkeypatch.setattr(rag.worker, "_start", lambda memory: started())
    with Worker() as worker:
        threads = set(threading.enumerate())
        interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            worker.read(".pdf", PDF)
        interrupt.join()
        for thread in set(threading.enumerate()) - threads:
            thread.join(1)
        assert set(threading.enumerate()) <= threads
        assert worker._process is None


def test_it_ends_with_its_input() -> None:
    with Worker() as worker:
        worker.read(".pdf", PDF)
        process = worker._process
    assert process.returncode is not None
