"""A large file: copied slice by slice, each flushed while the next is copied, so that it can be gone on with inside.

Two threads use one Transfer at a time: one calls `copy_some` (and `hash_source`), the other `flush`.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import Final

from spacedrive_ops.file_copy import syscalls
from spacedrive_ops.file_copy.copy import Stopped, differs_before
from spacedrive_ops.file_copy.item import Item, Tools
from spacedrive_ops.file_copy.metadata import apply_to_file
from spacedrive_ops.file_copy.model import Identity, NoRoomLeft, PartialFile
from spacedrive_ops.file_copy.plan import is_sparse
from spacedrive_ops.file_copy.small import CHANGED, TRIES, open_source
from spacedrive_ops.file_copy.verify import RangeHash, forget_cached
from spacedrive_ops.whole_files.partial import discard

COMPARED: Final = 1 << 20
"""How much before the offset is compared before an earlier attempt's partial is gone on with."""


class Transfer:
    """The copy of one large file, from an open source to a locked partial."""

    def __init__(self, item: Item, tools: Tools) -> None:
        self.item, self._tools = item, tools
        self._source = self._target = -1
        self._before = item.status
        self._sparse = False
        self._tries = 0
        self._cloned = self._ended_early = False
        self._hashes: tuple[RangeHash, RangeHash] | None = None
        self.position = self.flushed = self.resumed_at = 0
        self.finished = False

    @property
    def size(self) -> int:
        return self._before.st_size

    @property
    def target(self) -> int:
        """The partial's descriptor."""
        return self._target

    @property
    def is_open(self) -> bool:
        return self._target >= 0

    def partial(self) -> PartialFile:
        """What a later attempt needs to go on inside the file; only what was flushed counts."""
        return PartialFile(self.item.partial, self.flushed, Identity.of(self._before))

    def open(self, unfinished: PartialFile | None) -> None:
        """Open both sides, going on with an earlier attempt's partial where that is still right."""
        self._source, self._before = open_source(self.item.folder, self.item.name)
        self._sparse = is_sparse(self._before)
        if not (unfinished is not None and self._adopt(unfinished)):
            self.item.partial, self._target = self._tools.partials.create(self.item.folder.target)
            self._cloned = bool(self.size) and self._tools.copier.clone(self._source, self._target, self._devices)
            if self._cloned:
                self.position = self.flushed = self.size
        self._start_hashing()

    @property
    def _devices(self) -> tuple[int, int]:
        target = self.item.folder.target_id
        return self._before.st_dev, target[0] if target else 0

    def _adopt(self, unfinished: PartialFile) -> bool:
        if not self.is_of(unfinished):
            return False
        folder = self.item.folder.target
        fd = self._lock_sound(folder, unfinished)
        if fd is None:  # also where its writer is stopped, not dead: without the name it has nothing left to rename
            discard(folder, unfinished.name)
            return False
        os.ftruncate(fd, unfinished.offset)
        self.item.partial, self._target = unfinished.name, fd
        self.position = self.flushed = self.resumed_at = unfinished.offset
        return True

    def is_of(self, unfinished: PartialFile) -> bool:
        """Whether an earlier attempt's partial is of this file, whatever became of the file since."""
        return (unfinished.source.device, unfinished.source.inode) == (self._before.st_dev, self._before.st_ino)

    def _lock_sound(self, folder: int, unfinished: PartialFile) -> int | None:
        """The partial, open and locked, if it is the beginning of what the source is now."""
        if unfinished.source != Identity.of(self._before):
            return None
        fd = self._tools.partials.adopt(folder, unfinished.name)
        if fd is None:
            return None
        if os.fstat(fd).st_size < unfinished.offset or differs_before(self._source, fd, unfinished.offset, COMPARED):
            os.close(fd)
            return None
        return fd

    def copy_some(self, budget: int, seconds: float) -> None:
        """Copy the next slice. `finished` is set once content and metadata are complete.

        Trouble with the file becomes the item's; raises NoRoomLeft, and Stopped at an interruption.
        """
        try:
            self._copy_slice(self.position + budget, monotonic() + seconds)
            if (self.position >= self.size or self._ended_early) and self._is_unchanged():
                self._finish()
        except (Stopped, NoRoomLeft):
            raise
        except OSError as error:
            self.give_up("cannot be copied", error)

    def _copy_slice(self, until: int, deadline: float) -> None:
        until = min(until, self.size)
        while self.position < until:
            start, step = self.position, min(until, self.position + self._tools.copier.chunk)
            try:
                self.position = self._tools.copier.copy_range(
                    self._source, self._target, start, self.size, self._devices, sparse=self._sparse, until=step
                )
            except Stopped as stop:
                self.position = stop.position
                raise
            if self._tools.durable:
                syscalls.start_writeback(self._target, start, self.position - start)
            if self.position < step:  # the source has become shorter: `_is_unchanged` will see it
                self._ended_early = True
                return
            if self.position < self.size and self._tools.interrupted():
                raise Stopped(self.position)
            if monotonic() >= deadline:
                return

    def _is_unchanged(self) -> bool:
        """Whether what was copied is one version of the file; else it is copied again, or said to have changed."""
        after = os.fstat(self._source)
        if Identity.of(after) == Identity.of(self._before):
            return True
        self._tries += 1
        if self._tries < TRIES:
            self._restart(after)
            return False
        self.item.outcome, self.item.reason = "warning", CHANGED
        return True

    def _restart(self, status: os.stat_result) -> None:
        os.ftruncate(self._target, 0)
        self._before, self._sparse = status, is_sparse(status)
        self.position = self.flushed = 0
        self._cloned = self._ended_early = False
        self._start_hashing()

    def _finish(self) -> None:
        os.ftruncate(self._target, self.position)
        self.item.status = self._before
        self.item.copied = self.item.size
        apply_to_file(self._source, self._target, self._before, self.item.folder, self._tools.denied)
        self.finished = True

    def flush(self) -> None:
        """Make durable what was copied up to now, and check what is on disk where that is asked for."""
        reached, finished, start, tries, hashes = self.position, self.finished, self.flushed, self._tries, self._hashes
        if self._tools.durable:
            (os.fsync if finished else os.fdatasync)(self._target)
        if tries != self._tries:
            return  # copied anew meanwhile: what was flushed is of no use
        self.flushed = reached
        if hashes is not None:
            if self._tools.durable:
                forget_cached(self._target, start, reached - start)
            hashes[1].advance(reached)

    # --- verifying

    def _start_hashing(self) -> None:
        self._hashes = None
        if self._tools.verify and not self._cloned:
            sides = (self._source, self._target)
            read, written = (
                RangeHash(fd, self._source, sparse=self._sparse, interrupted=self._tools.interrupted) for fd in sides
            )
            self._hashes = (read, written)

    def hash_source(self, budget: int) -> None:
        """Hash the source on, beside the copying, so that its disk reads the range once. Raises Stopped."""
        if self._hashes is None:
            return
        try:
            self._hashes[0].advance(min(self.size, self.position + budget))
        except OSError as error:
            self.give_up("cannot be read", error)

    def is_verified(self) -> bool:
        """Whether the finished and flushed partial holds what was read. If not, and once only, it is copied again."""
        if self._hashes is None:
            return True
        read, written = self._hashes
        read.advance(self.size)
        written.advance(self.size)
        return read.digest() == written.digest()

    def copy_again(self) -> bool:
        """Start from nothing after a failed verification; False where that was tried before."""
        self._tries += 1
        if self._tries >= TRIES:
            return False
        self.finished = False
        self.item.outcome, self.item.reason = "ok", ""
        self._restart(os.fstat(self._source))
        return True

    # --- the end

    def give_up(self, what: str, error: OSError) -> None:
        """This file cannot be copied: the item says why. The partial is left to `discard`: it may be being flushed."""
        self.item.copied = 0
        self.item.fail(what, error)
        self.finished = True

    def discard(self) -> None:
        if self.item.partial:
            discard(self.item.folder.target, self.item.partial)
            self.item.partial = ""
        self.close()

    def close(self) -> None:
        """Let go of both files, and so of the partial's lock."""
        for fd in (self._source, self._target):
            if fd >= 0:
                os.close(fd)
        self._source = self._target = -1
