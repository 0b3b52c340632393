"""What is mounted below a folder, so that each real folder is read once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Final

from spacedrive_ops.indexer.rules import PSEUDO

MOUNT_TABLE: Final = "/proc/self/mountinfo"


@dataclass(frozen=True, slots=True)
class Mount:
    """`place`: where it is mounted. `device` and `inside`: which folder of which file system is seen there."""

    place: bytes
    device: bytes
    inside: bytes
    kind: str


@dataclass(slots=True)
class Mounts:
    """By their places below a root: which of them are not to be entered, and why."""

    closed: dict[bytes, str] = field(default_factory=dict[bytes, str])


def read_mounts(root: bytes, *, system: bool) -> Mounts:
    """Look at what is mounted below `root` (an absolute path). Blocking.

    `system`: leave out the kernel's own file systems. A bind mount shows a folder that is seen elsewhere as well: below
    the root it is read where it lies, or at the first place where it is mounted.
    """
    try:
        with open(MOUNT_TABLE, "rb") as file:
            table = [mount for line in file if (mount := _parsed(line)) is not None]
    except OSError:
        return Mounts()
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
    return Mounts(closed)


def _as_given(place: bytes, root: bytes, given: bytes) -> bytes:
    """The place as the walk names it: the root may have been given through a link."""
    return os.path.join(given, os.path.relpath(place, root))


def _shows(mount: Mount, device: bytes, inside: bytes) -> bool:
    """Whether the mount shows a folder that lies in the other, or around it."""
    return mount.device == device and (_within(mount.inside, inside) or _within(inside, mount.inside))


def _within(path: bytes, folder: bytes) -> bool:
    return path == folder or folder == b"/" or path.startswith(folder + b"/")


def _parsed(line: bytes) -> Mount | None:
    """https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html"""
    before, _, after = line.partition(b" - ")
    fields, rest = before.split(), after.split()
    if len(fields) < 6 or not rest:
        return None
    return Mount(_decoded(fields[4]), fields[2], _decoded(fields[3]), rest[0].decode("ascii", "replace"))


def _decoded(text: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), text)
