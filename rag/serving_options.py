"""The command line of the server: where it listens, for whom, and how many it lets wait."""

from __future__ import annotations

import argparse
import math
import threading

from rag.errors import UsageError
from rag.line import MAX_WAITING

GRACE = 30.0  # seconds
_LAST_PORT = 65_535


def add_serving_options(parser: argparse.ArgumentParser) -> None:
    """--host, --port, --auth, --mcp, --queue, --concurrency, --grace, --log, --log-questions."""
    add = parser.add_argument
    add("--host", type=_host, default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=_port, default=7860, help="port to listen on (%(default)s)")
    add("--auth", metavar="USER:PASS", help="ask for this name and password")
    add("--mcp", action="store_true", help="offer the same answers as an MCP tool")
    add(
        "--queue",
        type=int,
        default=MAX_WAITING,
        metavar="N",
        help="questions that may wait; more are told to come back later (%(default)s)",
    )
    add(
        "--concurrency",
        type=int,
        default=1,
        metavar="N",
        help="questions at work at a time; more than 1 pays where a server writes (%(default)s)",
    )
    add(
        "--grace",
        type=_seconds,
        default=GRACE,
        metavar="SECONDS",
        help="at SIGTERM, for the questions that were taken to be answered (%(default)g)",
    )
    add(
        "--log",
        choices=("plain", "json"),
        default="plain",
        help="form of the messages on standard error; each question has a line (%(default)s)",
    )
    add("--log-questions", action="store_true", help="write what was asked into that line, too")


def _host(name: str) -> str:
    """Not "", as an unset variable is, which would be all addresses of this machine."""
    if not name.strip():
        raise argparse.ArgumentTypeError("the address is empty; 0.0.0.0 stands for all of them")
    try:
        name.encode("idna")
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{name!r} is no address that a host can have") from None
    return name


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port; expected 0 (any that is free) to {_LAST_PORT}"
        )
    return int(text)


def _seconds(text: str) -> float:
    """As long as a thread can wait: neither for ever nor "nan"."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no time to wait; expected seconds from 0")
    return seconds


def credentials(text: str | None) -> tuple[str, str] | None:
    """Name and password from USER:PASS; UsageError for what is none."""
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise UsageError("--auth expects USER:PASS")
    return user, password
