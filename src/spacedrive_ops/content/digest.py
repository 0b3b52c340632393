"""The BLAKE3 of a file's bytes, and the safe way to open it. Blocking."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Final, NamedTuple

from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.content.reader import OPEN_FILE, SAMPLE, Stopped, Unreadable, ends, taken, whole
from spacedrive_ops.folders import open_path

__all__ = ["OPEN_FILE", "SAMPLE", "Digest", "Stopped", "Unreadable", "digest_of", "open_file", "sample_of"]

PLAIN_PATH: Final = 4000
"""Longer paths are opened part by part: the kernel takes 4,096 bytes at once."""


class Digest(NamedTuple):
    """`digest`: 32 bytes. What the file was while it was read: `size` in bytes, `mtime_ns`."""

    digest: bytes
    size: int
    mtime_ns: int


def open_file(path: bytes) -> int:
    """Open a regular file for reading, however long its path is. Raises OSError, Unreadable.

    No link at its end is followed, and a FIFO or a device is not waited for.
    """
    fd = _open(path)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Unreadable("is no longer a plain file")
    return fd


def digest_of(path: bytes, interrupted: Callable[[], bool] = lambda: False) -> Digest:
    """Read a file and hash it. Raises Unreadable, with words for people; Stopped where `interrupted()` says so."""
    return Digest(*taken(lambda: _open(path), lambda fd, size: whole(new_hasher(), fd, size, interrupted)))


def sample_of(path: bytes) -> Digest:
    """The digest of a file's size, beginning and end alone: files that differ here are not equal. Raises Unreadable."""
    return Digest(*taken(lambda: _open(path), lambda fd, size: ends(new_hasher(), fd, size)))


def _open(path: bytes) -> int:
    if len(path) <= PLAIN_PATH:
        return os.open(path, OPEN_FILE)
    folder, name = os.path.split(path)
    inside = open_path(folder)
    try:
        return os.open(name, OPEN_FILE, dir_fd=inside)
    finally:
        os.close(inside)
