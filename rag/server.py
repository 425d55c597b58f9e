"""An ASGI application on a port, until a signal asks it to end (uvicorn)."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from rag.address import is_here, is_url
from rag.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from rag.line import Line

log = logging.getLogger("rag.serve")

_KEEP_ALIVE_SECONDS = 75  # longer than balancers keep an idle connection, which would meet its end
_CLOSING_SECONDS = 5  # for responses to be sent; a page's open event streams are then cut off


def by_own_name(app: ASGIApp, host: str) -> ASGIApp:
    """The application; where it listens for this machine alone, asked for by this machine's names.

    A page elsewhere can make a name of its own point here, and would then be of the same origin
    (https://en.wikipedia.org/wiki/DNS_rebinding).
    """

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] in ("http", "websocket")
        if asks and not _is_own(Headers(scope=scope).get("host", "")):
            await PlainTextResponse("Invalid host header", 400)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return checked if _is_own(_bracketed(host)) else app


def _is_own(name: str) -> bool:
    """Whether a name, or one with a port, can mean no other machine than this one."""
    url = f"http://{name}"
    return is_url(url) and is_here(url)


def _bracketed(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def require_free(host: str, port: int) -> None:
    """Raises UsageError where nothing can listen there now."""
    _listen(host, port).close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()  # IPv4, too, as "localhost" may mean
    try:
        return socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"cannot listen on {host}:{port} ({error}); try another --port or --host"
        ) from error


class Server:
    """Serves in a thread of its own.

    Raises UsageError where it cannot listen.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
        self.address = f"http://{_bracketed(shown)}:{self._socket.getsockname()[1]}/"
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,  # as this program's own
                log_level="warning",
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_CLOSING_SECONDS,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True
        )

    def start(self) -> None:
        """Returns when requests are taken."""
        self._thread.start()
        while self._thread.is_alive() and not self._server.started:
            time.sleep(0.01)
        assert self._server.started, "the application did not start; the log tells why"

    def close(self) -> None:
        """Stop listening, and return when what was under way has been sent."""
        self._server.should_exit = True
        self._thread.join()


def wait_for_end(line: Line, grace: float) -> None:
    """Wait for SIGTERM or SIGINT, then until the line is empty: nobody is let in any more, and
    those who are in are answered, for ``grace`` seconds. A second signal ends the process."""
    _wait_for_signal(signal.SIGTERM, signal.SIGINT)
    line.close()
    left = line.waiting + line.at_work
    log.info("shutting down; %d questions are answered first", left)
    if not line.drained(grace):
        log.warning("%d questions were cut off after %g s", line.waiting + line.at_work, grace)


def _wait_for_signal(*numbers: signal.Signals) -> None:
    """Afterwards, these signals end the process again.

    Python runs its handlers between two steps of the main thread, and a signal that comes just
    before that thread waits, or to another thread, does not wake it. What is written to a socket
    does.
    """
    woken, waker = socket.socketpair()
    with woken, waker:
        waker.setblocking(False)  # as signal.set_wakeup_fd asks for
        before = signal.set_wakeup_fd(waker.fileno())
        for number in numbers:
            signal.signal(number, lambda number, frame: None)
        woken.recv(1)
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(before)
