"""What is mounted where, and what ought to be: /proc/self/mountinfo and /etc/fstab.

A mount point may hold any character: only space, tab, newline and backslash are written otherwise, so nothing here
splits at what Python takes for white space or the end of a line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from spacedrive_jobs._runtime.probe.roots import Roots, text_of


class Mount(NamedTuple):
    """`point` is an absolute path; `type` the file system's."""

    point: str
    type: str


def mounts(roots: Roots) -> list[Mount]:
    """All mounts that this process sees, a later one over an earlier one at the same point."""
    found: dict[str, Mount] = {}
    for line in (text_of(roots.proc / "self/mountinfo") or "").split("\n"):
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) > 4 and after:
            point = _decoded(fields[4])
            found[point] = Mount(point, after.split(" ")[0])
    return list(found.values())


def expected_points(roots: Roots) -> list[str]:
    """The mount points in fstab, mounted or not."""
    lines = [re.split(r"[ \t]+", line.strip(" \t")) for line in (text_of(roots.etc / "fstab") or "").split("\n")]
    points = [_decoded(fields[1]) for fields in lines if len(fields) > 2 and not fields[0].startswith("#")]
    return [os.path.normpath(point) for point in points if point.startswith("/")]


def innermost(path: str, points: Iterable[str]) -> str | None:
    """The longest of `points` that is `path` or holds it."""
    return max((point for point in points if is_within(path, point)), key=len, default=None)


def is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _decoded(field: str) -> str:
    """Space, tab, newline and backslash are written in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
