"""Let two files share their blocks. The kernel itself compares them while nobody can write to either."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from typing import Final

from spacedrive_ops.content.digest import Stopped
from spacedrive_ops.duplicates.opened import LeftAlone, Opened

FIDEDUPERANGE: Final = 0xC0189436
REQUEST: Final = struct.Struct("=QQHHIqQQiI")
"""https://man7.org/linux/man-pages/man2/FIDEDUPERANGE.2const.html: the source's offset and length, the number of
targets, two reserved fields; the target's descriptor and offset, the bytes that were shared, what became of it."""
AT_ONCE: Final = 16 << 20
DIFFERS: Final = 1
FS_IOC_FIEMAP: Final = 0xC020660B
MAP_REQUEST: Final = struct.Struct("=QQIIII")
EXTENT: Final = struct.Struct("=QQQQQIIII")
EXTENTS: Final = 64
LAST: Final = 0x1
UNTOLD: Final = 0x2 | 0x4 | 0x200
"""Flags of extents of which it is not told where they are: unknown, not yet written, inside the inode."""

CANNOT: Final = frozenset({errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS})


def share_blocks(kept: Opened, doomed: Opened, interrupted: Callable[[], bool]) -> None:
    """Let `doomed` have the blocks of `kept`; both stay files of their own, with their owners, modes and times.

    Raises LeftAlone where they differ, or their file system cannot; OSError; Stopped.
    """
    offset, size = 0, kept.status.st_size
    while offset < size:
        offset += _share_range(kept, doomed, offset, min(AT_ONCE, size - offset))
        if interrupted():
            raise Stopped


def _share_range(kept: Opened, doomed: Opened, offset: int, length: int) -> int:
    request = bytearray(REQUEST.pack(offset, length, 1, 0, 0, doomed.fd, offset, 0, 0, 0))
    try:
        fcntl.ioctl(kept.fd, FIDEDUPERANGE, request)
        *_, shared, status, _ = REQUEST.unpack(request)
        if status < 0:
            raise OSError(-status, os.strerror(-status))
    except OSError as error:
        if error.errno in CANNOT:
            raise LeftAlone("lies on a file system on which files cannot share blocks") from error
        if error.errno == errno.EXDEV:
            raise LeftAlone(f"lies on another file system than {os.fsdecode(kept.path)}") from error
        raise
    if status == DIFFERS:
        raise LeftAlone(f"does not hold the same bytes as {os.fsdecode(kept.path)} any more")
    if not shared:
        raise LeftAlone("lies on a file system on which these files cannot share blocks")
    return int(shared)


def share_all_already(one: Opened, other: Opened) -> bool:
    """Whether two files are known to lie on the very same blocks. False where that is not told."""
    here, there = _extents(one), _extents(other)
    return here is not None and here == there


def _extents(file: Opened) -> list[tuple[int, int, int]] | None:
    """(offset, place on the disk, length) of each extent; None where the file system does not tell all of them."""
    found: list[tuple[int, int, int]] = []
    start = 0
    while True:
        request = bytearray(MAP_REQUEST.size + EXTENTS * EXTENT.size)
        MAP_REQUEST.pack_into(request, 0, start, (1 << 64) - 1 - start, 0, 0, EXTENTS, 0)
        try:
            fcntl.ioctl(file.fd, FS_IOC_FIEMAP, request)
        except OSError:
            return None
        mapped = MAP_REQUEST.unpack_from(request, 0)[3]
        for number in range(mapped):
            offset, place, length, _, _, flags, *_ = EXTENT.unpack_from(
                request, MAP_REQUEST.size + number * EXTENT.size
            )
            if flags & UNTOLD:
                return None
            found.append((offset, place, length))
            if flags & LAST:
                return found
            start = offset + length
        if not mapped:
            return found or None
