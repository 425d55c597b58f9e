"""Where a model is served, and the key that the server asks for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from rag.errors import UsageError

PREFIX = "openai:"
KEY = "RAG_API_KEY"  # the environment variable that holds the key
_OPENAI, _OPENAI_KEY = "https://api.openai.com", "OPENAI_API_KEY"  # meant for that server alone
_HOST = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?|[\da-f]*:[\da-f:.]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A model at a server; "/chat/completions" follows the URL."""

    url: str
    model: str

    @classmethod
    def parse(cls, choice: str) -> Address:
        """From ``openai:URL#MODEL``; UsageError for anything else."""
        url, _, model = choice.removeprefix(PREFIX).partition("#")
        whole = choice.startswith(PREFIX) and choice.isprintable() and is_url(url) and model
        # Perhaps a secret, so it is not repeated. One that holds "#" is no part of ``url``.
        if "?" in url or "@" in (choice.rpartition("#")[0] if whole else choice):
            raise UsageError(f"--generator: a key belongs in {KEY}, not in the URL")
        if not whole:
            raise UsageError(
                f"--generator {choice!r} names no served model; expected openai:URL#MODEL, such "
                f"as openai:http://127.0.0.1:8000/v1#qwen2.5"
            )
        return cls(url.rstrip("/"), model)

    @property
    def is_here(self) -> bool:
        """Whether what is sent there stays on this machine."""
        return is_here(self.url)


def api_key(address: Address) -> tuple[str, str]:
    """An environment variable and the key that it holds; both are empty where there is none.

    OPENAI_API_KEY is for OpenAI's own server, and no other is shown it. Raises UsageError for what
    cannot be a key.
    """
    is_openai = address.url == _OPENAI or address.url.startswith(f"{_OPENAI}/")
    for variable in (KEY, _OPENAI_KEY) if is_openai else (KEY,):
        if key := os.environ.get(variable, "").strip():
            if not (key.isascii() and key.isprintable()):
                raise UsageError(f"{variable} holds characters that no key has; set it anew")
            return variable, key
    return "", ""


def is_here(url: str) -> bool:
    """Whether what is sent to a URL stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_url(text: str) -> bool:
    """Whether a text is the URL of a server, as far as can be told without asking it."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and parts.port != 0
            and _HOST.fullmatch(parts.hostname or "") is not None
        )
    except ValueError:  # of a port that is no number, or a bracket that is not closed
        return False
