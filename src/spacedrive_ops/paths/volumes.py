"""File systems by their UUID: which one a path is on, and where one is mounted now. Blocking."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final
from uuid import UUID

from spacedrive_ops.mounts import Mount, read_mounts

FS_IOC_GETFSUUID: Final = 0x8011_1500
"""Of linux/fs.h, from 6.9 on: the answer is a byte with the length, then the UUID."""
BY_UUID: Final = Path("/dev/disk/by-uuid")
ON_DISKS: Final = frozenset(
    ("bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfsplus", "jfs", "ntfs3", "vfat", "xfs")
)
"""Kinds of file systems that are on a disk of this machine: others are not even looked at, since one whose server is
gone would not answer."""


def volume_of(path: bytes) -> tuple[str, bytes] | None:
    """The UUID of the file system that holds a path, and the path below its root; None where it has none that stays.

    Raises OSError where there is no such path.
    """
    real = os.path.realpath(path, strict=True)
    for mount in sorted(read_mounts(), key=lambda one: len(one.place), reverse=True):
        if _within(real, mount.place):
            uuid = uuid_of(mount)
            if uuid is None:
                return None
            return uuid, os.path.normpath(os.path.join(mount.inside, os.path.relpath(real, mount.place))).lstrip(b"/")
    return None


def places_of(uuid: str, path: bytes) -> list[bytes]:
    """Where a path of a file system is seen on this machine now: none where it is not mounted, several where it is
    mounted more than once."""
    found: list[bytes] = []
    for mount in read_mounts():
        inside = mount.inside.strip(b"/")
        if _within(b"/" + path, b"/" + inside) and uuid_of(mount) == uuid:
            below = path[len(inside) :].lstrip(b"/")
            found.append(os.path.join(mount.place, below) if below else mount.place)
    return found


def uuid_of(mount: Mount) -> str | None:
    """The UUID of a mounted file system that is on a disk."""
    if mount.kind not in ON_DISKS:
        return None
    try:
        folder = os.open(mount.place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return _from_kernel(folder) or _from_links(os.fstat(folder).st_dev)
    finally:
        os.close(folder)


def _from_kernel(folder: int) -> str | None:
    try:
        answer = fcntl.ioctl(folder, FS_IOC_GETFSUUID, bytes(17))
    except OSError:
        return None
    raw = answer[1 : 1 + answer[0]]
    if not any(raw):  # some images were made without one
        return None
    return str(UUID(bytes=raw)) if len(raw) == 16 else raw.hex()


def _from_links(device: int) -> str | None:
    """As udev has them, for a kernel that does not tell."""
    try:
        names = os.listdir(BY_UUID)
    except OSError:
        return None
    for name in names:
        try:
            if os.stat(BY_UUID / name).st_rdev == device:
                return name
        except OSError:
            continue
    return None


def _within(path: bytes, folder: bytes) -> bool:
    return path == folder or folder == b"/" or path.startswith(folder + b"/")
