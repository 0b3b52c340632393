"""What a walk finds, as rows. Imports nothing of ours: the process that walks is to start quickly."""

from __future__ import annotations

import marshal
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias, cast

Problem: TypeAlias = Literal["skipped", "warning", "error"]

Facts: TypeAlias = tuple[int, int, int, int, int, int, int, int]
"""kind, size, mtime_ns, ctime_ns, device, inode, links, mode: while these are the same, an entry is."""

Known: TypeAlias = dict[bytes, tuple[int, Facts]]
"""What the index has in one folder: id and facts by name."""

KnownFolder: TypeAlias = tuple[bytes | None, list[tuple[bytes, int]]]
"""What the index has of one folder itself: the fingerprint of what lies in it, and its subfolders' names and ids."""

Trouble: TypeAlias = tuple[bytes, Problem, str]
"""The path of an entry that could not be read or was left alone, what that is, and the reason."""

Row: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class Slice:
    """What one turn of the walk found: rows of the statements of the like names, and counts. `replaced`: the id of what
    was lost and of the new entry that has its name.

    `first`: the first id that was given to a new entry, and `fresh` how many; they are consecutive. `cursor`: the
    folder that was read last. `at`: its path.
    """

    lost: list[Row] = field(default_factory=list[Row])
    entries: list[Row] = field(default_factory=list[Row])
    updates: list[Row] = field(default_factory=list[Row])
    folders: list[Row] = field(default_factory=list[Row])
    fingerprints: list[Row] = field(default_factory=list[Row])
    replaced: list[Row] = field(default_factory=list[Row])
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    cursor: int = 0
    at: bytes = b""
    files: int = 0
    subfolders: int = 0
    size: int = 0
    modified: int = 0
    excluded: int = 0
    looked_at: int = 0

    @property
    def changes(self) -> int:
        """How many rows there are to write."""
        return len(self.lost) + len(self.entries) + len(self.updates) + len(self.fingerprints)

    def packed(self) -> bytes:
        return marshal.dumps(_VALUES(self), PLAIN)


PLAIN: Final = 2
"""The version of marshal that does not look whether it has written an object before: twice as quick for rows."""
_VALUES: Final = attrgetter(*Slice.__slots__)


def unpacked(data: bytes) -> Slice:
    """What `Slice.packed` gave in the other process."""
    return Slice(*cast("tuple[Any, ...]", marshal.loads(data)))  # noqa: S302 - from our own child
