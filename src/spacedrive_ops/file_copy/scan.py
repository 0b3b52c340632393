"""Counting before copying: how much there is, and whether the destination has room for what would be written."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from spacedrive_ops.file_copy import syscalls
from spacedrive_ops.file_copy.again import Again
from spacedrive_ops.file_copy.atomic import LookedUp
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.errors import NotEnoughSpace
from spacedrive_ops.file_copy.model import SHORT_ENOUGH, Counted, OnConflict, Position, Totals
from spacedrive_ops.file_copy.plan import Decision, decide, needed_bytes
from spacedrive_ops.file_copy.walk import Entry, Event, Left, Root, Trouble, walk
from spacedrive_ops.folders import NOT_OPEN, open_folder

LOOKED_AT: Final = 2_000
"""Between two looks for an interruption."""
CLONED: Final = 4096


class AsItIs:
    """The destination, looked at and left alone."""

    def __init__(self, *, ignores_case: bool = False) -> None:
        self.ignores_case = ignores_case

    def enter(self, parent: Directory, name: str, *, retraced: bool) -> tuple[int, Collection[str]]:
        if parent.target == NOT_OPEN:
            return NOT_OPEN, ()
        try:
            if not stat.S_ISDIR(os.stat(name, dir_fd=parent.target, follow_symlinks=False).st_mode):
                raise NotADirectoryError(name)
            fd = open_folder(parent.target, name)
        except FileNotFoundError:
            return NOT_OPEN, ()
        return fd, set(os.listdir(fd))

    def names_of(self, folder: int) -> Collection[str]:
        return LookedUp(folder)


Observer: TypeAlias = Callable[[Entry | Trouble, Decision, os.stat_result | None], None]
"""Is told of each entry what would be done with it, and what is in its place."""


class Scan:
    """Counts slice by slice, so that an interruption waits for none of it. `counted`: go on where one was stopped.

    `observer`: for who wants more than the sums.
    """

    def __init__(
        self,
        roots: list[Root],
        policy: OnConflict,
        *,
        excluded: Collection[tuple[int, int]],
        renames_on: int | None,
        may_be_gone: int,
        counted: Counted | None = None,
        again: Again | None = None,
        ignores_case: bool = False,
        observer: Observer | None = None,
    ) -> None:
        after = counted.at if counted is not None else None
        target = AsItIs(ignores_case=ignores_case)
        events = walk(roots, target, after=after, excluded=excluded, may_be_gone=may_be_gone)
        self._events = again.select(events) if again is not None else events
        self._policy: OnConflict = policy
        self._renames_on = renames_on
        self._observer = observer
        self.totals = Totals(counted.items, counted.bytes) if counted is not None else Totals()
        self.needed = counted.needed if counted is not None else 0
        self.at = b""
        self._last: Event | None = None

    def some(self, interrupted: Callable[[], bool]) -> bool:
        """Count on; whether that was all."""
        for _ in range(10):
            if not self._count(LOOKED_AT):
                return True
            if interrupted():
                return False
        return False

    def counted(self) -> Counted | None:
        """From where another scan may go on; None where it would have to begin anew."""
        if self._last is None:
            return None
        folder = self._last.folder
        path = folder.below_root()
        if not isinstance(self._last, Left):
            path = os.path.join(path, os.fsencode(self._last.name)) if folder.parent is not None else b""
        if len(path) > SHORT_ENOUGH:
            return None
        return Counted(Position(folder.root, path), self.totals.items, self.totals.bytes, self.needed)

    def close(self) -> None:
        close = getattr(self._events, "close", None)
        if close is not None:
            close()

    def _count(self, events: int) -> bool:
        event: Event | None = None
        for event in _up_to(events, self._events):
            if isinstance(event, Left):
                continue
            self.totals.items += 1
            decision, existing = self._judged(event)
            if isinstance(event, Entry) and stat.S_ISREG(event.status.st_mode):
                self.totals.bytes += event.status.st_size
                self._need(event, decision, existing)
            if self._observer is not None:
                self._observer(event, decision, existing)
        if event is not None:
            self.at, self._last = event.folder.path, event
        return event is not None

    def _judged(self, event: Entry | Trouble) -> tuple[Decision, os.stat_result | None]:
        """What would be done with it, and what is in its place."""
        if isinstance(event, Trouble) or not event.occupied:
            return Decision.CREATE, None
        try:
            existing = os.stat(event.target_name, dir_fd=event.folder.target, follow_symlinks=False)
        except OSError:
            return Decision.CREATE, None
        return decide(self._policy, event.status, existing, ours_since=None), existing

    def _need(self, entry: Entry, decision: Decision, existing: os.stat_result | None) -> None:
        """Where something is there already: nothing if it stays, the difference if it goes."""
        size = needed_bytes(entry.status)
        if self._renames_on is not None and entry.status.st_dev == self._renames_on:
            return
        match decision:
            case Decision.SKIP | Decision.REFUSE | Decision.ASK:  # who is told to replace it looks for room then
                return
            case Decision.REPLACE if existing is not None:
                self.needed += max(0, size - needed_bytes(existing))
            case _:
                self.needed += size


def _up_to(count: int, events: Iterator[Event]) -> Iterator[Event]:
    for _ in range(count):
        event = next(events, None)
        if event is None:
            return
        yield event


def check_room(holder: bytes, needed: int, source: bytes) -> None:
    """Raises NotEnoughSpace where the destination cannot hold it, unless it can share the source's blocks."""
    free = free_bytes(holder)
    if needed > free and not shares_blocks(source, holder):
        raise NotEnoughSpace(Path(os.fsdecode(holder)), needed, free)


def free_bytes(holder: bytes) -> int:
    """What this process may still write there; root may use what is reserved for it."""
    status = os.statvfs(holder)
    return (status.f_bfree if os.geteuid() == 0 else status.f_bavail) * status.f_frsize


def shares_blocks(source: bytes, holder: bytes) -> bool:
    """Whether files of the source can be cloned into the destination: asked of the file system by cloning."""
    try:
        if os.lstat(source).st_dev != os.stat(holder).st_dev:
            return False
        with tempfile.TemporaryFile(dir=holder) as first, tempfile.TemporaryFile(dir=holder) as second:
            first.write(b"\0" * CLONED)
            first.flush()
            return syscalls.clone(first.fileno(), second.fileno())
    except OSError:
        return False
