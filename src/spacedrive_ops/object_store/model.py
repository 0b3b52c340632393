"""The values of transfers: what is stored between attempts, and what is said at their end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

OnExisting: TypeAlias = Literal["skip", "overwrite"]
"""What to do where something of that name is there and differs (by size, time of change or digest); what is the same
already is never sent again."""

Outcome: TypeAlias = Literal["ok", "unchanged", "skipped", "error", "stopped"]


@dataclass(slots=True)
class Tally:
    """What was done, over all attempts; `bytes` includes what was skipped or failed."""

    items: int = 0
    bytes: int = 0
    sent: int = 0
    sent_bytes: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0

    def add(self, outcome: Outcome, size: int) -> None:
        self.items += 1
        self.bytes += size
        match outcome:
            case "ok":
                self.sent += 1
                self.sent_bytes += size
            case "unchanged":
                self.unchanged += 1
            case "skipped":
                self.skipped += 1
            case _:
                self.failed += 1


@dataclass(slots=True)
class Begun:
    """A large file that is being uploaded in parts of `part_size`. `upload` is empty between the decision to begin and
    the store's answer. The source is known again by the rest."""

    key: str
    size: int
    mtime_ns: int
    inode: int
    digest: str
    part_size: int
    upload: str = ""


@dataclass(slots=True)
class UploadState:
    """`root` and `path`: all up to this entry is done; the names of the path are joined by "/".

    `again`: a job that completed is done again, for what failed in it alone.
    """

    totals: tuple[int, int] | None = None
    root: int = -1
    path: bytes = b""
    tally: Tally = field(default_factory=Tally)
    begun: Begun | None = None
    again: bool = False


@dataclass(slots=True)
class DownloadState:
    """`after`: all keys up to this one are done, where the store lists them in order. `again`: as in UploadState."""

    after: str | None = None
    tally: Tally = field(default_factory=Tally)
    again: bool = False


class TransferOutput(msgspec.Struct, frozen=True):
    """What became of the files. `unchanged_count`: those that were there already, as they are."""

    transferred_count: int
    total_bytes: int
    unchanged_count: int
    skipped_count: int
    failed_count: int

    @staticmethod
    def of(tally: Tally) -> TransferOutput:
        return TransferOutput(tally.sent, tally.sent_bytes, tally.unchanged, tally.skipped, tally.failed)


class Result(msgspec.Struct, frozen=True):
    """What became of one file. `by_store`: the error is the store's, not the file's."""

    outcome: Outcome
    reason: str = ""
    by_store: bool = False
