"""Chat prompt → text, by a server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, others.

The reply is streamed, so that silence is noticed and a reply that breaks off is not taken for a
whole one. What may pass is tried again: a lost connection, a busy or a failing server.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

import httpx2

from rag.address import KEY, Address, api_key
from rag.errors import ServerError
from rag.terminal import printable
from rag.types import Message

log = logging.getLogger(__name__)

TIMEOUT = 120.0  # seconds for a whole reply; a large model on a CPU takes most of a minute
_CONNECT_TIMEOUT = 5.0  # seconds
_PAUSES = (0.5, 1.0)  # seconds before the second and the third attempt
_LONGEST_PAUSE = 30.0  # that a server may ask for
_PASSING = {408, 425, 429, 500, 502, 503, 504}  # statuses that may not come again
# Control tokens of the common chat formats, such as <|im_end|>, </s>, <end_of_turn> and [INST].
# Which of them the server's model knows cannot be seen from here.
_CONTROL = re.compile(r"<(?=[|｜/a-z])|\[(?=/?[A-Z_]+\])")
# Newer models of OpenAI take max_completion_tokens instead, and no temperature but their own.
_REFUSABLE = re.compile(r"\b(?:max_tokens|temperature)\b")


class _PassingError(ServerError):
    """One that may not come again, after a pause of some seconds."""

    def __init__(self, message: str, pause: float = 0.0) -> None:
        super().__init__(message)
        self.pause = pause


class _FieldError(ServerError):
    """Fields of a request that the model may not take."""

    def __init__(self, message: str, fields: frozenset[str]) -> None:
        super().__init__(message)
        self.fields = fields


class _Timely(httpx2.SyncByteStream):
    """A reply that ends with ReadTimeout where more of it comes after the deadline.

    Whatever comes counts: some servers send comments, which are no events, without end.
    """

    def __init__(self, stream: httpx2.SyncByteStream, deadline: float) -> None:
        """``deadline`` is a time of ``time.monotonic``."""
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the whole reply took too long")
            yield piece

    def close(self) -> None:
        self._stream.close()


class RemoteGenerator:
    """Asks a model for its likeliest reply. Any number of threads may ask at a time."""

    def __init__(self, address: Address, key: str = "", timeout: float = TIMEOUT) -> None:
        self.name = f"{address.model} at {address.url}"
        self._address = address
        self._key = key
        self._timeout = timeout
        self._left_out: frozenset[str] = frozenset()  # fields that the model does not take
        self._client = httpx2.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(timeout, connect=_CONNECT_TIMEOUT),
            trust_env=not address.is_here,  # a proxy is another machine
        )

    def generate(self, messages: Sequence[Message], max_new_tokens: int) -> str:
        """The reply, without thoughts; ServerError where none comes after three attempts."""
        body = {
            "model": self._address.model,
            "messages": [{**m, "content": _harmless(m["content"])} for m in messages],
            "max_tokens": max_new_tokens,
            "temperature": 0,
            "stream": True,
        }
        for pause in _PAUSES:
            try:
                return self._adapted(body)
            except _PassingError as error:
                wait = max(pause, error.pause)
                if wait > _LONGEST_PAUSE:
                    raise
                log.info("%s; trying again in %.1f s", error, wait)
                time.sleep(wait)
        return self._adapted(body)

    def _adapted(self, body: dict[str, Any]) -> str:
        """The reply; where the server names fields that it refuses, to a request without them.

        Only what helped is remembered: a server may name max_tokens for a prompt that is too long.
        """
        left_out = self._left_out
        while True:
            try:
                reply = self._reply(_without(left_out, body))
            except _FieldError as error:
                if error.fields <= left_out:
                    raise
                left_out |= error.fields
            else:
                self._left_out |= left_out
                return reply

    def _reply(self, body: dict[str, Any]) -> str:
        url = self._address.url
        try:
            return _without_thoughts(self._streamed(body))
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _PassingError(
                f"nothing answers at {url} ({printable(str(error))}); start a server there that "
                f"speaks OpenAI's protocol, or correct --generator openai:URL#MODEL"
            ) from error
        except httpx2.TimeoutException as error:
            raise ServerError(_too_slow(url, self._timeout)) from error
        except httpx2.SSEError as error:
            raise ServerError(
                f"{url} answers otherwise than OpenAI's protocol does: {error} See that the URL "
                f"is what /chat/completions follows; it mostly ends in /v1"
            ) from error
        except httpx2.RequestError as error:
            raise _PassingError(f"{url} broke off ({printable(str(error))})") from error

    def _streamed(self, body: dict[str, Any]) -> str:
        deadline = time.monotonic() + self._timeout
        url = f"{self._address.url}/chat/completions"
        said: list[str] = []
        finished = False
        with self._client.sse(url, method="POST", json=body) as events:
            if not events.response.is_success:
                raise self._refusal(events.response)
            assert isinstance(events.response.stream, httpx2.SyncByteStream)
            events.response.stream = _Timely(events.response.stream, deadline)
            for event in events:
                if event.data == "[DONE]":
                    return "".join(said)
                text, ended = self._piece(event.data)
                said.append(text)
                finished |= ended
        if not finished:
            raise _PassingError(f"{url} broke off in the middle of its reply")
        return "".join(said)

    def _piece(self, data: str) -> tuple[str, bool]:
        """Of a reply, and whether it is the last."""
        try:
            event = json.loads(data)
            if event.get("error"):
                raise ServerError(f"{self._address.url} failed: {self._said(data)}")
            if not event["choices"]:  # such as an account of the tokens used
                return "", False
            choice = event["choices"][0]
            delta = choice.get("delta") or {}  # the last is empty with some servers
            return _text(delta.get("content")), bool(choice.get("finish_reason"))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ServerError(
                f"{self._address.url} sent {self._said(data)!r}, expected a piece of a reply in "
                f"the form of OpenAI's protocol"
            ) from error

    def _refusal(self, response: httpx2.Response) -> ServerError:
        """What a status that is no success means."""
        body = b"".join(islice(response.iter_bytes(4096), 16))
        text = body.decode(errors="replace")
        status, url = response.status_code, self._address.url
        answers = f"{url} answers {status} ({self._said(text)})"
        if status in _PASSING:
            pause = _seconds(response.headers.get("Retry-After", ""))
            return _PassingError(f"{answers}; it is busy or failing: ask again later", pause)
        if status in (401, 403):
            return ServerError(f"{answers}; set {KEY} to a key that it accepts")
        expected = f"{answers}; expected a reply of {self._address.model}"
        if status == 400 and (named := frozenset(_REFUSABLE.findall(text))):
            return _FieldError(expected, named)
        served = self._served() if status in (400, 404) else []
        if served and self._address.model not in served:
            models = printable(", ".join(served[:10]))
            return ServerError(f"{answers}; it serves {models}, not {self._address.model}")
        if status in (404, 405):
            expected += (
                ". See that the URL is what /chat/completions follows; it mostly ends in /v1"
            )
        return ServerError(expected)

    def _served(self) -> list[str]:
        """The models that the server lists; none where it does not tell."""
        try:
            response = self._client.get(f"{self._address.url}/models", timeout=_CONNECT_TIMEOUT)
            return [str(model["id"]) for model in response.json()["data"]]
        except (httpx2.RequestError, ValueError, LookupError, TypeError):
            return []

    def _said(self, body: str) -> str:
        """A server's words about an error, on one short line, without the key."""
        try:
            found = json.loads(body)
            found = found.get("error") or found.get("detail") or found
            text = str(found.get("message", found) if isinstance(found, dict) else found)
        except (ValueError, AttributeError):
            text = body
        if self._key:
            text = text.replace(self._key, "…")
        return printable(text)[:200]


def connect(choice: str) -> RemoteGenerator:
    """The model that ``openai:URL#MODEL`` names, once it has answered.

    It is asked for one token, about nothing of the user's. Raises UsageError for another form of
    choice, and ServerError.
    """
    address = Address.parse(choice)
    variable, key = api_key(address)
    if not address.is_here:
        log.warning(
            "questions and passages are sent to %s%s%s",
            address.url,
            f", with the key in {variable}" if key else "",
            ", unencrypted" if address.url.startswith("http:") else "",
        )
    generator = RemoteGenerator(address, key)
    generator.generate([Message(role="user", content="Say yes.")], max_new_tokens=1)
    log.info("generator: %s", generator.name)
    return generator


def _too_slow(url: str, seconds: float) -> str:
    return f"{url} took longer than {seconds:.0f} s; serve a smaller model, or on a faster machine"


def _without(fields: frozenset[str], body: dict[str, Any]) -> dict[str, Any]:
    """The body of a request without these fields; a limit goes by its newer name."""
    kept = {name: value for name, value in body.items() if name not in fields}
    if "max_tokens" in fields:
        kept["max_completion_tokens"] = body["max_tokens"]
    return kept


def _text(content: object) -> str:
    """What a piece says; some servers send it in parts, of which others are no text, such as
    thoughts. TypeError for what is neither."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError(f"{type(content).__name__} is no text")
    return content or ""


def _harmless(text: str) -> str:
    """Control tokens of chat formats become plain text by a space inside."""
    return _CONTROL.sub(r"\g<0> ", text)


def _without_thoughts(reply: str) -> str:
    """The reply without what stands in <think>, also where the opening or closing tag is lost."""
    return reply.rpartition("</think>")[2].partition("<think>")[0].strip()


def _seconds(retry_after: str) -> float:
    """A Retry-After header, which holds seconds or a date; 0 for anything else."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0
