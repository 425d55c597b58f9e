"""Reading and embedding by the workers of Ray, here or on a cluster (and nowhere else)."""

from __future__ import annotations

import logging
import os
import pickle
import secrets
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

from rag.errors import ServerError, UsageError
from rag.ingest import ReadFile, embed_files
from rag.sources import Part, read_parts
from rag.types import Embedder
from rag.worker import Worker, module_folders

_FILES = 16  # read by one task
_DONE = 1000  # parts with nothing to embed that go together
_BLOCK_BYTES = 2**16  # between two stages: some seconds of embedding, lost when a worker dies
_STORE_BYTES = 2**28  # of all blocks on this machine; what is more waits, or goes to disk
_RETRIES = 1  # of a task whose worker died
_CONNECT_SECONDS = 5.0
_STATUS_SECONDS = 30.0
_EMBED, _READ = 0.9, 0.1  # of a core; a reader mostly waits for the one that embeds
_TOKEN = secrets.token_hex(32)  # Ray remembers the first that a process has

_NO_RAY = (
    "no Ray that fits answers at {!r} ({}); expected the HOST:PORT that 'ray start --head' "
    "printed, of a cluster that this machine is a node of; or --on ray, to start one here"
)

Block = dict[str, list[bytes]]


@dataclass(frozen=True, slots=True)
class RayWorkers:
    """``count`` processes that embed, and as many that read. ``load`` is called by the former."""

    count: int
    load: Callable[[], Embedder]
    chunk_chars: int

    def parts(
        self, root: str, files: Sequence[str], known: Mapping[str, str], alone: bool
    ) -> Iterator[list[Part]]:
        """See ``rag.bulk.Workers``. ServerError where no worker can be had."""
        from ray.exceptions import RayError

        try:
            for block in self._blocks(root, files, known, alone):
                yield _parts(block)
        except RayError as error:
            raise ServerError(
                f"the workers of Ray failed ({_last_line(error)}); run the same again, with fewer "
                f"--workers if memory is short"
            ) from error

    def _blocks(
        self, root: str, files: Sequence[str], known: Mapping[str, str], alone: bool
    ) -> Iterator[Mapping[str, Any]]:
        import ray.data

        _configure(1 if alone else _BLOCK_BYTES)
        tasks = len(files) if alone else -(-len(files) // _FILES)
        made: ray.data.Dataset = ray.data.from_items(
            [{"file": file} for file in files], override_num_blocks=tasks
        )
        stages: tuple[tuple[type, tuple[object, ...], float, int], ...] = (
            (_Reader, (root, known), _READ, min(tasks, self.count)),
            (_Embedder, (self.load, self.chunk_chars), _EMBED, self.count),
        )
        for stage, arguments, cores, count in stages:
            strategy = ray.data.ActorPoolStrategy(
                size=count,
                # What waits at a worker that dies counts as having failed with it.
                max_tasks_in_flight_per_actor=1 if alone else 2,
            )
            made = made.map_batches(
                stage,
                fn_constructor_args=arguments,
                batch_size=None,
                compute=strategy,
                num_cpus=cores,
                max_task_retries=_RETRIES,  # else a file that kills its worker does so for ever
            )
        yield from made.iter_batches(batch_size=None, prefetch_batches=0)


class _Reader:
    """Files → parts that were read."""

    def __init__(self, root: str, known: Mapping[str, str]) -> None:
        self._root = root
        self._known = known
        self._worker = Worker()

    def __call__(self, block: Mapping[str, Any]) -> Iterator[Block]:
        done: list[Part] = []
        for file in block["file"]:
            for part in read_parts(self._root, str(file), self._known, self._worker):
                if part.content:
                    yield _block([part])
                else:
                    done.append(part)
                if len(done) == _DONE:
                    yield _block(done)
                    done = []
        if done:
            yield _block(done)


class _Embedder:
    """Parts that were read → parts that were embedded."""

    def __init__(self, load: Callable[[], Embedder], chunk_chars: int) -> None:
        from rag.arithmetic import use_one_thread

        use_one_thread()
        self._embedder = load()
        self._chunk_chars = chunk_chars

    def __call__(self, block: Mapping[str, Any]) -> Iterator[Block]:
        parts = _parts(block)
        if done := [part for part in parts if part.content is None]:
            yield _block(done)
        for part in self._embedded([part for part in parts if part.content]):
            yield _block([part])

    def _embedded(self, parts: list[Part]) -> list[Part]:
        read = [part.content for part in parts if isinstance(part.content, ReadFile)]
        try:
            made = embed_files(read, self._embedder, self._chunk_chars)
        except Exception as error:
            if len(parts) > 1:
                raise  # so that each is tried alone
            said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            return [replace(parts[0], content=None, left_out=f"cannot be embedded ({said})")]
        return [replace(part, content=file) for part, file in zip(parts, made, strict=True)]


def _block(parts: list[Part]) -> Block:
    """One row of Ray's, which is not divided further."""
    return {"parts": [pickle.dumps(parts)]}


def _parts(block: Mapping[str, Any]) -> list[Part]:
    return [part for row in block["parts"] for part in pickle.loads(row)]


@contextmanager
def cluster(address: str, count: int | None) -> Iterator[int]:
    """Ray for as long as it is needed, at HOST:PORT or, where ``address`` is "", here alone.

    Gives the number of workers, at most ``count``: by default one for each core. Raises UsageError
    where the extra is missing, or nothing that fits answers at the address.
    """
    if find_spec("ray") is None:
        raise UsageError("--on ray needs the extra ray: pip install '.[ray]'")
    if address:
        _check(address)
    # Not before: what stands in the environment when Ray is first imported holds for the process.
    with _environment({} if address else _alone()):
        import ray
        import ray.data

        with (
            redirect_stdout(sys.stderr),  # Ray prints of workers that died,
            warnings.catch_warnings(action="ignore"),  # and warns of its options, and of few files
            _joined(address) if address else _started(count),
        ):
            try:
                cores = int(ray.cluster_resources().get("CPU", 0))
                yield max(1, min(cores, count or cores))
            finally:
                ray.shutdown()


def _alone() -> dict[str, str]:
    """The environment of a cluster of this machine alone."""
    return {
        "PYTHONPATH": os.pathsep.join(module_folders()),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # its processes talk by the loopback address,
        "RAY_AUTH_MODE": "token",  # and nobody else gives them orders
        "RAY_AUTH_TOKEN": _TOKEN,
        "RAY_BACKEND_LOG_LEVEL": "fatal",  # what fails, we say ourselves
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name)
        os.environ.update(before)


@contextmanager
def _started(count: int | None) -> Iterator[None]:
    import ray
    from ray._private.node import Node

    # The one process of Ray's dashboard that runs without it. It asks three clouds whether this
    # machine is theirs, also where usage is not reported.
    Node.start_api_server = lambda *_, **__: None  # type: ignore[method-assign]
    with TemporaryDirectory(prefix="rag-ray-", ignore_cleanup_errors=True) as folder:
        ray.init(
            address="local",
            num_cpus=count,
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            logging_level=logging.ERROR,
            log_to_driver=False,
            _temp_dir=folder,
        )
        yield


def _check(address: str) -> None:
    """UsageError unless a Ray of this version answers there; soon, which ray.init would not."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 2**16):
        raise UsageError(_NO_RAY.format(address, "no address"))
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
        ask = [sys.executable, "-m", "ray.scripts.scripts", "status", "--address", address]
        subprocess.run(ask, capture_output=True, check=True, timeout=_STATUS_SECONDS)
    except OSError as error:
        raise UsageError(_NO_RAY.format(address, error)) from None
    except subprocess.SubprocessError:
        other = "what listens there is another program, or version"
        raise UsageError(_NO_RAY.format(address, other)) from None


@contextmanager
def _joined(address: str) -> Iterator[None]:
    import ray

    try:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(_NO_RAY.format(address, _last_line(error))) from error
    yield


def _configure(block_bytes: int) -> None:
    """No bars but ours, blocks that are small, and a run that goes on where one is lost."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = block_bytes
    context.max_errored_blocks = -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]
