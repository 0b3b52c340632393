"""What is mounted below a folder: each real folder is read once, and a disk that is not there is no empty folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Final

from spacedrive_ops.indexer.rules import PSEUDO
from spacedrive_ops.library_index.locations import Mounted
from spacedrive_ops.mounts import Mount, read_mounts
from spacedrive_ops.paths.volumes import uuid_of

FLEETING: Final = frozenset(("autofs", "overlay", "ramfs", "squashfs", "tmpfs"))
"""Kinds of file systems that come and go with their place: where that is gone too, so is what was on them."""


def closed_places(root: bytes, *, system: bool) -> dict[bytes, str]:
    """Places below `root` (an absolute path) that are not to be entered, each with the reason. Blocking.

    `system`: leave out the kernel's own file systems. A bind mount shows a folder that is seen elsewhere as well: below
    the root it is read where it lies, or at the first place where it is mounted.
    """
    table = read_mounts()
    given, root = root, os.path.realpath(root)
    holder = max((one for one in table if _within(root, one.place)), key=lambda one: len(one.place), default=None)
    seen: dict[tuple[bytes, bytes], bytes] = {}
    if holder is not None:
        below = os.path.relpath(root, holder.place)
        seen[holder.device, os.path.normpath(os.path.join(holder.inside, below))] = root
    closed: dict[bytes, str] = {}
    for mount in sorted(table, key=lambda one: one.place):
        if mount.place == root or not _within(mount.place, root):
            continue
        if system and mount.kind in PSEUDO:
            closed[_as_given(mount.place, root, given)] = f"is the kernel's own file system ({mount.kind})"
            continue
        twin = next((place for (device, inside), place in seen.items() if _shows(mount, device, inside)), None)
        if twin is not None:
            closed[_as_given(mount.place, root, given)] = (
                f"is the same folder as one under {os.fsdecode(twin)}, mounted a second time"
            )
        else:
            seen[mount.device, mount.inside] = mount.place
    return closed


def mounted_inside(root: bytes, closed: Collection[bytes]) -> dict[bytes, Mounted]:
    """What is mounted below `root` and read there, by its path below it. `closed`: see `closed_places`. Blocking."""
    real = os.path.realpath(root)
    return {
        os.path.relpath(mount.place, real): Mounted(mount.kind, uuid_of(mount) or "")
        for mount in read_mounts()
        if mount.place != real
        and _within(mount.place, real)
        and mount.kind not in PSEUDO
        and _as_given(mount.place, real, root) not in closed
    }


def absent(root: bytes, known: Mapping[bytes, Mounted], now: Mapping[bytes, Mounted]) -> list[bytes]:
    """Where below `root` a disk was mounted that is not there now, or is another one. Blocking."""
    return [place for place, before in known.items() if not _is_there(root, place, before, now.get(place))]


def _is_there(root: bytes, place: bytes, before: Mounted, now: Mounted | None) -> bool:
    if now is None:
        return before.kind in FLEETING and not os.path.lexists(os.path.join(root, place))
    return not before.volume or not now.volume or before.volume == now.volume


def is_within(path: bytes, folders: Collection[bytes]) -> bool:
    """Whether the path is one of the folders, or below one."""
    return any(_within(path, folder) for folder in folders)


def _as_given(place: bytes, root: bytes, given: bytes) -> bytes:
    """The place as the walk names it: the root may have been given through a link."""
    return os.path.join(given, os.path.relpath(place, root))


def _shows(mount: Mount, device: bytes, inside: bytes) -> bool:
    """Whether the mount shows a folder that lies in the other, or around it."""
    return mount.device == device and (_within(mount.inside, inside) or _within(inside, mount.inside))


def _within(path: bytes, folder: bytes) -> bool:
    return path == folder or folder == b"/" or path.startswith(folder + b"/")
