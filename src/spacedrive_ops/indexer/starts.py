"""Where a walk begins: at the folder that was asked for, at some in it, or at those that a quick check has found."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

from spacedrive_jobs import JobContext
from spacedrive_ops.indexer import places
from spacedrive_ops.indexer.model import IndexState
from spacedrive_ops.indexer.places import Place
from spacedrive_ops.library_index import entries
from spacedrive_ops.library_index.entries import FolderTime

Starts: TypeAlias = tuple[tuple[bytes, int], ...]
"""Paths below the location's root (empty: the root) and ids."""

PAGE: Final = 20_000


async def given(ctx: JobContext[IndexState], place: Place, folders: Iterable[Path]) -> Starts:
    """Those of the folders that lie in the location; the nearest one above where the index does not know one."""
    if place.known is None:
        return ((place.below, place.entry),)
    root = place.path.rstrip(b"/") + b"/"
    found = [await places.inside(ctx, place.known, path) for path in places.parts_of(root, folders)]
    return tuple(dict.fromkeys((one.below, one.entry) for one in found))


async def touched(ctx: JobContext[IndexState], place: Place) -> Starts:
    """Folders whose own time is another one than the index says, each with the one above it, which has its row.

    What is made, moved or removed in a folder changes its time; an edit inside a file does not.
    """
    found: dict[bytes, None] = {}
    last = 0
    while page := await entries.folder_times(ctx.library_db, place.location, after=last, limit=PAGE):
        found |= dict.fromkeys(await ctx.run_in_pool(_changed, place.path, place.below, page))
        last = page[-1].id
    ids = [(path, await places.inside(ctx, place.known, path)) for path in found] if place.known is not None else []
    return tuple((path, one.entry) for path, one in ids if one.below == path)


def _changed(root: bytes, below: bytes, folders: list[FolderTime]) -> list[bytes]:
    inside = below + b"/" if below else b""
    changed: list[bytes] = []
    for folder in folders:
        path = folder.path
        if path is None or not (path == below or path.startswith(inside)):
            continue
        try:
            status = os.stat(os.path.join(root, path), follow_symlinks=path == b"")
        except OSError:
            continue  # it is gone, or cannot be looked at: the time of the one above tells
        if (status.st_mtime_ns, status.st_ctime_ns, status.st_ino) != (folder.mtime_ns, folder.ctime_ns, folder.inode):
            changed.append(path)
            if path != below:
                changed.append(os.path.dirname(path))
    return changed
