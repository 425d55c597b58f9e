"""Bulk builds on a real cluster of Ray, whose workers and driver are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow
import pyarrow.parquet
import pytest
from bulk_fakes import FailingEmbedder, FileStore
from conftest import ROOT

from rag.bulk import fill_by_workers
from rag.on_ray import RayWorkers, cluster
from rag.sources import list_source

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
_ROWS = 400


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A table of many rows."""
    folder = tmp_path / "in"
    folder.mkdir()
    texts = [f"The boat number {number} sails at noon. " * 40 for number in range(_ROWS)]
    pyarrow.parquet.write_table(pyarrow.table({"text": texts}), folder / "boats.parquet")
    return folder


def wait_for(happened, seconds=90.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_killed_and_failing_workers_lose_nothing_else(source, tmp_path) -> None:
    for number in range(20):
        (source / f"{number}.txt").write_text(f"The mill number {number} grinds rye.")
    (source / "dies.txt").write_text("Of what stands here this worker dies.")
    (source / "fails.txt").write_text("At what stands here this model fails.")
    (source / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    rows = {f"boats.parquet#{number + 1}" for number in range(_ROWS)}
    wanted = rows | {f"{number}.txt" for number in range(20)}

    class Killing(FileStore):
        killed = False

        def put(self, files) -> None:
            super().put(files)
            if len(self.puts()) > 100 and not self.killed:
                self.killed = True
                children = psutil.Process().children(recursive=True)
                os.kill(next(c.pid for c in children if "_Embedder" in c.cmdline()[0]), 9)

    store = Killing(tmp_path / "store")
    with cluster("", 2) as count:
        assert count == 2
        workers = RayWorkers(count, FailingEmbedder, 900)
        report = fill_by_workers(store, list_source(source.as_uri()), workers)
        assert store.killed
        assert [lost.path for lost in report.lost] == ["dies.txt"]
        assert {skipped.path for skipped in report.skipped} == {"broken.pdf", "fails.txt"}
        assert any("ValueError: no number can be found" in s.reason for s in report.skipped)
        assert set(store.made()) == wanted
        assert sorted(store.puts()) == sorted(wanted)  # none twice
        for name in ("dies.txt", "fails.txt", "broken.pdf", "7.txt"):
            (source / name).unlink()
        again = fill_by_workers(store, list_source(str(source)), workers)
        assert (again.stored, again.unchanged, again.removed) == (0, _ROWS + 19, 1)
    assert set(store.made()) == wanted - {"7.txt"}


_DRIVER = """
import sys
from pathlib import Path
from bulk_fakes import FailingEmbedder, FileStore
from rag.bulk import fill_by_workers
from rag.on_ray import RayWorkers, cluster
from rag.sources import list_source
with cluster("", 2) as count:
    workers = RayWorkers(count, FailingEmbedder, 900)
    report = fill_by_workers(FileStore(Path(sys.argv[2])), list_source(sys.argv[1]), workers)
print(report.stored, report.unchanged)
"""


def test_what_a_killed_driver_stored_is_not_embedded_again(source, tmp_path) -> None:
    store = FileStore(tmp_path / "store")
    command = [sys.executable, "-c", _DRIVER, str(source), str(tmp_path / "store")]
    environment = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{ROOT / 'tests'}"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as driver:
        wait_for(lambda: len(store.puts()) > 50)
        processes = psutil.Process(driver.pid).children(recursive=True)
        os.kill(driver.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(lives, processes)))
    kept, told = store.made(), len(store.puts())  # the kill may fall between file and log
    assert 50 < len(kept) < _ROWS
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(_ROWS - len(kept)), str(len(kept))]
    assert sorted([*kept, *store.puts()[told:]]) == sorted(store.made())  # none twice
    assert len(store.made()) == _ROWS
