"""python -m rag.build --on ray: a folder, an object store or a table → an index on Milvus."""

from __future__ import annotations

import logging
from contextlib import closing
from functools import partial
from pathlib import Path

from rag.address import is_here
from rag.bulk import fill_by_workers
from rag.cli import report_skipped
from rag.config import Config
from rag.embedder import load_embedder
from rag.errors import ModelError, UsageError
from rag.milvus_address import MilvusAddress, is_milvus
from rag.milvus_open import open_or_create
from rag.models import EMBEDDER, resolve
from rag.on_ray import RayWorkers, cluster
from rag.sources import list_source
from rag.types import Embedder
from rag.weights import Weights

log = logging.getLogger(__name__)

_RAY = "ray"


def build_on_ray(
    source: str, index: str | None, embedder: str | None, on: str, count: int | None
) -> int:
    """Bring the index up to date; returns the exit status, 1 where files were lost.

    Workers embed, and this process alone writes, since a file of milvus-lite takes no other. So all
    that they make passes through it, some 10 kB for each abstract of a paper.
    """
    name, _, address = on.partition(":")
    if name != _RAY or (":" in on and not address):
        raise UsageError(f"--on {on!r} is not known; expected ray or ray:HOST:PORT")
    if count is not None and count < 1:
        raise UsageError(f"--workers is {count}, expected 1 or more")
    if index is None or not is_milvus(index):
        raise UsageError("--on fills an index on Milvus; name it with --index milvus:…")
    place = MilvusAddress.parse(index)
    listed = list_source(source)
    if address and not is_here(f"ray://{address}"):
        log.warning("documents are sent to the nodes of the Ray cluster at %s", address)
    config = Config()
    with cluster(address, count) as workers:
        weights = resolve(EMBEDDER, embedder)
        model = load_embedder(weights)
        load = partial(load_same, weights, embedder)
        with closing(open_or_create(place, model, config)) as store:
            report = fill_by_workers(store, listed, RayWorkers(workers, load, config.chunk_chars))
            store.settle()
    print(f"{place}: {report}", flush=True)
    report_skipped((*report.skipped, *report.lost))
    return 1 if report.lost else 0


def load_same(weights: Weights, choice: str | None) -> Embedder:
    """On any machine; raises ModelError where that has other weights."""
    at_hand = isinstance(weights.source, Path) and weights.source.is_dir()
    found = weights if at_hand else resolve(EMBEDDER, choice)
    if found.fingerprint != weights.fingerprint:
        raise ModelError(f"this machine has {found.name}, expected {weights.name} on all of them")
    model = load_embedder(found)
    model.load()  # here, where it is told, rather than as what is wrong with some document
    return model
