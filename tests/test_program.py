"""python app.py as a whole, in a process of its own, over fakes for the models."""

import json
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from conftest import ROOT, until

QUESTION = "How many workers live in a bee colony?"
SLOWLY = "How many workers live in a bee colony, slowly?"
PATIENCE = 30  # seconds


@pytest.fixture
def program(tmp_path, corpus_folder):
    """Starts app.py, over fakes; gives its process and a client."""
    processes = []

    def start(*options):
        command = [sys.executable, str(ROOT / "tests/fake_server.py"), "--corpus"]
        process = subprocess.Popen(
            [*command, str(corpus_folder), "--port", "0", "--log", "json", *options],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        for line in process.stderr:
            if found := re.search(r"serving (http\S+/)", line):
                return process, httpx.Client(base_url=found[1].rstrip('"}'), timeout=PATIENCE)
        raise AssertionError(process.wait())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_at_sigterm_what_was_taken_is_answered(program, tmp_path) -> None:
    from gradio_client import Client

    process, client = program()
    gradio = Client(str(client.base_url), verbose=False)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/ask", json={"question": SLOWLY})
        until(lambda: "rag_at_work 1.0" in client.get("/metrics").text)
        second = gradio.submit(SLOWLY, [], "", api_name="/ask")
        until(lambda: "rag_waiting 1.0" in client.get("/metrics").text)
        process.send_signal(signal.SIGTERM)
        until(lambda: client.get("/ready").status_code == 503)
        told = client.post("/ask", json={"question": QUESTION})
        assert (told.status_code, told.headers["retry-after"]) == (503, "1")
        (tmp_path / "go").touch()
        assert "50,000" in first.result().json()["answer"]
        assert "50,000" in second.result(PATIENCE)["answer"]
    assert process.wait(PATIENCE) == 0
    logged = [json.loads(line) for line in process.stderr]
    outcomes = [line["outcome"] for line in logged if "outcome" in line]
    assert outcomes == ["rejected", "answered", "answered"]
    assert not any("workers" in json.dumps(line) for line in logged)


def test_a_signal_that_another_thread_gets_is_heard() -> None:
    program = """
import signal, threading, time
from rag.line import Line
from rag.server import wait_for_end

def end():
    time.sleep(0.5)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=end, daemon=True).start()
wait_for_end(Line(), 1)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=PATIENCE).returncode == 0


def test_grace_has_an_end(program) -> None:
    process, client = program("--grace", "0.5")
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(client.post, "/ask", json={"question": SLOWLY})
        until(lambda: "rag_at_work 1.0" in client.get("/metrics").text)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - began < 15
        with pytest.raises(httpx.HTTPError):
            job.result().raise_for_status()


def test_page_gradio_and_ask_stand_in_one_line(program, tmp_path) -> None:
    from gradio_client import Client

    _, client = program("--queue", "0")
    gradio = Client(str(client.base_url), verbose=False)
    answer = gradio.predict(QUESTION, [], "", api_name="/ask")
    same = client.post("/ask", json={"question": QUESTION}).json()
    assert {**answer, "seconds": None} == {**same, "seconds": None}
    job = gradio.submit(SLOWLY, [], "", api_name="/ask")
    until(lambda: "rag_at_work 1.0" in client.get("/metrics").text)
    assert client.post("/ask", json={"question": QUESTION}).status_code == 429
    with pytest.raises(Exception, match="ask again in"):
        gradio.predict(QUESTION, [], "", api_name="/ask")
    (tmp_path / "go").touch()
    assert "50,000" in job.result()["answer"]


def test_a_password_guards_page_and_endpoints_alike(program) -> None:
    _, client = program("--auth", "me:secret")
    assert client.get("/health").status_code == client.get("/ready").status_code == 200
    assert client.get("/config").status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", auth=("me", "secret")).status_code == 200


def test_beside_the_page_too_asking_takes_post(program) -> None:
    _, client = program()
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        told = client.request(method, "/ask")
        assert (told.status_code, told.headers.get("allow")) == (405, "POST")


def test_no_page_from_elsewhere_can_ask_or_read(program) -> None:
    _, client = program()
    foreign = {"origin": "http://evil.example", "host": "answers.example"}
    wanted = {
        **foreign,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    for path in ("/ask", "/metrics", "/config", "/gradio_api/call/ask"):
        assert client.options(path, headers=wanted).status_code == 400
        for got in (client.get(path, headers=foreign), client.options(path, headers=wanted)):
            assert "access-control-allow-origin" not in got.headers
            assert "access-control-allow-credentials" not in got.headers
    assert client.get("/health").headers["content-security-policy"].startswith("default-src 'self'")
