"""Open folders: work is done through descriptors, one name at a time.

So a path may be longer than the kernel takes, and a folder that somebody swaps for a link is never followed.
"""

from __future__ import annotations

import errno
import os
from typing import Final, TypeAlias

Identity: TypeAlias = tuple[int, int]
"""Device and inode."""

Volume: TypeAlias = tuple[int, int]
"""Mount and device: entries can be moved between two folders only where these are the same."""

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
PART_MAX: Final = 2048


def open_folder(parent: int, name: str) -> int:
    """Open a folder below another, never through a link. Raises OSError."""
    return os.open(name, FOLDER, dir_fd=parent)


def open_path(path: bytes) -> int:
    """Open a folder by a path of any length. Links are followed, as in a path that a person gave."""
    here = os.open(b"/" if path.startswith(b"/") else b".", FOLDER)
    rest = path.strip(b"/")
    while rest:
        piece, rest = _split(rest)
        try:
            below = os.open(piece, FOLDER & ~os.O_NOFOLLOW, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def _split(path: bytes) -> tuple[bytes, bytes]:
    if len(path) <= PART_MAX:
        return path, b""
    end = path.rfind(b"/", 0, PART_MAX)
    if end <= 0:
        end = path.find(b"/")
        if end < 0:
            return path, b""
    return path[:end], path[end + 1 :].lstrip(b"/")


def identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


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


def exists(folder: int, name: str) -> bool:
    """Whether `name` exists in `folder`, as any kind of entry."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def is_gone(error: OSError) -> bool:
    return error.errno in (errno.ENOENT, errno.ENOTDIR)
