"""How much memory is left, and whether a model fits into it."""

from __future__ import annotations

from pathlib import Path

from rag.errors import ModelError

_GROUPS = Path("/sys/fs/cgroup")  # of processes whose memory is bounded, as that of a container is
_OWN_GROUP = Path("/proc/self/cgroup")
_WORKING = 300_000_000  # bytes beside the weights: the judge's own layers, and what is computed
# Of the weights' size on disk, where they take 16 bits. In int8 some layers stay float32.
_TIMES_ON_DISK = {"bfloat16": 1.0, "int8": 1.5, "float32": 2.0}


def require_memory(folder: Path, name: str, arithmetic: str) -> None:
    """ModelError where less is left than the weights in a model's folder take, once loaded."""
    stored = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    needed = stored * _TIMES_ON_DISK[arithmetic] + _WORKING
    left = available_memory()
    if left < needed:
        raise ModelError(
            f"{name} takes about {needed / 1e9:.1f} GB of memory in {arithmetic}, and "
            f"{left / 1e9:.1f} GB are left; close other programs, or choose a smaller model "
            f"(--generator 0.5b) or none at all (--generator none)"
        )


def available_memory() -> int:
    """Bytes that this process may still take: what the machine has left, or its groups."""
    import psutil

    machine: int = psutil.virtual_memory().available
    return min([machine, *map(_left, _own_groups())])


def _own_groups() -> list[Path]:
    """Those that bound this process, the outermost last; none where there are no such groups."""
    try:
        lines = _OWN_GROUP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if own is None:
        return []
    inner = _GROUPS / own
    groups = [inner, *inner.parents[: len(inner.parts) - len(_GROUPS.parts)]]
    return [group for group in groups if _is_bounded(group)]


def _is_bounded(group: Path) -> bool:
    limit = group / "memory.max"
    return limit.is_file() and limit.read_text(encoding="utf-8").strip() != "max"


def _left(group: Path) -> int:
    """Files that were read and can be dropped count as used, but are not."""
    limit, used = (int((group / f"memory.{n}").read_text()) for n in ("max", "current"))
    facts = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return limit - used + sum(int(size) for name, size in facts if name == "inactive_file")
