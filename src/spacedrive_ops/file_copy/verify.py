"""BLAKE3 over what was read and over what is read back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.copy import Stopped, data_ranges

BUFFER: Final = 256 << 10
POLLED: Final = 32 << 20


def digest_of(data: bytes) -> bytes:
    hasher = new_hasher()
    hasher.update(data)
    return hasher.digest()


class RangeHash:
    """The hash of a file's data, range after range. Holes are left out: `ranges_of` says where the source has data."""

    def __init__(self, fd: int, ranges_of: int, *, sparse: bool, interrupted: Callable[[], bool]) -> None:
        self._fd, self._ranges_of, self._sparse = fd, ranges_of, sparse
        self._interrupted = interrupted
        self._hasher = new_hasher()
        self._buffer = memoryview(bytearray(BUFFER))
        self.position = 0

    def advance(self, end: int) -> None:
        """Hash on up to `end`. Raises Stopped at an interruption."""
        ranges = data_ranges(self._ranges_of, self.position, end) if self._sparse else iter(((self.position, end),))
        for start, finish in ranges:
            self._range(start, finish)
        self.position = max(self.position, end)

    def _range(self, start: int, end: int) -> None:
        at, polled = start, start
        while at < end:
            count = os.preadv(self._fd, [self._buffer[: end - at]], at)
            if count == 0:
                return
            self._hasher.update(self._buffer[:count])
            at += count
            self.position = at
            if at - polled >= POLLED:
                polled = at
                if self._interrupted():
                    raise Stopped(at)

    def digest(self) -> bytes:
        return self._hasher.digest()


def forget_cached(fd: int, offset: int = 0, length: int = 0) -> None:
    """Let what was flushed be read from the disk again, not from memory, where the kernel agrees."""
    try:
        os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)
    except OSError:
        pass  # only advice


def reads_back_as(folder: int, partial: str, digest: bytes) -> bool:
    """Whether a small flushed partial still has this digest."""
    fd = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        forget_cached(fd)
        hasher = new_hasher()
        while data := os.read(fd, BUFFER):
            hasher.update(data)
        return hasher.digest() == digest
    finally:
        os.close(fd)
