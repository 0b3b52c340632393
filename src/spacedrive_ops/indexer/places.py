"""Where a run works: its location, and whether the disk there is still the same."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacedrive_jobs import JobContext, JobError
from spacedrive_ops.folders import identity, lies_in
from spacedrive_ops.indexer.model import IndexState
from spacedrive_ops.library_index import entries, locations
from spacedrive_ops.library_index.categories import EntryKind
from spacedrive_ops.library_index.model import Location

STILL_THERE: Final = 0.5
"""Where all else differs: this share of the known names at the root must be there for it to be the same folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """`path`: the location's, in bytes. `below`: the folder in it that the run begins with, and `entry` its id.

    `known`: the location as it was; None if it is new (then `location` and `entry` are 0 until the run has begun).
    """

    path: bytes
    below: bytes = b""
    location: int = 0
    entry: int = 0
    known: Location | None = None


async def find(ctx: JobContext[IndexState], root: Path) -> Place | None:
    """The place that `root` means; None if there is no such folder and no such location."""
    if not root.is_absolute():
        raise JobError(f"{root} is not absolute, and whoever runs the job may stand in another folder")
    path = await ctx.run_in_pool(lambda: os.fsencode(os.path.normpath(root)))
    if await ctx.run_in_pool(lies_in, path, ctx.library.path):
        raise JobError(f"{root} is not indexed: it is the library's own folder, or inside it")
    for location in await locations.read_locations(ctx.library_db):
        whole = os.fsencode(location.path)
        if path == whole and location.root_id is not None:
            return Place(path, b"", location.id, location.root_id, location)
        if location.root_id is not None and path.startswith(whole.rstrip(b"/") + b"/"):
            below = path[len(whole.rstrip(b"/")) + 1 :]
            return await inside(ctx, location, below)
    if not await ctx.run_in_pool(os.path.isdir, path):
        return None
    return Place(path)


async def inside(ctx: JobContext[IndexState], location: Location, below: bytes) -> Place:
    """A folder in a location; the nearest one above it where the index does not know it yet."""
    assert location.root_id is not None
    entry, reached = location.root_id, b""
    for part in below.split(b"/"):
        found = await entries.find_entry(ctx.library_db, entry, part)
        if found is None or found[1] is not EntryKind.FOLDER:
            break
        entry, reached = found[0], os.path.join(reached, part)
    return Place(os.fsencode(location.path), reached, location.id, entry, location)


def parts_of(root: bytes, folders: Iterable[Path]) -> list[bytes]:
    """The paths below `root` (which ends with a slash) of those of the folders that lie there, in order."""
    paths = sorted(os.fsencode(os.path.normpath(path)) + b"/" for path in folders)
    return [path[len(root) : -1] for path in paths if path.startswith(root)]


async def is_same(ctx: JobContext[IndexState], place: Place) -> bool:
    """Whether the location's folder is the one that was indexed: an empty mount point is not."""
    known = place.known
    if known is None or known.inode is None:
        return True
    names = await entries.some_names(ctx.library_db, known.root_id or 0)
    return await ctx.run_in_pool(_is_same, place.path, known, names)


def _is_same(path: bytes, known: Location, names: set[bytes]) -> bool:
    try:
        status = os.stat(path)
        if not stat.S_ISDIR(status.st_mode):
            return False
        if status.st_ino == known.inode and (status.st_dev == known.device or filesystem_of(path) == known.filesystem):
            return True
        # Device numbers change over restarts, inodes when a folder is restored: then its content tells.
        there = names.intersection(os.listdir(path))
    except OSError:
        return False
    return bool(names) and len(there) >= STILL_THERE * len(names)


def filesystem_of(path: bytes) -> int:
    """A number that says which file system it is; on most it stays over restarts. Kept within 63 bits."""
    return os.statvfs(path).f_fsid & ((1 << 63) - 1)


async def begin(ctx: JobContext[IndexState], place: Place) -> tuple[Place, IndexState]:
    """Make the location where it is new; the state is stored with it."""
    db = ctx.library_db
    status = await ctx.run_in_pool(os.stat, place.path)
    filesystem = await ctx.run_in_pool(filesystem_of, place.path)
    if place.known is not None:
        known = place.known
        state = IndexState(place.location, place.entry, was_complete=known.complete)
        if (known.device, known.inode, known.filesystem, known.state) != (
            status.st_dev,
            status.st_ino,
            filesystem,
            "online",
        ):
            async with db.transaction() as tx:
                await locations.store_root(tx, place.location, known.root_id or 0, status, filesystem)
        await ctx.save_state(state)
        return place, state
    inner = [
        one.id
        for one in await locations.read_locations(db)
        if os.fsencode(one.path).startswith(place.path.rstrip(b"/") + b"/")
    ]
    async with db.transaction() as tx:
        for id_ in inner:  # they are parts of the new one from now on
            await locations.forget_location(tx, id_)
        location = await locations.add_location(tx, Path(os.fsdecode(place.path)))
        root = await entries.reserve_ids(tx)
        await entries.add_root(tx, root, location, place.path, status)
        await locations.store_root(tx, location, root, status, filesystem)
        state = IndexState(location, root, fresh=True)
        await ctx.checkpoint(state, tx=tx)
    return Place(place.path, b"", location, root), state


def identities_of(library: Path) -> frozenset[tuple[int, int]]:
    """The library's own folder: to index it would be to index the index."""
    return frozenset({identity(os.stat(library))})


def now_of(folder: Path) -> int:
    """The time in milliseconds since 1970, as the file system of `folder` has it."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0")
        file.flush()
        return os.fstat(file.fileno()).st_mtime_ns // 1_000_000
