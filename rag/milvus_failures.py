"""What pymilvus and milvus-lite raise and log → errors that say what to do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import RagError, ServerError, UsageError
from rag.milvus_address import TOKEN, MilvusAddress


def in_our_words(address: MilvusAddress, seconds: int, error: BaseException) -> RagError:
    """What happened, and what to do, by the words and codes of the errors that lead to it."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__
    said = " ".join(f"{type(one).__name__} {one}" for one in chain).lower()
    for name in (address.uri, address.collection):  # "disk" of a path tells nothing
        said = said.replace(name.lower(), "")
    where = address.uri
    denied = any(word in said for word in ("unauthenticated", "auth check", "permission"))
    if denied and not address.is_file:
        return UsageError(
            f"{where} refuses the token; set {TOKEN} to one that it accepts (user:password, or a "
            f"key)"
        )
    if any(word in said for word in ("no space", "disk", "quota")):
        return ServerError(
            f"{where} has no room ({_message(error)}); free some there and run the same again"
        )
    if any(word in said for word in ("unavailable", "futuretimeout", "connect")):
        return ServerError(
            f"no Milvus answers at {where}; start it, or correct the address (its port is 19530)"
        )
    if any(word in said for word in ("deadline", "timeout")):
        return ServerError(
            f"{where} did not answer within {seconds} s; see what keeps it busy, and run the same "
            f"again"
        )
    return ServerError(f"{where} failed ({_message(error)}); run the same again")


def _message(error: BaseException) -> str:
    text = str(getattr(error, "message", "") or error)
    return " ".join(text.split())[:300]


@contextmanager
def reasons_of_lite(address: MilvusAddress, failure: type[Exception]) -> Iterator[None]:
    """Has UsageError say why milvus-lite cannot open its file; it only logs the reason."""
    if not address.is_file:
        yield
        return
    folder = Path(address.uri).parent
    if not folder.is_dir():
        raise UsageError(f"--index: there is no folder {folder} for {address.uri}; make it first")
    reasons: list[BaseException] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            reasons.append(record.exc_info[1])
        return False  # it is said by the error

    logger = logging.getLogger("milvus_lite.server_manager")
    logger.addFilter(keep)
    try:
        yield
    except failure as error:
        if not reasons:
            raise
        raise _unopened(address, reasons[0]) from error
    finally:
        logger.removeFilter(keep)


def _unopened(address: MilvusAddress, reason: BaseException) -> RagError:
    if type(reason).__name__ == "DataDirLockedError":
        return UsageError(
            f"{address.uri} is used by another process, and milvus-lite serves one at a time; end "
            f"that one, or run a server of Milvus"
        )
    said = getattr(reason, "strerror", None) or reason
    return UsageError(
        f"cannot open {address.uri} ({said}); make its folder writable, or name another file"
    )
