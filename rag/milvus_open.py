"""An index on Milvus is opened, made or removed, where it is one of ours and fits."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rag.config import Config
from rag.errors import CorruptIndexError, UsageError
from rag.manifest import FORMAT, Recipe, difference
from rag.milvus_address import MilvusAddress
from rag.milvus_client import Milvus
from rag.milvus_index import MilvusIndex, collections
from rag.milvus_parts import read_parts
from rag.milvus_rows import CHUNK_FIELDS, LAYOUT, PART_FIELDS, RECIPE, recipe_row
from rag.types import Embedder

log = logging.getLogger(__name__)


def open_milvus(address: MilvusAddress, embedder: Embedder, config: Config) -> MilvusIndex:
    """An index that was filled before.

    Raises CorruptIndexError where there is none, UsageError where another embedder or version
    made it, or somebody else, and ServerError where the server fails.
    """
    if not address.is_here:
        log.warning("questions are sent to %s, which keeps the documents", address.host)
    with _connected(address) as client:
        stored = _require_stored(client, address)
        _require_same(address, stored, _recipe(embedder, config))
        return MilvusIndex(client, address, stored)


def open_or_create(address: MilvusAddress, embedder: Embedder, config: Config) -> MilvusIndex:
    """An index to be filled; raises as ``open_milvus`` does where it is there."""
    if not address.is_here:
        log.warning("documents are sent to %s", address.host)
    recipe = _recipe(embedder, config)
    with _connected(address, create=True) as client:
        stored = _stored(client, address)
        if stored is None:
            _create(client, address, recipe, embedder.encode(["any"]).shape[1])
        else:
            _require_same(address, stored, recipe)
        return MilvusIndex(client, address, recipe)


def inspect(address: MilvusAddress) -> MilvusIndex:
    """An index to be described, whichever embedder made it; raises as ``open_milvus``."""
    with _connected(address) as client:
        return MilvusIndex(client, address, _require_stored(client, address))


def remove(address: MilvusAddress) -> None:
    """Drop the collections of an index; raises as ``open_milvus``."""
    with _connected(address) as client:
        there = [name for name in collections(address) if _is_ours(client, address, name)]
        if not there:
            raise _missing(address)
        for name in there:  # chunks first: without them, there is no index
            client.drop(name)
        client.close()


@contextmanager
def _connected(address: MilvusAddress, create: bool = False) -> Iterator[Milvus]:
    """Closed again where what follows fails. Only to ``create`` is a file made that is not there:
    a name that is mistyped leaves nothing behind."""
    if address.is_file and not create and not Path(address.uri).exists():
        raise _missing(address)
    client = Milvus(address)
    try:
        yield client
    except BaseException:
        client.close()
        raise


def _recipe(embedder: Embedder, config: Config) -> Recipe:
    """Of an index that holds any files."""
    return Recipe({}, embedder.name, embedder.fingerprint, config.chunk_chars)


def _create(client: Milvus, address: MilvusAddress, recipe: Recipe, dimension: int) -> None:
    chunks, parts = collections(address)
    if _is_ours(client, address, parts):
        client.drop(parts)  # left by a creation or a removal that was interrupted
    client.create_parts(parts)
    client.write(parts, [recipe_row(json.dumps({"layout": LAYOUT, **asdict(recipe)}))])
    client.create_chunks(chunks, dimension)  # last: without it, there is no index


def _stored(client: Milvus, address: MilvusAddress) -> Recipe | None:
    """What an index was made with, None where there is none."""
    chunks, parts = collections(address)
    if not _is_ours(client, address, chunks):
        return None
    if not _is_ours(client, address, parts):
        raise _not_ours(address, chunks)
    client.load(chunks)
    client.load(parts)
    told = read_parts(client, parts, [RECIPE])
    if RECIPE not in told:
        raise _not_ours(address, chunks)
    fields = json.loads(told[RECIPE][1])
    made, expected = (fields.pop("layout"), fields["format"]), (LAYOUT, FORMAT)
    if made != expected:
        raise UsageError(
            f"{address} was made by another version (layout and format are {made}, this one reads "
            f"{expected}); {_remedy(address)}"
        )
    return Recipe(**fields)


def _require_stored(client: Milvus, address: MilvusAddress) -> Recipe:
    stored = _stored(client, address)
    if stored is None:
        raise _missing(address)
    return stored


def _is_ours(client: Milvus, address: MilvusAddress, name: str) -> bool:
    """Whether a collection is there; UsageError where it is, but has not our fields."""
    found = client.fields(name)
    ours = CHUNK_FIELDS if name == address.collection else PART_FIELDS
    if found and not found.issuperset(ours):
        raise _not_ours(address, name)
    return bool(found)


def _require_same(address: MilvusAddress, stored: Recipe, wanted: Recipe) -> None:
    reason = difference(stored, wanted)
    if reason is not None:
        raise UsageError(f"{address} was made otherwise: {reason}; {_remedy(address)}")


def _remedy(address: MilvusAddress) -> str:
    return (
        f"build another one under a new name, or remove this one and build it anew: "
        f"python -m rag.index remove '{address}'"
    )


def _missing(address: MilvusAddress) -> CorruptIndexError:
    return CorruptIndexError(
        f"there is no index {address} yet; make it with python -m rag.build FOLDER --index "
        f"'{address}'"
    )


def _not_ours(address: MilvusAddress, name: str) -> UsageError:
    return UsageError(
        f"the collection {name} at {address.uri} is none of this program, or of another version; "
        f"choose another NAME in --index milvus:…#NAME"
    )
