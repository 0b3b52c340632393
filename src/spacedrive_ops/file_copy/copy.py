"""Bytes from one open file to another: cloned, copied inside the kernel, or read and written; holes stay holes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy import syscalls

SMALLEST_CHUNK: Final = 256 << 10
LARGEST_CHUNK: Final = 8 << 20
TOO_LONG: Final = 0.05
"""Between two chunks an interruption is noticed, so on a slow device they become smaller until one takes this long."""
BUFFER: Final = 256 << 10
ONE_READ: Final = 256 << 10
"""Up to here one read and one write are cheaper than a copy inside the kernel."""

_CANNOT_IN_KERNEL: Final = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.ETXTBSY, errno.EBADF}
)


class Stopped(Exception):
    """An interruption was asked for between two chunks; the bytes before `position` are copied."""

    def __init__(self, position: int = 0) -> None:
        self.position = position
        super().__init__(position)


class ByteCopier:
    """Copies ranges of files, and remembers which ways the two file systems do not offer. Thread-safe."""

    def __init__(self, interrupted: Callable[[], bool]) -> None:
        self._interrupted = interrupted
        self.chunk = LARGEST_CHUNK
        self._no_clone: set[tuple[int, int]] = set()
        self._no_kernel_copy: set[tuple[int, int]] = set()

    def clone(self, source: int, target: int, devices: tuple[int, int]) -> bool:
        """Share all blocks of the source, where the file system can."""
        if devices in self._no_clone:
            return False
        if syscalls.clone(source, target):
            return True
        self._no_clone.add(devices)
        return False

    def copy_range(
        self, source: int, target: int, start: int, end: int, devices: tuple[int, int], *, sparse: bool, until: int
    ) -> int:
        """Copy from `start` and return where it stopped: at `end`, earlier where the source ends or past `until`.

        Raises Stopped when an interruption is asked for; what was copied up to then is to be copied again.
        """
        ranges = data_ranges(source, start, end) if sparse else iter(((start, end),))
        for begin, finish in ranges:
            at = begin
            while at < finish:
                if at >= until:
                    return at
                began = monotonic()
                count = self._copy_chunk(source, target, at, min(self.chunk, finish - at), devices)
                self._adapt(monotonic() - began)
                if count == 0:
                    return at
                at += count
                if at < finish and self._interrupted():
                    raise Stopped(at)
        return end

    def _adapt(self, seconds: float) -> None:
        if seconds > TOO_LONG:
            self.chunk = max(SMALLEST_CHUNK, self.chunk // 2)
        elif seconds < TOO_LONG / 4:
            self.chunk = min(LARGEST_CHUNK, self.chunk * 2)

    def _copy_chunk(self, source: int, target: int, at: int, size: int, devices: tuple[int, int]) -> int:
        failpoint.hit("copy.data")
        if size > ONE_READ and devices not in self._no_kernel_copy:
            try:
                count = os.copy_file_range(source, target, size, at, at)
            except OSError as error:
                if error.errno not in _CANNOT_IN_KERNEL:
                    raise
                self._no_kernel_copy.add(devices)
            else:
                if count:
                    return count
        return _read_and_write(source, target, at, size)


def _read_and_write(source: int, target: int, at: int, size: int) -> int:
    """Copy up to `size` bytes; fewer where the source ends. The buffer is small enough to stay in the cache."""
    buffer = memoryview(bytearray(min(size, BUFFER)))
    done = 0
    while done < size:
        count = os.preadv(source, [buffer[: size - done]], at + done)
        if count == 0:
            break
        write_all(target, buffer[:count], at + done)
        done += count
    return done


def write_all(target: int, data: memoryview | bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(target, view, at)
        view = view[count:]
        at += count


def data_ranges(fd: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a file that hold data; all of it where the file system does not say."""
    at = start
    while at < end:
        try:
            data = os.lseek(fd, at, os.SEEK_DATA)
            hole = os.lseek(fd, data, os.SEEK_HOLE)
        except OSError as error:
            if error.errno != errno.ENXIO:  # ENXIO: no data from here on
                yield at, end
            return
        if data >= end:
            return
        yield data, min(hole, end)
        at = hole


def differs_before(source: int, target: int, offset: int, size: int) -> bool:
    """Whether the last `size` bytes before `offset` differ: a cheap look before a partial is gone on with."""
    at = max(0, offset - size)
    while at < offset:
        wanted = os.pread(source, min(BUFFER, offset - at), at)
        if not wanted or os.pread(target, len(wanted), at) != wanted:
            return True
        at += len(wanted)
    return False
