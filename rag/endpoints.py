"""What programs ask over HTTP: POST /ask, and GET /health, /ready and /metrics."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import threading
from base64 import b64decode
from collections.abc import Mapping
from contextlib import closing
from secrets import compare_digest
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rag.content_security import ContentSecurity
from rag.errors import BusyError, RagError
from rag.service import Query, Service, status_of
from rag.types import Answer

if TYPE_CHECKING:
    from rag.metrics import Metrics

log = logging.getLogger("rag.serve")

Credentials = tuple[str, str]  # name and password
MAX_BODY = 64 * 1024  # bytes: a question and its conversation fit several times
_KEYS = {"question", "history", "index"}
_EXPECTED = (
    'expected {"question": "…", "history": ["…"], "index": "…"}, of which "question" is required'
)
_NO_METRICS = "no metrics: they need the extra serve (pip install '.[serve]')\n"


def web_app(service: Service, auth: Credentials | None = None) -> Starlette:
    """The endpoints; a page can be mounted below them.

    No page from elsewhere can read a response: no origin is allowed, and what is mounted adds none.
    """
    ends = _Endpoints(service, auth)
    return Starlette(
        routes=[
            Route("/ask", ends.ask, methods=["POST"]),
            Route("/ask", ends.only_post, methods=["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]),
            Route("/health", ends.health),
            Route("/ready", ends.ready),
            Route("/metrics", ends.metrics),
        ],
        middleware=[Middleware(ContentSecurity), Middleware(CORSMiddleware, allow_origins=[])],
        exception_handlers={HTTPException: _told},
    )


def query_from(body: bytes) -> Query:
    """The query that a request holds; HTTPException (400) where it holds none."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is no JSON; {_EXPECTED}") from error
    if not isinstance(given, dict) or not given.keys() <= _KEYS:
        raise HTTPException(400, f"the body is no such object; {_EXPECTED}")
    if "question" not in given:
        raise HTTPException(400, f"there is no question; {_EXPECTED}")
    question, index = given["question"], given.get("index", "")
    history = given.get("history", [])
    if not (isinstance(question, str) and isinstance(index, str) and isinstance(history, list)):
        raise HTTPException(400, f"a value has the wrong type; {_EXPECTED}")
    if not all(isinstance(earlier, str) for earlier in history):
        raise HTTPException(400, f"the history holds what is no text; {_EXPECTED}")
    return Query(question, tuple(history), index)


class _Endpoints:
    def __init__(self, service: Service, auth: Credentials | None) -> None:
        self._service = service
        self._metrics = _metrics(service)
        self._auth = auth
        self._threads = CapacityLimiter(math.inf)  # the line bounds them

    async def ask(self, request: Request) -> Response:
        """The answer as JSON, or {"error": …}."""
        self._check(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # which browsers let no foreign page send unasked
            raise HTTPException(415, "the content type is not application/json")
        try:
            query = query_from(await _body(request))
            response = await self._respond(request, query)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        response.headers["X-Request-Id"] = query.id
        return response

    async def only_post(self, request: Request) -> Response:
        """Without it, what is mounted below would answer that there is no such page."""
        raise HTTPException(405, f"expected POST; {_EXPECTED}", {"Allow": "POST"})

    async def _respond(self, request: Request, query: Query) -> Response:
        try:
            return JSONResponse((await self._answer(request, query)).to_dict())
        except ClientDisconnect:
            raise
        except BusyError as error:
            return _error(status_of(error), str(error), {"Retry-After": str(error.retry_after)})
        except RagError as error:
            return _error(status_of(error), str(error))
        except Exception as error:  # whatever a model raises; the next question may do
            log.exception("a question failed")
            return _error(500, f"this question failed ({type(error).__name__}); see the log")

    async def _answer(self, request: Request, query: Query) -> Answer:
        """ClientDisconnect where the client goes before its answer is there."""
        gone = threading.Event()

        async def notice_end() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()

        def answer() -> Answer:
            answered: Answer | None = None
            with closing(self._service.steps(query)) as steps:
                for step in steps:
                    if gone.is_set():
                        raise ClientDisconnect
                    answered = step if isinstance(step, Answer) else answered
            assert answered is not None  # as steps promises
            return answered

        watching = asyncio.create_task(notice_end())
        try:
            return await to_thread.run_sync(answer, limiter=self._threads)
        finally:
            watching.cancel()

    async def health(self, request: Request) -> Response:
        """The process lives."""
        return PlainTextResponse("alive\n")

    async def ready(self, request: Request) -> Response:
        """Questions are taken: nothing listens before all is loaded."""
        if self._service.line.closed:
            return PlainTextResponse("shutting down\n", status_code=503)
        return PlainTextResponse("ready\n")

    async def metrics(self, request: Request) -> Response:
        """Figures for Prometheus."""
        self._check(request)
        if self._metrics is None:
            return PlainTextResponse(_NO_METRICS, status_code=404)
        return Response(self._metrics.text(), media_type=self._metrics.content_type)

    def _check(self, request: Request) -> None:
        """HTTPException (401) without the name and password that are asked for, if any are."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self._auth is None:
            return
        try:
            sent = b64decode(given, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            sent = b""
        if not compare_digest(sent, ":".join(self._auth).encode()):
            raise HTTPException(
                401, "name and password are asked for", {"WWW-Authenticate": 'Basic realm="rag"'}
            )


def _metrics(service: Service) -> Metrics | None:
    """None without the extra serve."""
    try:
        from rag.metrics import Metrics
    except ImportError:
        return None
    metrics = Metrics(service.line)
    service.tell(metrics.observe)
    return metrics


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"the body is too long; at most {MAX_BODY:,} bytes are read")
    return bytes(body)


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # as it is registered for
    return _error(error.status_code, error.detail, error.headers)


def _error(status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": said}, status_code=status, headers=headers)
