"""Where a collection of Milvus is, and the token that its server asks for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rag.address import is_here, is_url
from rag.errors import UsageError

PREFIX = "milvus:"
TOKEN = "RAG_MILVUS_TOKEN"  # the environment variable that holds the token
_COLLECTION = re.compile(r"[A-Za-z_]\w{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """A collection, in a file of milvus-lite or at a server."""

    uri: str  # a path that ends in .db, or the URL of a server
    collection: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.uri}#{self.collection}"

    @classmethod
    def parse(cls, choice: str) -> MilvusAddress:
        """From ``milvus:FILE.db#NAME`` or ``milvus:URL#NAME``; UsageError for anything else."""
        uri, _, collection = choice.removeprefix(PREFIX).rpartition("#")
        if "://" in uri and ("@" in uri or "?" in uri):
            # Perhaps a secret, so it is not repeated.
            raise UsageError(f"--index: a token belongs in {TOKEN}, not in the URL")
        if not is_milvus(choice) or not (is_url(uri) or Path(uri).suffix == ".db"):
            raise UsageError(
                f"--index {choice!r} names no index on Milvus; expected milvus:FILE.db#NAME or "
                f"milvus:https://HOST:19530#NAME"
            )
        if not _COLLECTION.fullmatch(collection):
            raise UsageError(
                f"--index: {collection!r} is no name of a collection; expected up to 200 ASCII "
                f"letters, digits and '_', the first no digit"
            )
        return cls(uri, collection)

    @property
    def is_file(self) -> bool:
        return "://" not in self.uri

    @property
    def host(self) -> str:
        """Of a server; "" for a file."""
        return urlsplit(self.uri).hostname or ""

    @property
    def is_here(self) -> bool:
        """Whether what is sent there stays on this machine."""
        return self.is_file or is_here(self.uri)


def is_milvus(index: str | None) -> bool:
    """Whether a choice of an index means one on Milvus."""
    return index is not None and index.startswith(PREFIX)


def token() -> str:
    """For the server, "" where there is none. Raises UsageError for what cannot be one."""
    found = os.environ.get(TOKEN, "").strip()
    if not (found.isascii() and found.isprintable()):
        raise UsageError(f"{TOKEN} holds characters that no token has; set it anew")
    return found
