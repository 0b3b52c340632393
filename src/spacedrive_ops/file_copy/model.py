"""The values of a copy: what is stored between attempts, and what is said of one entry."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import msgspec

OnConflict: TypeAlias = Literal["skip", "overwrite", "rename", "newer", "ask"]
"""What to do where the destination already has an entry of that name (folders are always merged).

`skip`: keep what is there. `overwrite`: replace it, in one step. `rename`: keep both, the new one as "name (2).ext".
`newer`: replace it only if the source was modified later. `ask`: a question for each that is not equal already; the
rest is copied meanwhile, and one answer may serve all.
"""

Outcome: TypeAlias = Literal["ok", "skipped", "warning", "error"]

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
SHORT_ENOUGH: Final = 2048
"""A position longer than this is kept in a row of its own, so that the state stays small."""


class Position(msgspec.Struct, frozen=True):
    """A place in the walk: everything up to it, in order, and including it with all below it.

    `path` is below the root and in bytes, its parts joined by "/"; empty for the root itself.
    """

    root: int
    path: bytes = b""

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(os.fsdecode(part) for part in self.path.split(b"/")) if self.path else ()


class Identity(msgspec.Struct, frozen=True):
    """What a source file was when it was read: it is the same file while these are the same."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @staticmethod
    def of(status: os.stat_result) -> Identity:
        return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class PartialFile(msgspec.Struct, frozen=True):
    """An unfinished large file: its first `offset` bytes are on disk under `name`, beside the final name."""

    name: str
    offset: int
    source: Identity


@dataclass(slots=True)
class Totals:
    """What the scan found."""

    items: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Counted:
    """A scan that was stopped: what it had found up to and including `at`. `needed`: bytes that would be written."""

    at: Position
    items: int
    bytes: int
    needed: int


@dataclass(slots=True)
class Tally:
    """What was done, over all attempts. `items` and `bytes` include what was skipped or failed."""

    items: int = 0
    bytes: int = 0
    copied: int = 0
    copied_bytes: int = 0
    skipped: int = 0
    skipped_bytes: int = 0
    warnings: int = 0
    failed: int = 0

    def add(self, outcome: Outcome, size: int, worked: int) -> None:
        """Count one entry of `size` bytes, of which `worked` took work (a rename or a hard link takes none)."""
        self.items += 1
        self.bytes += size
        self.skipped_bytes += size - worked
        match outcome:
            case "ok":
                self.copied += 1
                self.copied_bytes += size
            case "skipped":
                self.skipped += 1
            case "warning":
                self.warnings += 1
            case "error":
                self.failed += 1


@dataclass(slots=True)
class CopyState:
    """Where a copy or move is. Small whatever the tree: `cursor` stands for every entry before it.

    `into`: the sources go into the destination, not in its place (decided once: the destination exists afterwards).
    `started_ns`: the destination's own clock when the job first began; what an earlier attempt put there is newer.
    `counted`: how far the scan had come; None before it and after it.
    `cursor`: everything up to here is durably in the destination. A move then removes sources up to `removed`.
    `linked`: a file with several names was among them, so that rows tell which copy stands for it.
    `asked`: how many conflicts wait for an answer, each in a row of its own.
    `again`: an earlier job is done again; up to `again_until` (None: the end) only what failed is copied.
    `folder_times`: (atime, mtime) of the source folders above the cursor, which removing entries changes.
    """

    into: bool
    started_ns: int
    ignores_case: bool = False
    counted: Counted | None = None
    totals: Totals | None = None
    tally: Tally = field(default_factory=Tally)
    cursor: Position | None = None
    removed: Position | None = None
    folder_times: bytes = b""
    kept_apart: bool = False
    partial: PartialFile | None = None
    renamed_roots: int = 0
    warned: tuple[str, ...] = ()
    linked: bool = False
    asked: int = 0
    again: bool = False
    again_until: Position | None = None


class NoRoomLeft(OSError):
    """The destination became full while it was written to: the copy waits, then goes on where it was."""

    def __init__(self, cause: OSError) -> None:
        number = cause.errno or errno.ENOSPC
        super().__init__(number, os.strerror(number))
