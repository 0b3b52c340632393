"""Where a run works: its location, and whether the disk there is still the same."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from spacedrive_jobs import JobContext, JobError
from spacedrive_ops.folders import identity, lies_in
from spacedrive_ops.indexer import mounts
from spacedrive_ops.indexer.model import IndexState
from spacedrive_ops.library_index import entries, locations
from spacedrive_ops.library_index.categories import EntryKind
from spacedrive_ops.library_index.entries import SomeFile
from spacedrive_ops.library_index.locations import Mounted, Root
from spacedrive_ops.library_index.model import Location
from spacedrive_ops.paths.volumes import volume_of

STILL_THERE: Final = 0.5
"""Where all else differs: this share of the files that are looked for must be there, as the index has them, for it to
be the same folder."""
LOOKED_FOR: Final = 200
COARSEST_TIME: Final = 2_000_000_000
"""Nanoseconds: FAT keeps times in steps of two seconds."""


class Place(msgspec.Struct, frozen=True):
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
    """Whether the location's folder is the one that was indexed. An empty mount point is not, nor is another disk."""
    known = place.known
    if known is None or known.inode is None:
        return True
    if await ctx.run_in_pool(_is_identical, place.path, known):
        return True
    files = await entries.some_files(ctx.library_db, known.id, LOOKED_FOR)
    names = await entries.some_names(ctx.library_db, known.root_id or 0)
    return await ctx.run_in_pool(_holds_what_it_held, place.path, files, names)


def _is_identical(path: bytes, known: Location) -> bool:
    """By the folder's own number and its disk's. The root of a disk has the same number on each of its kind, and the
    kernel gives a disk's number to the next one: there the UUID tells, and where there is none, nothing does."""
    try:
        if not os.path.isdir(path):
            return False
        root = root_of(path)
    except OSError:
        return False
    if root.inode != known.inode:
        return False
    if root.volume and known.volume:
        return root.volume == known.volume
    return not os.path.ismount(path) and (root.device == known.device or root.filesystem == known.filesystem)


def _holds_what_it_held(path: bytes, files: Sequence[SomeFile], names: set[bytes]) -> bool:
    """Numbers change over restarts, and when a folder is restored or comes to another disk: then its files tell; where
    it had none, the names in it."""
    try:
        if files:
            return sum(_is_there(path, file) for file in files) >= STILL_THERE * len(files)
        there = names.intersection(os.listdir(path))
    except OSError:
        return False
    return bool(names) and len(there) >= STILL_THERE * len(names)


def _is_there(root: bytes, file: SomeFile) -> bool:
    try:
        status = os.lstat(os.path.join(root, file.folder, file.name))
    except OSError:
        return False
    same_time = abs(status.st_mtime_ns - file.mtime_ns) <= COARSEST_TIME
    return status.st_size == file.size and (same_time or status.st_ino == file.inode)


def root_of(path: bytes) -> Root:
    """What the folder is now. Blocking."""
    status = os.stat(path)
    volume = volume_of(path)
    return Root(status.st_dev, status.st_ino, _filesystem_of(path), volume[0] if volume is not None else "")


def _filesystem_of(path: bytes) -> int:
    """A number that says which file system it is; on most it stays over restarts. Kept within 63 bits."""
    return os.statvfs(path).f_fsid & ((1 << 63) - 1)


async def begin(ctx: JobContext[IndexState], place: Place) -> tuple[Place, IndexState]:
    """Make the location where it is new; the state is stored with it."""
    db = ctx.library_db
    status = await ctx.run_in_pool(os.stat, place.path)
    now = await ctx.run_in_pool(root_of, place.path)
    if place.known is not None:
        known = place.known
        state = IndexState(place.location, place.entry, was_complete=known.complete)
        before = (known.device, known.inode, known.filesystem, known.volume)
        if before != now or known.state != "online":
            async with db.transaction() as tx:
                await locations.store_root(tx, place.location, known.root_id or 0, now)
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
        await locations.store_root(tx, location, root, now)
        state = IndexState(location, root, fresh=True)
        await ctx.checkpoint(state, tx=tx)
    return Place(place.path, b"", location, root), state


async def absent_in(ctx: JobContext[Any], location: int, path: bytes, closed: Collection[bytes]) -> tuple[bytes, ...]:
    """Where below the location a disk was mounted that is not there now, if the index has anything of it: absolute
    paths."""
    known, now = await _mounts(ctx, location, path, closed)
    return tuple(os.path.join(path, place) for place in await _absent(ctx, path, known, now))


async def remember_mounts(
    ctx: JobContext[Any], location: int, path: bytes, closed: Collection[bytes], *, replaced: bool
) -> tuple[bytes, ...]:
    """As `absent_in`; what is mounted now is kept for the next time, and what is absent stays unless `replaced`."""
    known, now = await _mounts(ctx, location, path, closed)
    gone = [] if replaced else await _absent(ctx, path, known, now)
    kept = now | {place: known[place] for place in gone}
    if kept != known:
        async with ctx.library_db.transaction() as tx:
            await locations.store_mounts(tx, location, kept)
    return tuple(os.path.join(path, place) for place in gone)


async def _mounts(
    ctx: JobContext[Any], location: int, path: bytes, closed: Collection[bytes]
) -> tuple[dict[bytes, Mounted], dict[bytes, Mounted]]:
    """What was mounted below the location, and what is."""
    known = await locations.read_mounts(ctx.library_db, location)
    return known, await ctx.run_in_pool(mounts.mounted_inside, path, closed)


async def _absent(
    ctx: JobContext[Any], path: bytes, known: Mapping[bytes, Mounted], now: Mapping[bytes, Mounted]
) -> list[bytes]:
    db = ctx.library_db
    gone: list[bytes] = []
    for place in await ctx.run_in_pool(mounts.absent, path, known, now):
        entry = await entries.find_path(db, os.path.join(path, place))
        if entry is not None and await entries.some_names(db, entry):
            gone.append(place)
    return gone


def identities_of(library: Path) -> frozenset[tuple[int, int]]:
    """The library's own folder: to index it would be to index the index."""
    return frozenset({identity(os.stat(library))})


def now_of(folder: Path) -> int:
    """The time in milliseconds since 1970, as the file system of `folder` has it."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0")
        file.flush()
        return os.fstat(file.fileno()).st_mtime_ns // 1_000_000
