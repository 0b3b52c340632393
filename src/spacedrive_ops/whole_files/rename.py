"""A rename that replaces nothing, which Python does not offer."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

from spacedrive_ops.whole_files.names import exists

RENAME_NOREPLACE: Final = 1
_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})

_libc: Final = ctypes.CDLL(None, use_errno=True)


def rename_if_absent(source_dir: int, source: str, target_dir: int, target: str) -> None:
    """Rename, and raise FileExistsError, changing nothing, where `target` already exists."""
    renameat2 = getattr(_libc, "renameat2", None)
    if renameat2 is not None:
        if renameat2(source_dir, os.fsencode(source), target_dir, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), target)
    if exists(target_dir, target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(source, target, src_dir_fd=source_dir, dst_dir_fd=target_dir)
