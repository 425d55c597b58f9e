"""The hub path, through the real huggingface_hub client, against a server of our own."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_INFO = f"/api/models/test/tiny/revision/{COMMIT}"
_CONFIG = f"/test/tiny/resolve/{COMMIT}/config.json"


class Hub:
    """Serves one folder the way the hub serves a model repository."""

    def __init__(self, folder: Path) -> None:
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        requests = self.requests = list[str]()
        instead = self.instead = dict[str, tuple[int, bytes]]()  # what a path is answered with

        class Handler(BaseHTTPRequestHandler):
            def _reply(self, status: int, body: bytes, **headers: str) -> None:
                status, body = instead.get(self.path.split("?")[0], (status, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def do_GET(self) -> None:
                requests.append(f"{self.command} {self.path}")
                parts = self.path.split("?")[0].strip("/").split("/")
                if parts[:2] == ["api", "models"]:
                    if parts[2:4] != ["test", "tiny"]:
                        return self._reply(404, b"{}", X_Error_Code="RepoNotFound")
                    if len(parts) > 4 and parts[4] == "tree":
                        listing = [
                            {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                            for name, data in {**files, "README.md": b"not wanted"}.items()
                        ]
                        return self._reply(
                            200, json.dumps(listing).encode(), Content_Type="application/json"
                        )
                    info = {
                        "id": "test/tiny",
                        "sha": COMMIT,
                        "siblings": [{"rfilename": name} for name in files],
                    }
                    return self._reply(
                        200, json.dumps(info).encode(), Content_Type="application/json"
                    )
                name = parts[-1]
                if name not in files:
                    return self._reply(404, b"", X_Error_Code="EntryNotFound")
                return self._reply(
                    200,
                    files[name],
                    ETag=f'"{hashlib.sha256(files[name]).hexdigest()}"',
                    X_Repo_Commit=COMMIT,
                    Content_Type="application/octet-stream",
                )

            do_HEAD = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hub_server(tiny_qwen: Path) -> Iterator[Hub]:
    hub = Hub(tiny_qwen)
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


_RESOLVE = """
import sys
from rag.errors import RagError
from rag.generator import load_generator
from rag.models import GENERATOR, resolve
try:
    weights = resolve(GENERATOR, sys.argv[1])
    reply = load_generator(weights).generate([{"role": "user", "content": "what is this"}], 3)
    print(weights.name, "|", type(reply).__name__)
except RagError as error:
    print("error:", error)
"""


def resolve_in_a_fresh_process(choice: str, home: Path, **environment: str) -> str:
    """The client reads its environment once, when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", _RESOLVE, choice],
        cwd=ROOT,
        env={
            **os.environ,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_from_the_hub_then_from_its_cache(hub_server: Hub, tmp_path: Path) -> None:
    first = resolve_in_a_fresh_process("test/tiny", tmp_path, HF_ENDPOINT=hub_server.url)
    assert first == "test/tiny@01234567 | str"
    assert any("model.safetensors" in request for request in hub_server.requests)
    hub_server.requests.clear()
    again = resolve_in_a_fresh_process(
        "test/tiny", tmp_path, HF_ENDPOINT=hub_server.url, HF_HUB_OFFLINE="1"
    )
    assert again == first
    assert hub_server.requests == []


def test_a_model_that_the_hub_does_not_have(hub_server: Hub, tmp_path: Path) -> None:
    found = resolve_in_a_fresh_process("test/other", tmp_path, HF_ENDPOINT=hub_server.url)
    assert found.startswith("error: the hub has no test/other")
    assert "\n" not in found


def test_a_name_that_the_hub_gives_to_no_model(tmp_path: Path) -> None:
    found = resolve_in_a_fresh_process("test/a..b", tmp_path)
    assert found.startswith("error: test/a..b is no name of the hub, expected OWNER/MODEL: ")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (_INFO, 403, "test/tiny is not downloaded: the hub answers 403\n"),
        (_INFO, 503, "test/tiny is not downloaded: the hub answers 503\n"),
        (_INFO, 200, "test/tiny is not downloaded: what answers is no hub\n"),
        (_CONFIG, 403, "the download of test/tiny broke off: the hub answers 403\n"),
    ],
)
def test_a_hub_that_refuses_is_as_one_that_is_not_reached(
    hub_server: Hub, tmp_path: Path, path: str, status: int, said: str
) -> None:
    hub_server.instead[path] = status, b"{}"
    done = subprocess.run(
        [sys.executable, "-c", f"from rag import hub; print(hub.find('test/tiny', '{COMMIT}'))"],
        cwd=ROOT,
        env={
            **os.environ,
            "HF_HOME": str(tmp_path),
            "HF_ENDPOINT": hub_server.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "None\n"
    assert done.stderr.endswith(said)
    assert "Traceback" not in done.stderr


def test_offline_mode_asks_nobody(hub_server: Hub, tmp_path: Path) -> None:
    found = resolve_in_a_fresh_process(
        "test/tiny", tmp_path, HF_ENDPOINT=hub_server.url, HF_HUB_OFFLINE="1"
    )
    assert found.startswith("error: test/tiny is neither a file here")
    assert hub_server.requests == []


def test_a_closed_network_fails_within_seconds(tmp_path: Path) -> None:
    from rag import hub

    started = time.monotonic()
    found = resolve_in_a_fresh_process("test/tiny", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert found.startswith("error: test/tiny is neither a file here")
    assert time.monotonic() - started < hub.DEADLINE_SECONDS + 25  # most of it is imports


def test_a_model_in_a_folder(tiny_qwen: Path, tmp_path: Path) -> None:
    found = resolve_in_a_fresh_process(str(tiny_qwen), tmp_path)
    assert found == f"{tiny_qwen} | str"
