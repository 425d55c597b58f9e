"""python tests/ray_kill.py DOCS.jsonl [COUNT]: kill a worker of Ray while it fills an index.

DOCS.jsonl is in BEIR's form: lines of id, title and text. The first COUNT documents (all) become a
Parquet table, which two workers with the packaged embedder bring into a file of milvus-lite; one of
them is killed when a third of it is stored. The index must hold each chunk once and no other, and
the next build find nothing to do. Then one worker does the same alone, for the time that takes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

import psutil
import pyarrow
import pyarrow.parquet

from rag.build_on_ray import load_same
from rag.bulk import Report, fill_by_workers
from rag.chunking import chunk_document
from rag.config import Config
from rag.embedder import load_embedder
from rag.ingest import EmbeddedFile, ReadFile, Store
from rag.milvus_address import MilvusAddress
from rag.milvus_client import Milvus
from rag.milvus_index import collections
from rag.milvus_open import open_or_create
from rag.models import EMBEDDER, resolve
from rag.on_ray import RayWorkers, cluster
from rag.sources import list_source, read_parts
from rag.worker import Worker

Places = list[tuple[str, int]]  # path and number of each chunk, sorted


class Killing:
    """A store that kills an embedding worker once ``after`` files were put."""

    def __init__(self, store: Store, after: int) -> None:
        self._store = store
        self._left = after
        self.killed = 0

    def files(self) -> dict[str, str]:
        return self._store.files()

    def put(self, files: Sequence[EmbeddedFile]) -> None:
        self._store.put(files)
        self._left -= len(files)
        if self._left <= 0 and not self.killed:
            self.killed = embedding_workers()[0].pid
            os.kill(self.killed, signal.SIGKILL)

    def remove(self, paths: Iterable[str]) -> None:
        self._store.remove(paths)


def embedding_workers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "_Embedder" in "".join(child.cmdline())]


def make_table(docs: Path, path: Path, count: int | None) -> None:
    with docs.open() as lines:
        rows = [json.loads(line) for line in islice(lines, count)]
    columns = {name: [row[name] for row in rows] for name in ("id", "title", "text")}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def expected(table: Path) -> Places:
    """What one process makes of the table."""
    places: Places = []
    with Worker() as worker:
        for part in read_parts(str(table.parent), table.name, {}, worker):
            if isinstance(part.content, ReadFile):
                (document,) = part.content.documents
                chunks = chunk_document(document, Config().chunk_chars, 0)
                places += [(part.path, chunk.id) for chunk in chunks]
    return sorted(places)


def found(address: MilvusAddress) -> Places:
    """What the collection holds."""
    chunks, _ = collections(address)
    with closing(Milvus(address)) as client:
        client.load(chunks)
        pages = client.pages(chunks, "", ["path", "number"])
        return sorted((row["path"], row["number"]) for page in pages for row in page)


def build(table: Path, address: MilvusAddress, workers: int, kill_after: int | None) -> Report:
    weights = resolve(EMBEDDER)
    load = partial(load_same, weights, None)
    with (
        cluster("", workers),
        closing(open_or_create(address, load_embedder(weights), Config())) as index,
    ):
        store = Killing(index, kill_after) if kill_after else index
        made = RayWorkers(workers, load, Config().chunk_chars)
        report = fill_by_workers(store, list_source(str(table)), made)
        assert not kill_after or store.killed, "nothing was killed"
    print(
        f"{workers} workers, {'one killed' if kill_after else 'none killed'}: {report}", flush=True
    )
    return report


def main(docs: Path, count: int | None) -> None:
    with tempfile.TemporaryDirectory() as work:
        table = Path(work, "docs.parquet")
        make_table(docs, table, count)
        wanted = expected(table)
        rows = len({path for path, _ in wanted})
        for workers, kill_after in ((2, rows // 3), (2, None), (1, None)):
            address = MilvusAddress(f"{work}/{workers}-{kill_after}.db", "docs")
            report = build(table, address, workers, kill_after)
            assert report.stored == rows
            assert found(address) == wanted, "not each chunk once"
            if kill_after:
                again = build(table, address, workers, None)
                assert (again.stored, again.unchanged) == (0, rows)
    print(f"{rows:,} documents, {len(wanted):,} chunks, each stored once")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
