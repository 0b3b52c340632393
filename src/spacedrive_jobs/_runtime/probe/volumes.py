"""Is a volume there, and how much is free on the file system of a path?

The mistake to avoid: a drive that is not mounted looks like an empty folder, or like a folder with a stray file in it
that somebody wrote there meanwhile, and the free space read there is that of the system disk.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spacedrive_jobs._model.readings import Condition, Space
from spacedrive_jobs._model.resources import escaped
from spacedrive_jobs._runtime.probe.mount_table import Mount, expected_points, innermost, is_within, mounts
from spacedrive_jobs._runtime.probe.roots import Roots

PLACES: Final = (Path("/media"), Path("/run/media"), Path("/mnt"))
"""Where drives are mounted by custom: a folder below them on the file system above them is a drive's empty place."""


class Volumes:
    """Each call may hang as long as the file system does: ask it in a thread that may be left behind."""

    def __init__(self, roots: Roots, *, places: Sequence[Path] = PLACES) -> None:
        self._roots, self._places = roots, [str(place) for place in places]

    def present(self, path: Path) -> Condition:
        """Whether `path` exists on a mounted file system of its own, or is a folder in use, and answers."""
        real = os.path.realpath(path)
        try:
            os.stat(real)
            filled = _holds_something(real)
        except (FileNotFoundError, NotADirectoryError):
            return Condition(False, "there is no such folder")
        except OSError as error:
            return Condition(False, f"it does not answer: {error.strerror}")
        mount, place = self._mount(real), self._place(real)
        if mount.type == "autofs" or self._awaited(real, mount):
            return Condition(False, "not mounted")
        if place is not None:
            mounted = is_within(mount.point, place)
            return Condition(mounted, f"mounted at {_shown(mount.point)}" if mounted else "nothing is mounted there")
        if real != mount.point and not filled:
            return Condition(False, "an empty folder, nothing is mounted there")
        return Condition(True, f"mounted at {_shown(mount.point)}")

    def space(self, path: Path) -> Space:
        """Free for us and in all, of the file system that holds `path` or would if it were made. Raises OSError."""
        real = os.path.realpath(path)
        existing = _nearest_existing(real)
        mount = self._mount(existing)
        if self._missing(real, existing, mount):
            return Space(None, words="not mounted", missing=path)
        numbers = os.statvfs(existing)
        return Space(
            os.stat(existing).st_dev,
            free=numbers.f_bavail * numbers.f_frsize,
            total=numbers.f_blocks * numbers.f_frsize,
            label=self._label(mount.point),
        )

    # --- where a path lies

    def _mount(self, real: str) -> Mount:
        """The mount that holds a resolved path; by asking the file system where /proc does not tell."""
        table = {mount.point: mount for mount in mounts(self._roots)}
        point = innermost(real, table)
        if point is not None:
            return table[point]
        while not os.path.ismount(real):
            real = os.path.dirname(real)
        return Mount(real, "")

    def _place(self, real: str) -> str | None:
        place = innermost(real, self._places)
        return place if place != real else None

    def _awaited(self, real: str, mount: Mount) -> bool:
        """Whether fstab has a mount point for this path that is deeper than what is mounted."""
        point = innermost(real, expected_points(self._roots))
        return point is not None and point != mount.point and is_within(point, mount.point)

    def _missing(self, real: str, existing: str, mount: Mount) -> bool:
        """Whether `real` would lie on a volume that is not there.

        Less strict than `present`: below /mnt a folder that holds files may be written to without being a mount, but
        an empty one, the place itself, and a folder of mount points may not.
        """
        if mount.type == "autofs" or self._awaited(real, mount):
            return True
        place = innermost(real, self._places)
        if place is None or is_within(mount.point, place):
            return False
        others = any(is_within(other.point, existing) for other in mounts(self._roots))
        return is_within(place, existing) or others or not _holds_something(existing)

    def _label(self, point: str) -> str:
        if point == "/":
            return "the system disk"
        return _shown(os.path.basename(point) if self._place(point) else point)


def _holds_something(real: str) -> bool:
    """Whether a folder has an entry; anything else than a folder has. Reads it, so that a drive that was pulled out
    says so. Raises OSError."""
    if not os.path.isdir(real):
        return True
    with os.scandir(real) as entries:
        return next(entries, None) is not None


def _nearest_existing(real: str) -> str:
    while True:
        try:
            os.lstat(real)
            return real
        except (FileNotFoundError, NotADirectoryError):
            real = os.path.dirname(real)


def _shown(path: str) -> str:
    return escaped(Path(path))
