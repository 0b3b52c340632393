"""Clearing away a cancelled job's partial files."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final

from spacedrive_ops.file_copy.atomic import Partials
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.model import Position
from spacedrive_ops.file_copy.walk import Root, walk
from spacedrive_ops.folders import NOT_OPEN, open_folder

FOLDERS: Final = 2_000
"""More than can be on their way at once, so the walk need not go on to the end of the tree."""


class _Enough(Exception):
    """No folder further on can hold a partial."""


class _Cleared:
    """The destination, entered only where it exists, and cleared of one job's partials."""

    ignores_case = False

    def __init__(self, partials: Partials) -> None:
        self._partials = partials
        self._entered = 0

    def enter(self, parent: Directory, name: str, *, retraced: bool) -> tuple[int, Collection[str]]:
        self._entered += 1
        if parent.target == NOT_OPEN or self._entered > FOLDERS:
            raise _Enough
        try:
            fd = open_folder(parent.target, name)
        except NotADirectoryError:
            raise
        except OSError as error:  # folders are made in the walk's order: none further on exists
            raise _Enough from error
        self._partials.sweep(fd, os.listdir(fd))
        return fd, ()

    def names_of(self, folder: int) -> Collection[str]:
        if folder != NOT_OPEN:
            self._partials.sweep(folder, os.listdir(folder))
        return ()


def sweep(roots: list[Root], after: Position | None, partials: Partials) -> None:
    """Remove the job's partials from the folders that were being worked in after `after`."""
    try:
        for _ in walk(roots, _Cleared(partials), after=after):
            pass
    except (_Enough, OSError):
        pass
