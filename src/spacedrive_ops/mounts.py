"""What is mounted where, as the kernel tells it; names are bytes."""

from __future__ import annotations

import re
from typing import Final

import msgspec

MOUNT_TABLE: Final = "/proc/self/mountinfo"


class Mount(msgspec.Struct, frozen=True):
    """`place`: where it is mounted. `device` and `inside`: which folder of which file system is seen there."""

    place: bytes
    device: bytes
    inside: bytes
    kind: str


def read_mounts() -> list[Mount]:
    """All that this process sees; none where /proc does not tell."""
    try:
        with open(MOUNT_TABLE, "rb") as file:
            return mounts_in(file.read())
    except OSError:
        return []


def mounts_in(table: bytes) -> list[Mount]:
    """https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html"""
    return [mount for line in table.splitlines() if (mount := _parsed(line)) is not None]


def mounted_below(folder: bytes, mounts: list[Mount]) -> bytes:
    """A place below the folder on which something is mounted; empty if there is none."""
    below = folder.rstrip(b"/") + b"/"
    return next((mount.place for mount in mounts if mount.place.startswith(below)), b"")


def _parsed(line: bytes) -> Mount | None:
    before, _, after = line.partition(b" - ")
    fields, rest = before.split(b" "), after.split(b" ")
    if len(fields) < 6 or not rest[0]:
        return None
    return Mount(_decoded(fields[4]), fields[2], _decoded(fields[3]), rest[0].decode("ascii", "replace"))


def _decoded(field: bytes) -> bytes:
    """Space, tab, newline and backslash are written in octal."""
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), field)
