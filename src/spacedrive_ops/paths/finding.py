"""From an SdPath to the path that it has on this machine now, and back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote_from_bytes

from spacedrive_jobs import JobError, LibraryDb
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.model import Location
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.mounts import read_mounts
from spacedrive_ops.paths.sd_path import SdPath
from spacedrive_ops.paths.volumes import ON_DISKS, places_of, volume_of

KEPT_BITS: Final = (1 << 63) - 1
OURS: Final = ("local://", "volume://", "location://")

Address: TypeAlias = str | SdPath
"""Where a job sends to or fetches from: an SdPath, its text, or an object store's URL as it is."""


class PathNotHere(JobError):
    """A path whose place is not on this machine now. `path`: it; the message says what to do."""

    def __init__(self, path: SdPath, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


async def find_path(db: LibraryDb, path: SdPath) -> Path:
    """Where it is on this machine now; not that something is there. Raises PathNotHere.

    A file system is found where it is mounted now, and so is a location whose disk came back at another place.
    """
    match path.kind:
        case "local":
            return Path("/") / path.path
        case "store":
            raise PathNotHere(path, "is in an object store, and has no path on a disk")
        case "volume":
            places = await asyncio.to_thread(places_of, path.place, os.fsencode(path.path))
            if not places:
                raise PathNotHere(path, "this file system is not mounted here: connect its disk")
            return Path(os.fsdecode(places[0]))
        case "location":
            return await _root_of(db, path) / path.path


def sd_path_of(address: Address) -> SdPath | None:
    """The SdPath that an address is, or is the text of; None for a store's URL, or a folder's path.

    Raises UnsafePath; and JobError for an address that says no place: an empty path would be the present folder.
    """
    if isinstance(address, SdPath):
        return address
    if not address or address.endswith("://"):
        raise JobError(f"the address {address!r} is empty: was a variable not set?")
    return SdPath.parse(address) if address.startswith(OURS) else None


async def store_url(db: LibraryDb, address: Address) -> str:
    """The URL by which an object store, or a folder as one, is opened now. Raises PathNotHere, UnsafePath."""
    path = sd_path_of(address)
    if path is None:
        return str(address)
    if not path.is_local:
        return path.url
    return "file://" + quote_from_bytes(os.fsencode(await find_path(db, path)))


async def name_path(db: LibraryDb, path: Path) -> SdPath:
    """The name of a path that lasts longest: by a location of the index, else by its file system, else by itself."""
    absolute = await asyncio.to_thread(os.path.abspath, os.fsencode(path))
    await ensure_index(db)
    for location in await read_locations(db):
        root = os.fsencode(location.path).rstrip(b"/")
        if absolute == root or absolute.startswith(root + b"/"):
            return SdPath.in_location(location.id, absolute[len(root) :].lstrip(b"/"))
    try:
        volume = await asyncio.to_thread(volume_of, absolute)
    except OSError:
        volume = None
    return SdPath.local(absolute) if volume is None else SdPath.in_volume(*volume)


async def _root_of(db: LibraryDb, path: SdPath) -> Path:
    await ensure_index(db)
    location = next((one for one in await read_locations(db) if one.id == int(path.place)), None)
    if location is None:
        raise PathNotHere(path, "the library's index has no such location (any more)")
    found = await asyncio.to_thread(_where_now, location)
    if found is None:
        folder = os.fspath(location.path)
        raise PathNotHere(path, f"the folder {folder!r} is not the one that was indexed: connect its disk, or index it")
    return found


def _where_now(location: Location) -> Path | None:
    """The location's folder: where it was, or below another mount of the same file system. Blocking."""
    if location.inode is None or _is_it(os.fsencode(location.path), location):
        return location.path
    for place in _elsewhere(location):
        if _is_it(place, location):
            return Path(os.fsdecode(place))
    return None


def _elsewhere(location: Location) -> Iterator[bytes]:
    """Its path with what was its mount's place replaced by each that a disk has now."""
    names = os.fsencode(location.path).strip(b"/").split(b"/")
    for mount in read_mounts():
        if mount.kind in ON_DISKS:
            for cut in range(len(names) + 1):
                yield os.path.join(mount.place, *names[cut:])


def _is_it(path: bytes, location: Location) -> bool:
    try:
        status = os.stat(path)
        same_device = status.st_dev == location.device or os.statvfs(path).f_fsid & KEPT_BITS == location.filesystem
    except OSError:
        return False
    return status.st_ino == location.inode and same_device
