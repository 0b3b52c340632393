"""Files and links that are copied in one go, many at a time; one flush then serves them all."""

from __future__ import annotations

import errno
import os
import stat

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy.copy import ONE_READ, Stopped, write_all
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.item import Item, Tools
from spacedrive_ops.file_copy.metadata import apply_to_file, apply_to_link
from spacedrive_ops.file_copy.model import Identity, NoRoomLeft
from spacedrive_ops.file_copy.plan import is_sparse
from spacedrive_ops.file_copy.verify import RangeHash, digest_of
from spacedrive_ops.whole_files.partial import discard

TRIES = 3
"""How often a file that changes while it is read is read again."""

CHANGED = "changed while it was being copied"
READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SourceChanged(OSError):
    """The entry is no longer what the walk saw."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "it was replaced while it was being copied")


def open_source(folder: Directory, name: str) -> tuple[int, os.stat_result]:
    """Open a regular file for reading: never through a link, never waiting for the other end of a FIFO."""
    try:
        fd = os.open(name, READING | os.O_NOATIME, dir_fd=folder.source)
    except PermissionError:
        fd = os.open(name, READING, dir_fd=folder.source)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise SourceChanged
    return fd, status


def prepare(item: Item, tools: Tools) -> None:
    """Write the entry's content and metadata under a partial name. Trouble is the item's, not raised.

    Raises NoRoomLeft, and Stopped at an interruption (the item is then not ready).
    """
    try:
        if item.work == "file":
            _copy_file(item, tools)
        elif item.work == "link":
            _copy_link(item, tools)
    except FileNotFoundError:
        _forsake(item)
        item.end("warning", "vanished before it could be copied")
    except (NoRoomLeft, Stopped):
        _forsake(item)
        raise
    except OSError as error:
        _forsake(item)
        item.fail("cannot be copied", error)
    else:
        item.ready = True


def _forsake(item: Item) -> None:
    if item.partial:
        discard(item.folder.target, item.partial)
    item.partial, item.copied = "", 0


def _copy_file(item: Item, tools: Tools) -> None:
    source, status = open_source(item.folder, item.name)
    try:
        try:
            item.partial, target = tools.partials.create(item.folder.target)
        except FileNotFoundError:
            raise OSError(errno.ESTALE, "the destination's folder has vanished") from None
        try:
            _fill(item, source, status, target, tools)
        finally:
            os.close(target)
    finally:
        os.close(source)


def _fill(item: Item, source: int, before: os.stat_result, target: int, tools: Tools) -> None:
    for attempt in range(TRIES):
        if attempt:
            os.ftruncate(target, 0)
        item.digest = _copy_content(source, target, before, item, tools)
        after = os.fstat(source)
        if after.st_size == before.st_size and after.st_mtime_ns == before.st_mtime_ns:
            break
        if attempt == TRIES - 1:
            # The copy keeps the older time, so that it never passes for a copy of what the source is now.
            item.outcome, item.reason = "warning", CHANGED
            break
        before = after
    item.status = before
    item.copied = item.size
    apply_to_file(source, target, before, item.folder, tools.denied)


def _copy_content(source: int, target: int, status: os.stat_result, item: Item, tools: Tools) -> bytes:
    """Copy all of it; the digest of what was read, where one is asked for."""
    size, sparse = status.st_size, is_sparse(status)
    devices = (status.st_dev, item.folder.target_id[0] if item.folder.target_id else 0)
    if size and not sparse and tools.copier.clone(source, target, devices):
        return b""
    if size <= ONE_READ and not sparse:
        failpoint.hit("copy.data")
        data = os.pread(source, size, 0)
        write_all(target, data, 0)
        return digest_of(data) if tools.verify else b""
    tools.copier.copy_range(source, target, 0, size, devices, sparse=sparse, until=size)
    if sparse:
        os.ftruncate(target, size)
    if not tools.verify:
        return b""
    # All of the file, holes included: it is read back by its name, where nobody knows of the source's holes.
    hashed = RangeHash(source, source, sparse=False, interrupted=tools.interrupted)
    hashed.advance(size)
    return hashed.digest()


def _copy_link(item: Item, tools: Tools) -> None:
    target = os.readlink(item.name, dir_fd=item.folder.source)
    item.partial = tools.partials.new_name()
    os.symlink(target, item.partial, dir_fd=item.folder.target)
    apply_to_link(item.folder, item.name, item.partial, item.status, tools.denied)
    item.copied = item.size


def identity_now(folder: Directory, name: str) -> Identity | None:
    """What the source's name stands for at this moment; None if it is gone."""
    try:
        return Identity.of(os.stat(name, dir_fd=folder.source, follow_symlinks=False))
    except FileNotFoundError:
        return None
