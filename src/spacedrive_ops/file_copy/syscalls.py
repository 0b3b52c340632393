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
RENAME_NOREPLACE: Final = 1
FICLONE: Final = 0x40049409
SYNC_FILE_RANGE_WRITE: Final = 2

_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_libc: Final = ctypes.CDLL(None, use_errno=True)


def _function(name: str, *arguments: Any) -> Callable[..., int] | None:
    function = getattr(_libc, name, None)
    if function is None:
        return None
    function.argtypes = arguments
    function.restype = ctypes.c_int
    return function  # type: ignore[no-any-return]  # ctypes gives untyped functions


_syncfs: Final = _function("syncfs", ctypes.c_int)
_renameat2: Final = _function("renameat2", ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
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


def rename_if_absent(source_dir: int, source: str, target_dir: int, target: str) -> None:
    """Rename, and raise FileExistsError, changing nothing, where `target` already exists."""
    if _renameat2 is not None:
        if _renameat2(source_dir, os.fsencode(source), target_dir, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        if ctypes.get_errno() not in _UNSUPPORTED:
            raise _last_error(target)
    _rename_by_link(source_dir, source, target_dir, target)


def _rename_by_link(source_dir: int, source: str, target_dir: int, target: str) -> None:
    """The same by a hard link, which refuses an existing name too; without links only a look before remains."""
    try:
        os.link(source, target, src_dir_fd=source_dir, dst_dir_fd=target_dir, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        if exists(target_dir, target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(source, target, src_dir_fd=source_dir, dst_dir_fd=target_dir)
    else:
        os.unlink(source, dir_fd=source_dir)


def exists(directory: int, name: str) -> bool:
    """Whether `name` exists in `directory`, as any kind of entry."""
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def clone(source: int, target: int) -> bool:
    """Let `target` share all blocks of `source`; False where the file systems cannot."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False
    return True
