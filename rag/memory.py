"""How much memory is left, and whether something fits into it."""

from __future__ import annotations

from pathlib import Path

from rag.errors import ModelError

_GROUPS = Path("/sys/fs/cgroup")  # of processes whose memory is bounded, as that of a container is
_OWN_GROUP = Path("/proc/self/cgroup")


def require_memory(needed: float, what: str, instead: str) -> None:
    """ModelError where less than ``needed`` bytes are left for ``what``; names what to do."""
    left = available_memory()
    if left < needed:
        raise ModelError(
            f"{what} takes about {needed / 1e9:.1f} GB of memory, and {left / 1e9:.1f} GB are "
            f"left; close other programs, or {instead} (--generator none)"
        )


def available_memory() -> int:
    """Bytes that this process may still take: what the machine has left, or its groups."""
    import psutil

    machine: int = psutil.virtual_memory().available
    return min([machine, *map(_left, _own_groups())])


def total_memory() -> int:
    """Bytes that this process and its like could have in all: the machine's, or its groups'."""
    import psutil

    machine: int = psutil.virtual_memory().total
    return min([machine, *map(_limit, _own_groups())])


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
    used = int((group / "memory.current").read_text())
    facts = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return _limit(group) - used + sum(int(size) for name, size in facts if name == "inactive_file")


def _limit(group: Path) -> int:
    return int((group / "memory.max").read_text())
