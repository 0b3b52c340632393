"""The values that backups and restores keep between attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from spacedrive_ops.file_copy.model import Position
from spacedrive_ops.object_store.model import Begun

FileOutcome: TypeAlias = Literal["sent", "known", "warning", "error", "stopped"]


@dataclass(slots=True)
class FilesTally:
    """What was done, over all attempts. `bytes`: of the files that are listed."""

    entries: int = 0
    files: int = 0
    bytes: int = 0
    sent: int = 0
    sent_bytes: int = 0
    failed: int = 0


@dataclass(slots=True)
class FilesState:
    """Where a backup of a location is. `cursor`: all up to here is in the list, which has `listed` bytes so far."""

    total: tuple[int, int] | None = None
    cursor: Position | None = None
    listed: int = 0
    tally: FilesTally = field(default_factory=FilesTally)
    begun: Begun | None = None


@dataclass(slots=True)
class RestoreTally:
    """What was done, over all attempts."""

    entries: int = 0
    bytes: int = 0
    restored: int = 0
    restored_bytes: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(slots=True)
class RestoreState:
    """`location`: which one is being restored; `line`: how many entries of its list are done. `again`: an ended job is
    done again, for what failed in it alone."""

    location: int = 0
    line: int = 0
    tally: RestoreTally = field(default_factory=RestoreTally)
    warned: tuple[str, ...] = ()
    again: bool = False
