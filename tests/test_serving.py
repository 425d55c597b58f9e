"""The endpoints for programs, on real servers of this machine, over fakes for the models."""

import argparse
import json
import re
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from conftest import BagOfWordsEmbedder, CopyingGenerator, until
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

import app
from rag.cli import configure_logging
from rag.config import Config
from rag.documents import load_corpus
from rag.endpoints import MAX_BODY, query_from, web_app
from rag.errors import QuestionError, ServerError, UsageError
from rag.index import open_or_build
from rag.library import Library
from rag.line import Line
from rag.pipeline import Pipeline
from rag.question_log import question_log
from rag.server import Server, by_own_name
from rag.service import Query, Service
from rag.serving_options import add_serving_options, credentials

QUESTION = "How many workers live in a bee colony?"
ELSEWHERE = "How many workers live in a bee colony, elsewhere?"
EXPLODE = "How many workers live in a bee colony, explode?"
SLOWLY = "How many workers live in a bee colony, slowly?"
PATIENCE = 30  # seconds


class TestGenerator(CopyingGenerator):
    """Waits to be let go where the question says slowly, and fails where it says so."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.threads: set[int] = set()

    def generate(self, messages, max_new_tokens):
        self.threads.add(threading.get_ident())
        question = messages[-1]["content"].rpartition("Question: ")[2]
        if "slowly" in question:
            assert self.let_go.wait(PATIENCE)
        if "explode" in question:
            raise RuntimeError("out of something")
        if "elsewhere" in question:
            raise ServerError("no model there")
        return super().generate(messages, max_new_tokens)


class Served:
    """A server, and what stands behind it."""

    def __init__(self, folder, corpus_folder, line, auth):
        self.generator, embedder, config = (
            TestGenerator(),
            BagOfWordsEmbedder(),
            Config(quote_words=0),
        )
        index = open_or_build(folder / "own", load_corpus(corpus_folder), embedder, config)
        self.pipeline = Pipeline(index, embedder, self.generator, config)
        self.service = Service(Library(self.pipeline, "own", folder), line)
        self.line = line
        self.server = Server(by_own_name(web_app(self.service, auth), "127.0.0.1"), "127.0.0.1", 0)
        self.server.start()

    def get(self, path, **options):
        return httpx.get(self.server.address + path, timeout=PATIENCE, **options)

    def ask(self, question, timeout=PATIENCE, auth=None, **more):
        address = f"{self.server.address}ask"
        return httpx.post(address, json={"question": question, **more}, timeout=timeout, auth=auth)

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (.*)$", self.get("metrics").text, re.MULTILINE)
        return float(found[1])


@pytest.fixture
def serve(tmp_path, corpus_folder):
    """Starts a server with a line and credentials."""
    started = []

    def start(line=None, auth=None):
        started.append(Served(tmp_path / "indexes", corpus_folder, line or Line(), auth))
        return started[-1]

    yield start
    for served in started:
        served.generator.let_go.set()
        served.server.close()


def without_seconds(answer):
    return {key: value for key, value in answer.items() if key != "seconds"}


def test_a_name_that_was_made_to_point_here_is_not_served(serve) -> None:
    served = serve()
    assert served.get("health", headers={"Host": "evil.example"}).status_code == 400
    assert served.get("health", headers={"Host": "localhost:7860"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "::1"])
def test_wherever_only_this_machine_reaches_it_names_are_checked(host) -> None:
    client = TestClient(by_own_name(PlainTextResponse("served"), host))

    def status(name) -> int:
        return client.get("/", headers={"Host": name}).status_code

    own = ["127.0.0.1", "127.0.0.2:7860", "localhost", "LOCALHOST:7860", "[::1]", "[::1]:7860"]
    others = ["evil.example", "evil.example:7860", "localhost.evil.example", "192.0.2.1", "[::2]"]
    assert {name for name in own if status(name) == 200} == set(own)
    assert {name for name in [*others, "[", ""] if status(name) == 200} == set()


def test_other_machines_may_use_any_name() -> None:
    client = TestClient(by_own_name(PlainTextResponse("served"), "0.0.0.0"))
    assert client.get("/", headers={"Host": "rag.example"}).status_code == 200


def test_a_blank_earlier_question_is_passed_over(serve) -> None:
    served = serve()
    assert served.ask("How many eggs does a queen lay?", history=["", " "]).status_code == 200


@pytest.mark.parametrize("history", ["who runs Xianyu?", b"who?", 5, ["who?", 1]])
def test_a_history_that_is_no_list_of_questions(serve, history) -> None:
    with pytest.raises(QuestionError, match="history is a list of questions"):
        serve().service.ask(Query("Who runs it?", history))


def test_the_answer_is_that_of_all_other_ways(serve) -> None:
    served = serve()
    history = ["Who is the queen of the bees?"]
    told = served.ask("how many eggs does she lay?", history=history, index="own")
    assert told.status_code == 200
    expected = json.loads(
        json.dumps(served.pipeline.ask("how many eggs does she lay?", history).to_dict())
    )
    assert without_seconds(told.json()) == without_seconds(expected)
    assert told.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"question": "\xff"}', "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b'["a"]', "no such object"),
        (b'{"question": "a", "indx": "b"}', "no such object"),
        (b"{}", "there is no question; expected"),
        (b'{"question": null}', "wrong type"),
        (b'{"question": 1}', "wrong type"),
        (b'{"question": "a", "history": "b"}', "wrong type"),
        (b'{"question": "a", "history": [1]}', "no text"),
        (b'{"question": " "}', "is empty"),
        (b'{"question": "\\ud800"}', "is not text"),
        (b'{"question": "a", "history": ["\\ud800"]}', "an earlier question cannot be read: "),
        (json.dumps({"question": "x" * 2001}).encode(), "at most 2,000"),
    ],
)
def test_what_is_no_question_is_told(serve, body, told) -> None:
    headers = {"content-type": "application/json"}
    got = httpx.post(f"{serve().server.address}ask", content=body, headers=headers)
    assert got.status_code == 400
    assert told in got.json()["error"]


@given(
    st.binary()
    | st.builds(
        lambda given: json.dumps(given).encode(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["question", "history", "index", "other"]), inner)
            ),
        ),
    )
)
def test_no_body_is_more_than_refused(body) -> None:
    with suppress(HTTPException):
        query = query_from(body)
        assert isinstance(query.question, str)
        assert all(isinstance(earlier, str) for earlier in query.history)


def test_other_requests_are_told_what_is_wrong(serve) -> None:
    served = serve()
    address = f"{served.server.address}ask"
    form = httpx.post(address, data={"question": QUESTION})
    plain = httpx.post(address, content=json.dumps({"question": QUESTION}))
    assert (form.status_code, plain.status_code) == (415, 415)
    long = served.ask("x" * MAX_BODY)
    assert (long.status_code, "at most" in long.json()["error"]) == (413, True)
    none = served.ask(QUESTION, index="none")
    assert (none.status_code, none.json()) == (404, {"error": "no index 'none'; there are own"})


def test_a_full_line_says_when_to_come_back(serve) -> None:
    served = serve(Line(limit=1))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(served.ask, SLOWLY)
        until(lambda: served.line.at_work == 1)
        second = pool.submit(served.ask, QUESTION)
        until(lambda: served.line.waiting == 1)
        assert (served.metric("rag_waiting"), served.metric("rag_at_work")) == (1, 1)
        third = served.ask(QUESTION)
        assert third.status_code == 429
        assert int(third.headers["retry-after"]) >= 1
        assert "ask again in" in third.json()["error"]
        assert served.get("health").status_code == served.get("ready").status_code == 200
        served.generator.let_go.set()
        assert [first.result().status_code, second.result().status_code] == [200, 200]
    assert served.ask(QUESTION).status_code == 200


@pytest.mark.parametrize("at_once", [1, 2])
def test_few_threads_answer_however_many_ask(serve, at_once) -> None:
    served = serve(Line(at_once=at_once))
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(served.ask, [QUESTION] * 16))
    assert {answer.status_code for answer in told} == {200}
    assert 1 <= len(served.generator.threads) <= at_once


def test_a_closed_line_is_not_ready(serve) -> None:
    served = serve()
    assert served.get("ready").status_code == 200
    served.line.close()
    assert served.get("ready").status_code == 503
    assert served.get("health").status_code == 200
    told = served.ask(QUESTION)
    assert (told.status_code, told.headers["retry-after"]) == (503, "1")


def test_a_failing_model_is_told_and_the_next_question_works(serve) -> None:
    served = serve()
    assert served.ask(ELSEWHERE).json() == {"error": "no model there"}
    failed = served.ask(EXPLODE)
    assert (failed.status_code, "RuntimeError" in failed.json()["error"]) == (500, True)
    assert served.ask(QUESTION).status_code == 200


def test_who_goes_away_takes_the_question_back(serve) -> None:
    served = serve()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(served.ask, SLOWLY)
        until(lambda: served.line.at_work == 1)
        with pytest.raises(httpx.ReadTimeout):
            served.ask(QUESTION, timeout=0.3)
        until(lambda: served.line.waiting == 0)
        assert not first.done()
        served.generator.let_go.set()
        assert first.result().status_code == 200
    assert served.metric('rag_questions_total{outcome="stopped"}') == 1


def test_questions_are_counted_and_timed(serve) -> None:
    served = serve()
    for question in (QUESTION, "Who won the chess match?", " ", EXPLODE):
        served.ask(question)
    served.ask(QUESTION, index="none")
    counted = {
        outcome: served.metric(f'rag_questions_total{{outcome="{outcome}"}}')
        for outcome in ("answered", "partly", "refused", "conflict", "rejected", "failed")
    }
    assert counted == {
        "answered": 1,
        "partly": 0,
        "refused": 1,
        "conflict": 0,
        "rejected": 2,
        "failed": 1,
    }
    for stage in ("retrieve", "judge", "generate", "ground", "total", "waiting"):
        assert served.metric(f'rag_seconds_count{{stage="{stage}"}}') == 2
    assert served.metric("process_resident_memory_bytes") > 1e6
    assert served.get("metrics").headers["content-type"].startswith("text/plain; version=")


def test_without_the_extra_all_but_the_metrics_works(serve, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "rag.metrics", raising=False)
    served = serve()
    told = served.get("metrics")
    assert (told.status_code, "pip install" in told.text) == (404, True)
    assert served.ask(QUESTION).status_code == 200


def test_the_password_is_asked_for(serve) -> None:
    served = serve(auth=("me", "secret:é"))
    assert served.get("health").status_code == served.get("ready").status_code == 200
    for auth in (None, ("me", "other"), ("", "")):
        told = served.ask(QUESTION, auth=auth)
        assert (told.status_code, told.headers["www-authenticate"][:5]) == (401, "Basic")
        assert served.get("metrics", auth=auth).status_code == 401
    assert served.get("metrics", headers={"authorization": "Basic ?"}).status_code == 401
    for path in ("ask", "metrics"):
        assert served.get(path, headers={"authorization": "Bearer x"}).status_code in (401, 405)
    assert served.ask(QUESTION, auth=("me", "secret:é")).status_code == 200
    assert served.get("metrics", auth=("me", "secret:é")).status_code == 200
    assert credentials("me:secret:x") == ("me", "secret:x")
    with pytest.raises(UsageError, match="USER:PASS"):
        credentials("me")


@pytest.mark.parametrize("with_text", [False, True])
@pytest.mark.parametrize("as_json", [False, True])
def test_the_log_holds_what_was_asked_only_where_that_is_wanted(
    serve, capfd, with_text, as_json
) -> None:
    served = serve()
    configure_logging(quiet=False, as_json=as_json)
    served.service.tell(question_log(with_text))
    for question in (QUESTION, EXPLODE, "colony? " * 300):
        served.ask(question, history=["And the colony?"])
    logged = capfd.readouterr().err
    assert ("colony" in logged) is with_text
    if as_json:
        lines = [json.loads(line) for line in logged.splitlines()]
        asked = [line for line in lines if "outcome" in line]
        assert [line["status"] for line in asked] == [200, 500, 400]
        assert {*asked[0]} >= {"time", "id", "outcome", "seconds", "index", "status"}
        assert asked[0]["seconds"]["total"] > 0
        assert any("RuntimeError" in line.get("exception", "") for line in lines)


def test_a_taken_port_is_told(serve) -> None:
    port = int(serve().server.address.rpartition(":")[2].strip("/"))
    with pytest.raises(UsageError, match="try another --port"):
        Server(None, "127.0.0.1", port)


def test_a_taken_port_is_told_before_anything_is_read(capsys, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = ["--corpus", str(tmp_path / "none"), "--port", str(taken.getsockname()[1])]
        assert app.main(command) == 2
    told = capsys.readouterr().err
    assert "cannot listen on 127.0.0.1" in told
    assert "none" not in told


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="IPv6 alone, or none")
def test_on_all_addresses_of_ipv6_those_of_ipv4_are_served() -> None:
    server = Server(Starlette(), "::", 0)
    server.start()
    try:
        port = server.address.rpartition(":")[2]
        for host in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{port}", timeout=PATIENCE).status_code == 404
    finally:
        server.close()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--port", "65536", "'65536' is no port; expected 0 (any that is free) to 65535"),
        ("--port", "http", "'http' is no port"),
        ("--port", "-1", "'-1' is no port"),
        ("--host", "", "the address is empty; 0.0.0.0 stands for all of them"),
        ("--host", "é..b", "'é..b' is no address that a host can have"),
        ("--grace", "nan", "'nan' is no time to wait; expected seconds from 0"),
        ("--grace", "inf", "'inf' is no time"),
        ("--grace", "-1", "'-1' is no time"),
        ("--grace", "long", "'long' is no time"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_loaded(capsys, option, value, said) -> None:
    parser = argparse.ArgumentParser()
    add_serving_options(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([f"{option}={value}"])
    assert ended.value.code == 2
    assert f"argument {option}: {said}" in capsys.readouterr().err


def test_a_port_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="must be 0-65535"):
        Server(lambda: None, "127.0.0.1", 65536)
