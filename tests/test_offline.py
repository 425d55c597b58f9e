"""Nothing leaves the machine. conftest.py closes the network for all tests; these test that."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's refused connections are written down, for they are meant."""
    monkeypatch.setenv("CLOSED_NETWORK_LOG", str(tmp_path / "refused.txt"))
    return tmp_path / "refused.txt"


def test_a_connection_elsewhere_is_refused_and_written_down(refused) -> None:
    with socket.socket() as plain, pytest.raises(ConnectionRefusedError, match="not this machine"):
        plain.connect(("192.0.2.1", 80))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("hub.example", 443), timeout=1)
    with socket.socket(type=socket.SOCK_DGRAM) as plain, pytest.raises(ConnectionRefusedError):
        plain.sendto(b"x", ("192.0.2.1", 53))
    assert refused.read_text().splitlines() == [
        "socket.connect 192.0.2.1",
        "socket.getaddrinfo hub.example",
        "socket.sendto 192.0.2.1",
    ]


def test_so_it_is_in_every_child(refused) -> None:
    script = "import urllib.request as r; r.urlopen('http://hub.example/model')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "hub.example is not this machine" in done.stderr
    assert refused.read_text() == "socket.getaddrinfo hub.example\n"


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, server.getsockname()[1]), timeout=5).close()


def test_the_hub_client_would_be_caught(refused, tmp_path) -> None:
    script = "from rag.hub import find; print(find('a/b', 'main'))"
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "None\n"
    assert "socket.getaddrinfo" in refused.read_text()


@pytest.mark.parametrize("way", ["rag.cli", "rag.hub"])  # the commands, and Pipeline
def test_libraries_are_told_not_to_count(way, monkeypatch) -> None:
    monkeypatch.delenv("HF_HUB_DISABLE_TELEMETRY", raising=False)
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    script = f"import {way}; from huggingface_hub import constants as c; "
    done = subprocess.run(
        [sys.executable, "-c", script + "print(c.HF_HUB_DISABLE_TELEMETRY)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


@pytest.mark.real
@pytest.mark.parametrize("generator", ["none", "0.5b"])
def test_the_command_answers_and_asks_nobody(refused, tmp_path, generator) -> None:
    question = "how many merchants does 1688 have?"
    done = subprocess.run(
        [sys.executable, "-m", "rag.ask", "--corpus", SEEDS, "--generator", generator, question],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1.07 million" in done.stdout
    assert not refused.exists()
