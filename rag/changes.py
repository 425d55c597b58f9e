"""What became of the files of a folder, told by the hashes of their content."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from rag.terminal import printable

_NAMED = 3  # files of each kind in a message


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths of files, sorted. A renamed file has the content of one that is gone: (old, new)."""

    added: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return any(names for _, names in self.kinds())

    def __str__(self) -> str:
        """The first few of each kind by name; empty where nothing changed."""
        return ", ".join(f"{kind} {_shorten(names)}" for kind, names in self.kinds() if names)

    def kinds(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What became of files in a word, and which files, as they are shown."""
        yield "added", self.added
        yield "changed", self.changed
        yield "renamed", tuple(f"{old} to {new}" for old, new in self.renamed)
        yield "deleted", self.deleted


def find_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Changes:
    """What leads from ``old`` to ``new``, both path → hash of the content.

    Of several files with one content, each is renamed at most once, in order of their names.
    """
    gone: dict[str, deque[str]] = defaultdict(deque)  # hash → names in order
    for name in sorted(old.keys() - new.keys()):
        gone[old[name]].append(name)
    added, renamed = [], []
    for name in sorted(new.keys() - old.keys()):
        if before := gone.get(new[name]):
            renamed.append((before.popleft(), name))
        else:
            added.append(name)
    deleted = sorted(chain.from_iterable(gone.values()))
    changed = [name for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    return Changes(tuple(added), tuple(deleted), tuple(changed), tuple(renamed))


def _shorten(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(printable(name) for name in names[:_NAMED]) + more
