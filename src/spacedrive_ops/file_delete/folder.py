"""Open folders: work is done through descriptors, one name at a time.

So a path may be longer than the kernel takes, and a folder that somebody swaps for a link is never followed.
"""

from __future__ import annotations

import errno
import os
from typing import Final, TypeAlias

Volume: TypeAlias = tuple[int, int]
"""Mount and device: entries can be moved between two folders only where these are the same."""

LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def volume_of(fd: int) -> Volume:
    """The mount is told by /proc: a bind mount has the device of what it shows."""
    return _mount_of(fd), os.fstat(fd).st_dev


def _mount_of(fd: int) -> int:
    try:
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("mnt_id"))
    except (OSError, StopIteration):
        return 0  # without /proc the device alone must do


def volume_at(folder: int, name: str) -> Volume:
    """Of an entry of any kind; a folder that something is mounted on is what is mounted."""
    fd = os.open(name, LOOK, dir_fd=folder)
    try:
        return volume_of(fd)
    finally:
        os.close(fd)


def is_gone(error: OSError) -> bool:
    return error.errno in (errno.ENOENT, errno.ENOTDIR)
