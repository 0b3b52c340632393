"""The BLAKE3 of a file's bytes, and the safe way to open it. Blocking."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.folders import open_path

CHUNK: Final = 2 << 20
AT_ONCE: Final = 256 << 10
"""Smaller files are read by one call."""
SAMPLE: Final = 4 << 10
"""Bytes at either end of a file that are compared before all of it is."""
OPEN_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
PLAIN_PATH: Final = 4000
"""Longer paths are opened part by part: the kernel takes 4,096 bytes at once."""


class Stopped(Exception):
    """Reading was interrupted: the file is read again by the next attempt."""


class Unreadable(Exception):
    """A file whose bytes could not be had; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Digest:
    """`digest`: 32 bytes. What the file was while it was read: `size` in bytes, `mtime_ns`."""

    digest: bytes
    size: int
    mtime_ns: int


def open_file(path: bytes) -> int:
    """Open a regular file for reading, however long its path is. Raises OSError, Unreadable.

    No link at its end is followed, and a FIFO or a device is not waited for.
    """
    return _opened(path)[0]


def digest_of(path: bytes, interrupted: Callable[[], bool] = lambda: False) -> Digest:
    """Read a file and hash it. Raises Unreadable, with words for people; Stopped where `interrupted()` says so."""
    return _taken(path, lambda fd, size: _whole(fd, size, interrupted))


def sample_of(path: bytes) -> Digest:
    """The digest of a file's size, beginning and end alone: files that differ here are not equal. Raises Unreadable."""
    return _taken(path, _ends)


def _opened(path: bytes) -> tuple[int, os.stat_result]:
    if len(path) <= PLAIN_PATH:
        fd = os.open(path, OPEN_FILE)
    else:
        folder, name = os.path.split(path)
        inside = open_path(folder)
        try:
            fd = os.open(name, OPEN_FILE, dir_fd=inside)
        finally:
            os.close(inside)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise Unreadable("is no longer a plain file")
    return fd, status


def _taken(path: bytes, take: Callable[[int, int], bytes]) -> Digest:
    """What `take` makes of an open file of some size; not of one that changes meanwhile. Raises Unreadable."""
    try:
        fd, before = _opened(path)
        try:
            digest = take(fd, before.st_size)
            after = os.fstat(fd)
        finally:
            os.close(fd)
    except FileNotFoundError as error:
        raise Unreadable("is no longer there") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unreadable("changed while it was read")
    return Digest(digest, after.st_size, after.st_mtime_ns)


def _whole(fd: int, size: int, interrupted: Callable[[], bool]) -> bytes:
    hasher = new_hasher()
    if size < AT_ONCE:
        data = os.read(fd, size + 1)
        hasher.update(data)
        if len(data) <= size:  # the end was seen, without a second read
            return hasher.digest()
    buffer = memoryview(bytearray(CHUNK))
    while count := os.readv(fd, [buffer]):
        hasher.update(buffer[:count])
        if interrupted():
            raise Stopped
    return hasher.digest()


def _ends(fd: int, size: int) -> bytes:
    hasher = new_hasher()
    hasher.update(b"%d " % size)
    hasher.update(os.pread(fd, SAMPLE, 0))
    hasher.update(os.pread(fd, SAMPLE, max(size - SAMPLE, 0)))
    return hasher.digest()
