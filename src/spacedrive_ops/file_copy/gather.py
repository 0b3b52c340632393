"""From the walk's events to batches of items: what is copied together, and made durable by one flush."""

from __future__ import annotations

import os
import resource
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.item import Item
from spacedrive_ops.file_copy.model import OnConflict, Position
from spacedrive_ops.file_copy.plan import Decision, decide, is_ours, reason_of, special_kind
from spacedrive_ops.file_copy.transfer import Transfer
from spacedrive_ops.file_copy.walk import Entry, Event, Left, Trouble
from spacedrive_ops.folders import NOT_OPEN
from spacedrive_ops.whole_files.names import numbered_names

Stage: TypeAlias = Literal["copied", "published", "durable", "removed", "gone"]

LARGE: Final = 8 << 20
"""From here on a file is copied alone, in slices, and can be gone on with inside."""
FEW_ITEMS, MANY_ITEMS = 64, 1024
FEW_BYTES, MANY_BYTES = 8 << 20, 256 << 20
QUICK, SLOW = 0.1, 0.2
"""A batch that took less is followed by a larger one, one that took more by a smaller one (seconds)."""


@dataclass(slots=True)
class Pace:
    """How much is done between two flushes, so that a pause takes effect soon and a flush serves many."""

    items: int = FEW_ITEMS
    bytes: int = FEW_BYTES
    folders: int = 32

    def adapt(self, seconds: float) -> None:
        if seconds < QUICK:
            self.items, self.bytes = min(MANY_ITEMS, self.items * 2), min(MANY_BYTES, self.bytes * 2)
        elif seconds > SLOW:
            self.items, self.bytes = max(FEW_ITEMS // 4, self.items // 2), max(FEW_BYTES // 8, self.bytes // 2)

    @staticmethod
    def within_limits() -> Pace:
        """Four batches may be on their way, each with two descriptors a folder."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = 128 if soft == resource.RLIM_INFINITY else (soft - 256) // 10
        return Pace(folders=max(8, min(128, allowed)))


@dataclass(slots=True)
class Batch:
    """Consecutive entries of the walk. `end`: the position that is reached once all of them are done."""

    items: list[Item] = field(default_factory=list[Item])
    folders: list[Directory] = field(default_factory=list[Directory])
    end: Position = field(default_factory=lambda: Position(0))
    folder_times: bytes = b""
    bytes: int = 0
    transfer: Transfer | None = None
    is_large: bool = False
    stage: Stage = "copied"
    recorded: bool = False

    def retain(self, folder: Directory) -> None:
        if folder.is_open and (not self.folders or self.folders[-1] is not folder):
            folder.retain()
            self.folders.append(folder)

    def release(self) -> None:
        for folder in self.folders:
            folder.release()
        self.folders.clear()

    def close_at(self, item: Item) -> None:
        """Let the batch end with this item."""
        self.end = position_of(item)
        self.folder_times = _times_above(item)


def position_of(item: Item) -> Position:
    if item.work == "folder":
        return Position(item.folder.root, item.folder.below_root())
    if item.folder.parent is None:
        return Position(item.folder.root)
    return Position(item.folder.root, os.path.join(item.folder.below_root(), os.fsencode(item.name)))


_TIMES: Final = struct.Struct("<qq")


def _times_above(item: Item) -> bytes:
    """(atime, mtime) of the source folders that the position is in, from the root down."""
    times: list[bytes] = []
    folder = item.folder.parent if item.work == "folder" else item.folder
    while folder is not None and folder.parent is not None:
        times.append(_TIMES.pack(*folder.times))
        folder = folder.parent
    return b"".join(reversed(times))


def times_at(packed: bytes, depth: int) -> tuple[int, int] | None:
    """The stored times of the folder that is `depth` below the root."""
    start = depth * _TIMES.size
    if start + _TIMES.size > len(packed):
        return None
    atime, mtime = _TIMES.unpack_from(packed, start)
    return atime, mtime


class Gatherer:
    """Decides what to do with each entry, and hands out batches.

    `ours_since`: in a resumed attempt, what the destination got since then may be this job's own work.
    """

    def __init__(self, events: Iterator[Event], policy: OnConflict, *, ours_since: int | None, moving: bool) -> None:
        self._events, self._ours_since, self._moving = events, ours_since, moving
        self._policy: OnConflict = policy
        self._held: Item | None = None
        self._same_mount: tuple[Directory, bool] | None = None
        self.exhausted = False

    def next_batch(self, pace: Pace) -> Batch | None:
        """The next entries, or None when there are no more."""
        batch = Batch()
        try:
            self._fill(batch, pace)
        except BaseException:
            batch.release()
            raise
        if not batch.items:
            self.exhausted = True
            return None
        batch.close_at(batch.items[-1])
        return batch

    def close(self) -> None:
        close = getattr(self._events, "close", None)
        if close is not None:
            close()

    def _fill(self, batch: Batch, pace: Pace) -> None:
        large = min(LARGE, max(1 << 20, pace.bytes))
        while len(batch.items) < pace.items and batch.bytes < pace.bytes and len(batch.folders) < pace.folders:
            item = self._held or self._next_item()
            self._held = None
            if item is None:
                return
            is_large = item.work == "file" and item.size > large
            if is_large and batch.items:
                self._held = item  # the walk stands still, so its folder stays open
                return
            if item.folder.parent is not None and item.work == "folder":
                batch.retain(item.folder.parent)
            batch.retain(item.folder)
            batch.items.append(item)
            batch.bytes += item.size if item.work == "file" else 0
            if is_large:
                batch.is_large = True
                return

    def _next_item(self) -> Item | None:
        event = next(self._events, None)
        if event is None:
            return None
        if isinstance(event, Left):
            item = Item("folder", event.folder, event.folder.name, event.folder.target_name, event.folder.status)
            item.ready, item.retraced = True, event.retraced
            return item
        if isinstance(event, Trouble):
            item = Item("note", event.folder, event.name, event.name, event.folder.status)
            item.end(event.outcome, event.reason)
            return item
        return self._item_of(event)

    def _item_of(self, entry: Entry) -> Item:
        status = entry.status
        item = Item("file", entry.folder, entry.name, entry.target_name, status)
        item.size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        if entry.retraced:
            item.work, item.ready, item.retraced = "removal", True, True
            item.final = self._finished_before(item)
            return item
        if kind := special_kind(status.st_mode):
            item.work = "note"
            item.end("warning", f"is {kind}, which cannot be copied")
            return item
        if stat.S_ISLNK(status.st_mode):
            item.work = "link"
        if entry.folder.target == NOT_OPEN:
            item.work = "note"
            item.end("error", "its folder could not be made in the destination")
            return item
        self._settle_conflict(item, entry)
        if item.work in ("file", "link") and self._can_rename(item.folder):
            item.work, item.ready = "rename", True
        return item

    def _settle_conflict(self, item: Item, entry: Entry) -> None:
        existing = _status_in(entry.folder.target, item.target_name) if entry.occupied else None
        item.decision = decide(self._policy, item.status, existing, ours_since=self._ours_since)
        if item.decision is Decision.KEEP_BOTH and (final := self._finished_before(item)):
            item.decision, item.final = Decision.DONE, final
        if item.decision is Decision.DONE:
            item.work, item.ready, item.final = "note", True, item.final or item.target_name
        elif reason := reason_of(item.decision, self._policy, existing):
            item.work, item.asked = "note", item.decision is Decision.ASK
            item.end("error" if item.decision is Decision.REFUSE else "skipped", reason)

    def _finished_before(self, item: Item) -> str:
        """The name under which an earlier attempt of this job finished this entry; empty if it did not."""
        if self._ours_since is None or item.folder.target == NOT_OPEN:
            return ""
        names = numbered_names(item.target_name) if self._policy == "rename" else iter(())
        name: str | None = item.target_name
        while name is not None:
            existing = _status_in(item.folder.target, name)
            if existing is None:
                return ""
            if is_ours(item.status, existing, self._ours_since):
                return name
            name = next(names, None)
        return ""

    def _can_rename(self, folder: Directory) -> bool:
        """Whether both sides are one mounted file system, so that a move needs no copy."""
        if not self._moving or folder.target_id is None or folder.source_id[0] != folder.target_id[0]:
            return False
        if self._same_mount is None or self._same_mount[0] is not folder:
            self._same_mount = (folder, mount_of(folder.source) == mount_of(folder.target))
        return self._same_mount[1]


def _status_in(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def mount_of(fd: int) -> str:
    """Which mount an open folder is on; a rename over two of them fails even within one file system."""
    try:
        with open(f"/proc/self/fdinfo/{fd}") as info:
            return next((line for line in info if line.startswith("mnt_id:")), "")
    except OSError:
        return ""
