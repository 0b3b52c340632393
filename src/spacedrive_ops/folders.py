"""Folders, for all kinds of file jobs: opened by paths of any length, known by what they are and not by how they
are spelled.

Work is done through descriptors, one name at a time, so that a folder which somebody swaps for a link is never
followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

Identity: TypeAlias = tuple[int, int]
"""Device and inode."""

NOT_OPEN: Final = -1
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PART_MAX: Final = 2048


def open_folder(parent: int, name: str | bytes) -> int:
    """Open a folder below another for reading, never through a link, and without touching its access time."""
    try:
        return os.open(name, FOLDER | os.O_NOATIME, dir_fd=parent)
    except PermissionError:  # O_NOATIME is the owner's right alone
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


def exists(folder: int, name: str) -> bool:
    """Whether `name` exists in `folder`, as any kind of entry."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def identity_at(path: bytes) -> Identity | None:
    """Of what a path leads to; None where that is nothing."""
    try:
        return identity(os.stat(path))
    except OSError:
        return None


def identities_above(path: bytes) -> Iterator[Identity]:
    """Of what a path leads to, and of each folder above it; what is not there is left out."""
    path = os.path.realpath(path)
    while True:
        found = identity_at(path)
        if found is not None:
            yield found
        above = os.path.dirname(path)
        if above == path:
            return
        path = above


def lies_in(path: bytes, folder: Path) -> bool:
    """Whether a path leads to the folder or into it, however it is spelled."""
    wanted = identity_at(os.fsencode(folder))
    return wanted is not None and wanted in identities_above(path)
