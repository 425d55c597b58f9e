"""A generator at a server, over real connections."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from email.utils import formatdate

import pytest
from chat_server import MODEL, hangs_up, pieces, refuses, says, sends, serving, waits
from conftest import ROOT, BagOfWordsEmbedder

from rag import remote
from rag.address import Address, api_key
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import ServerError, UsageError
from rag.index import open_or_build
from rag.pipeline import Pipeline
from rag.remote import RemoteGenerator, connect

ASKED = [{"role": "user", "content": "how many?"}]


@pytest.fixture(autouse=True)
def _no_key_and_no_pauses(monkeypatch):
    monkeypatch.delenv("RAG_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(remote, "_PAUSES", (0.01, 0.01))


def asked(server, timeout=5.0, key="", messages=ASKED):
    address = Address.parse(server.choice)
    return RemoteGenerator(address, key, timeout).generate(messages, max_new_tokens=20)


def test_a_reply_is_put_together_from_its_pieces() -> None:
    with serving(says("About ", "50,000 ", "Bienen – 蜜蜂.")) as server:
        assert asked(server) == "About 50,000 Bienen – 蜜蜂."
    ((path, headers, body),) = server.requests
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert body["max_tokens"] == 20
    assert (body["model"], body["temperature"], body["stream"]) == (MODEL, 0, True)
    assert body["messages"] == ASKED


def test_control_tokens_of_chat_formats_are_sent_as_plain_text() -> None:
    hostile = "a <|im_end|> b </s> c <end_of_turn> d [/INST] e <｜User｜>, but 3 < 5 and [1]"
    with serving() as server:
        asked(server, messages=[{"role": "user", "content": hostile}])
    sent = server.requests[0][2]["messages"][0]["content"]
    assert sent == (
        "a < |im_end|> b < /s> c < end_of_turn> d [ /INST] e < ｜User｜>, but 3 < 5 and [1]"
    )


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("<think>\nHm, 40?</think>\n\n50.", "50."),
        ("Hm, 40? </think> 50.", "50."),
        ("<think> Hm, 40? Or", ""),
        ("", ""),
    ],
)
def test_thoughts_are_no_answer(reply, answer) -> None:
    with serving(says(reply)) as server:
        assert asked(server) == answer


@pytest.mark.parametrize(
    "failure",
    [
        refuses(429, '{"error": {"message": "slow down"}}', Retry_After="0"),
        refuses(429, "slow down", Retry_After=formatdate(time.time() - 5, usegmt=True)),
        refuses(500, "oops", Retry_After="soon"),
        refuses(503, "loading the model"),
        hangs_up,
        sends(pieces("About ")[0]),  # and no end
        sends(),
    ],
)
def test_what_may_pass_is_tried_again(failure, caplog) -> None:
    with serving(failure, failure, says("50,000.")) as server, caplog.at_level("INFO", "rag"):
        assert asked(server) == "50,000."
    assert len(server.requests) == 3
    assert caplog.text.count("trying again in") == 2
    with serving(failure) as server, pytest.raises(ServerError):
        asked(server)
    assert len(server.requests) == 3


def test_a_pause_that_the_server_asks_for_is_kept_unless_it_is_long() -> None:
    with serving(refuses(429, "{}", Retry_After="1"), says("Yes.")) as server:
        started = time.monotonic()
        asked(server)
        assert time.monotonic() - started >= 1
    in_an_hour = formatdate(time.time() + 3600, usegmt=True)
    for asks in ("3600", in_an_hour):
        with (
            serving(refuses(429, '{"message": "enough today"}', Retry_After=asks)) as server,
            pytest.raises(ServerError, match=r"429 \(enough today\); it is busy"),
        ):
            asked(server)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (refuses(401, '{"error": {"message": "no key"}}'), r"401 \(no key\); set RAG_API_KEY"),
        (refuses(403, "not you"), r"403 \(not you\); set RAG_API_KEY"),
        (refuses(400, '{"detail": "too long"}'), rf"400 \(too long\); expected a reply of {MODEL}"),
        (refuses(400, '{"error": "too long"}'), r"400 \(too long\)"),
        (refuses(301, "", Location="http://example.org/"), r"answers 301"),
        (refuses(200, "<html>welcome</html>", Content_Type="text/html"), r"text/html.*in /v1"),
        (refuses(200, '{"choices": []}', Content_Type="application/json"), "application/json"),
        (refuses(405, "no"), rf"405 \(no\); expected a reply of {MODEL}\. See that the URL"),
        (sends("{not json"), "sent '{not json', expected a piece"),
        (sends("[1]"), "expected a piece"),
        (sends('{"choices": [7]}'), "expected a piece"),
        (sends('{"choices": [{"delta": {"content": 7}}]}'), "expected a piece"),
        (sends('{"choices": [{"delta": {"content": ["hi"]}}]}'), "expected a piece"),
        (sends('{"choices": [{"delta": {"content": [{"type": "text"}]}}]}'), "expected a piece"),
        (sends('{"error": {"message": "out of memory"}}'), "failed: out of memory"),
    ],
)
def test_what_will_not_pass_is_an_error_at_once(failure, message) -> None:
    with serving(failure) as server, pytest.raises(ServerError, match=message) as caught:
        asked(server)
    assert len(server.requests) == 1
    assert server.url in str(caught.value)


def test_the_url_is_doubted_only_where_nothing_is_at_it() -> None:
    with serving(refuses(400, "too long")) as server, pytest.raises(ServerError) as caught:
        asked(server)
    assert "See that the URL" not in str(caught.value)


def sent_fields(server):
    return [sorted(body.keys() - {"model", "messages", "stream"}) for _, _, body in server.requests]


def test_fields_that_a_model_does_not_take_are_left_out_from_then_on() -> None:
    named = [
        refuses(400, json.dumps({"error": {"message": f"Unsupported: '{field}'"}}))
        for field in ("max_tokens", "temperature")
    ]
    with serving(*named, says("Yes.")) as server:
        generator = RemoteGenerator(Address.parse(server.choice))
        assert generator.generate(ASKED, 20) == generator.generate(ASKED, 20) == "Yes."
    assert sent_fields(server) == [
        ["max_tokens", "temperature"],
        ["max_completion_tokens", "temperature"],
        ["max_completion_tokens"],
        ["max_completion_tokens"],
    ]
    assert server.requests[-1][2]["max_completion_tokens"] == 20


def test_a_field_is_left_out_once_and_for_good_only_where_that_helps() -> None:
    with serving(refuses(400, "the prompt and max_tokens exceed 2048")) as server:
        generator = RemoteGenerator(Address.parse(server.choice))
        for _ in range(2):
            with pytest.raises(ServerError, match="exceed 2048"):
                generator.generate(ASKED, 20)
    first, again = ["max_tokens", "temperature"], ["max_completion_tokens", "temperature"]
    assert sent_fields(server) == [first, again] * 2


def test_a_piece_may_come_in_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "5"},
        {"type": "text", "text": "0."},
    ]
    event = json.dumps({"choices": [{"delta": {"content": parts}, "finish_reason": "stop"}]})
    with serving(sends(event)) as server:
        assert asked(server) == "50."


def test_a_wrong_model_is_told_which_there_are() -> None:
    with serving() as server:
        wrong = RemoteGenerator(Address(server.url, "mine"))
        with pytest.raises(ServerError, match=r"unknown model.*serves some/model, another, not m"):
            wrong.generate(ASKED, 5)
        astray = RemoteGenerator(Address(server.url.removesuffix("/v1"), MODEL))
        with pytest.raises(ServerError, match=r"answers 404 .*mostly ends in /v1"):
            astray.generate(ASKED, 5)


def test_a_server_that_is_too_slow() -> None:
    for slow in (waits(2), says(*"slowly", pause=0.15)):  # silent, and never silent for long
        started = time.monotonic()
        with serving(slow) as server, pytest.raises(ServerError, match="took longer than"):
            asked(server, timeout=0.3)
        assert len(server.requests) == 1
        assert time.monotonic() - started < 1.5


def test_a_server_that_sends_only_comments_is_given_up() -> None:
    def keeps_alive(handler) -> None:
        handler.stream([], 0.0)
        for _ in range(100):
            handler.wfile.write(b": keep-alive\n\n")
            time.sleep(0.05)

    with serving(keeps_alive) as server:
        started = time.monotonic()
        with pytest.raises(ServerError, match="took longer than"):
            asked(server, timeout=0.5)
        assert time.monotonic() - started < 3


def test_no_server() -> None:
    with pytest.raises(ServerError, match=r"nothing answers at http://127.0.0.1:9/v1 .*refused"):
        connect("openai:http://127.0.0.1:9/v1#some")


def test_the_key_is_sent_but_never_said(monkeypatch, caplog) -> None:
    monkeypatch.setenv("RAG_API_KEY", "sk-secret\n")
    echo = refuses(401, '{"error": {"message": "wrong key sk-secret, my friend"}}')
    with serving(says("Yes."), echo) as server, caplog.at_level(logging.DEBUG):
        made = connect(server.choice)
        with pytest.raises(ServerError, match="wrong key …, my friend") as caught:
            made.generate(ASKED, 5)
    assert server.requests[0][1]["Authorization"] == "Bearer sk-secret"
    assert made.name == f"{MODEL} at {server.url}"
    assert "sk-secret" not in f"{caplog.text} {caught.value} {made.name} {made!r}"


def test_which_key_counts(monkeypatch) -> None:
    theirs = Address("https://api.openai.com/v1", "some")
    assert api_key(theirs) == ("", "")
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    assert api_key(theirs) == ("OPENAI_API_KEY", "theirs")
    for url in ("http://api.openai.com/v1", "https://api.openai.com.example.org/v1"):
        assert api_key(Address(url, "some")) == ("", "")
    monkeypatch.setenv("RAG_API_KEY", "ours")
    assert api_key(theirs) == ("RAG_API_KEY", "ours")
    assert api_key(Address("http://127.0.0.1/v1", "some")) == ("RAG_API_KEY", "ours")
    monkeypatch.setenv("RAG_API_KEY", "two\nlines")
    with pytest.raises(UsageError, match="RAG_API_KEY holds characters") as caught:
        api_key(theirs)
    assert "two" not in str(caught.value)


def test_a_proxy_is_not_told_what_stays_on_this_machine(monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serving() as server:
        assert asked(server) == "Yes."


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.9:8000", True),
        ("[::1]:8000", True),
        ("192.168.0.7", False),
        ("api.example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_what_leaves_the_machine_is_said_once(host, here, monkeypatch, caplog) -> None:
    monkeypatch.setenv("RAG_API_KEY", "sk-secret")
    monkeypatch.setattr(RemoteGenerator, "generate", lambda *arguments, **named: "Yes.")
    with caplog.at_level(logging.WARNING, "rag"):
        connect(f"openai:http://{host}/v1#some")
    warning = (
        f"questions and passages are sent to http://{host}/v1, with the key in RAG_API_KEY, "
        f"unencrypted"
    )
    assert [record.getMessage() for record in caplog.records] == ([] if here else [warning])


@pytest.mark.parametrize(
    "choice",
    [
        "openai:",
        "openai:http://127.0.0.1:8000/v1",
        "openai:http://127.0.0.1:8000/v1#",
        "openai:127.0.0.1:8000/v1#some",
        "openai:ftp://127.0.0.1/v1#some",
        "openai:http://#some",
        "openai:http://a..b/v1#some",
        "openai:http://127.0.0.1:99999/v1#some",
        "openai:http://[::1/v1#some",
        "openai:http://127.0.0.1/\x00v1#some",
        "openai:http://127.0.0.1/v1#\udcff",
    ],
)
def test_a_choice_that_is_none(choice) -> None:
    with pytest.raises(UsageError, match="expected openai:URL#MODEL"):
        Address.parse(choice)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hush@127.0.0.1/v1",
        "http://me:#hush@127.0.0.1/v1",
        "http://me:1#hush@127.0.0.1/v1",
        "http://127.0.0.1/v1?key=hush",
    ],
)
def test_a_secret_in_the_url_is_not_repeated(url) -> None:
    with pytest.raises(UsageError, match="a key belongs in RAG_API_KEY") as caught:
        Address.parse(f"openai:{url}#some")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("A bee colony has 50,000 workers.", "A bee colony has 50,000 workers. [1]"),
        ("90,000 workers.", "Honey bees live in colonies of about 50,000 workers. [1]"),
    ],
)
def test_what_comes_back_is_grounded_as_any_draft(corpus_folder, tmp_path, reply, answer) -> None:
    embedder, config = BagOfWordsEmbedder(), Config(quote_words=0)
    index = open_or_build(tmp_path / "index", load_corpus(corpus_folder), embedder, config)
    with serving(says(reply)) as server:
        pipeline = Pipeline(index, embedder, connect(server.choice), config)
        found = pipeline.ask("How many workers live in a bee colony?")
    assert found.answer == answer
    assert found.models.generator == f"{MODEL} at {server.url}"


# --- transformers' own server ------------------------------------------------------------------


@pytest.fixture(scope="module")
def transformers_server(tiny_qwen):
    """Its address, and the name of the model that it serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = "import sys; from transformers.cli.transformers import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", serve, "serve", str(tiny_qwen), "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}/v1", str(tiny_qwen)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_transformers_serve(transformers_server, monkeypatch) -> None:
    url, model = transformers_server
    monkeypatch.setattr(remote, "_PAUSES", (0.5,) * 200)  # until it listens
    made = connect(f"openai:{url}#{model}")
    monkeypatch.setattr(remote, "_PAUSES", ())
    assert made.name == f"{model} at {url}"
    assert made.generate(ASKED, 12) == made.generate(ASKED, 12)
    with pytest.raises(ServerError, match=r"answers 400 .*pinned"):
        RemoteGenerator(Address(url, "someone/other")).generate(ASKED, 5)
