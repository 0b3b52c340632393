"""The few system calls that Python does not offer, each with a fallback where the kernel or file system lacks it.

All of them release the GIL while they run.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable
from typing import Any, Final

AT_FDCWD: Final = -100
FICLONE: Final = 0x40049409
SYNC_FILE_RANGE_WRITE: Final = 2

_libc: Final = ctypes.CDLL(None, use_errno=True)


def _function(name: str, *arguments: Any) -> Callable[..., int] | None:
    function = getattr(_libc, name, None)
    if function is None:
        return None
    function.argtypes = arguments
    function.restype = ctypes.c_int
    return function  # type: ignore[no-any-return]  # ctypes gives untyped functions


_syncfs: Final = _function("syncfs", ctypes.c_int)
_sync_file_range: Final = _function("sync_file_range", ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


def _last_error(path: str | None = None) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), path)


def sync_file_system(fd: int) -> None:
    """Make durable all that was written to the file system that holds `fd`."""
    if _syncfs is None:
        os.sync()
    elif _syncfs(fd) != 0:
        raise _last_error()


def start_writeback(fd: int, offset: int, length: int) -> None:
    """Ask the kernel to begin writing a range out; waits for nothing and promises nothing."""
    if _sync_file_range is not None:
        _sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE)


def clone(source: int, target: int) -> bool:
    """Let `target` share all blocks of `source`; False where the file systems cannot."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False
    return True
