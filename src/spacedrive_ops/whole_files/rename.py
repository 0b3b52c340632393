"""Renames that Python does not offer, with a fallback where kernel or file system lack them."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

from spacedrive_ops.folders import exists

RENAME_NOREPLACE: Final = 1
RENAME_EXCHANGE: Final = 2
_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_TYPES: Final = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)

_renameat2: Final = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
if _renameat2 is not None:
    _renameat2.argtypes = _TYPES
    _renameat2.restype = ctypes.c_int


def rename_if_absent(source_dir: int, source: str, target_dir: int, target: str) -> None:
    """Rename, and raise FileExistsError, changing nothing, where `target` already exists."""
    if _renameat2 is not None:
        if _renameat2(source_dir, os.fsencode(source), target_dir, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        if (number := ctypes.get_errno()) not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), target)
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


def exchange(folder: int, one: str, other: str) -> bool:
    """Let two names of a folder change places in one step; False where kernel or file system cannot."""
    if _renameat2 is None:
        return False
    if _renameat2(folder, os.fsencode(one), folder, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    if (number := ctypes.get_errno()) in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), other)
