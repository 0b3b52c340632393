"""The BLAKE3 of a file's bytes, and the safe way to open it. Blocking."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.folders import open_path

CHUNK: Final = 1 << 20
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
    if len(path) <= PLAIN_PATH:
        fd = os.open(path, OPEN_FILE)
    else:
        folder, name = os.path.split(path)
        inside = open_path(folder)
        try:
            fd = os.open(name, OPEN_FILE, dir_fd=inside)
        finally:
            os.close(inside)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Unreadable("is no longer a plain file")
    return fd


def digest_of(path: bytes, interrupted: Callable[[], bool] = lambda: False) -> Digest:
    """Read a file and hash it. Raises Unreadable, with words for people; Stopped where `interrupted()` says so."""
    hasher = new_hasher()
    try:
        fd = open_file(path)
    except FileNotFoundError as error:
        raise Unreadable("is no longer there") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    with open(fd, "rb", buffering=0) as file:
        before = os.fstat(fd)
        buffer = memoryview(bytearray(min(CHUNK, max(before.st_size, 1))))
        try:
            while count := file.readinto(buffer):
                hasher.update(buffer[:count])
                if interrupted():
                    raise Stopped
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error
        after = os.fstat(fd)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unreadable("changed while it was read")
    return Digest(hasher.digest(), after.st_size, after.st_mtime_ns)
