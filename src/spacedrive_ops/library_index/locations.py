"""Locations: which folders are indexed, and whether their disk is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.model import Location
from spacedrive_ops.library_index.sql import query


async def read_locations(db: LibraryDb) -> list[Location]:
    """All of them, by path."""
    return [_location(row) for row in await db.query(query("locations"))]


def _location(row: Any) -> Location:
    id_, path, root, device, inode, filesystem, state, complete, indexed, _, volume = row
    path = Path(os.fsdecode(path))
    return Location(id_, path, root, device, inode, filesystem, volume, state, bool(complete), indexed)


async def add_location(tx: Transaction, path: Path) -> int:
    """Its new id."""
    ((id_,),) = await tx.execute(query("insert_location"), (os.fsencode(path),))
    assert isinstance(id_, int)
    return id_


class Root(NamedTuple):
    """What a location's folder is, by which it is known again. `filesystem` and `volume` say on which disk: a number of
    the kernel's, and the UUID ("" where it has none)."""

    device: int
    inode: int
    filesystem: int
    volume: str


async def store_root(tx: Transaction, location: int, root_id: int, root: Root) -> None:
    values = (root_id, root.device, root.inode, root.filesystem, "online", None, root.volume, location)
    await tx.execute(query("store_root"), values)


class Mounted(NamedTuple):
    """What is mounted at a place: the kind of the file system, and its UUID ("" where it has none)."""

    kind: str
    volume: str


async def read_mounts(db: LibraryDb, location: int) -> dict[bytes, Mounted]:
    """What was mounted below a location, by its path there."""
    rows: list[Any] = await db.query(query("mounts"), (location,))
    return {path: Mounted(kind, volume) for path, kind, volume in rows}


async def store_mounts(tx: Transaction, location: int, mounts: Mapping[bytes, Mounted]) -> None:
    await tx.execute(query("delete_location_mounts"), (location,))
    await tx.executemany(query("insert_mount"), [(location, path, *mounted) for path, mounted in mounts.items()])


async def set_state(tx: Transaction, location: int, state: str) -> None:
    """Nothing is written where that is its state already."""
    await tx.execute(query("set_location_state"), (state, location, state))


async def forget_location(tx: Transaction, location: int) -> None:
    """Its entries, and itself. Contents stay: other locations may hold them."""
    for name in ("names", "entries", "folders", "mounts"):
        await tx.execute(query(f"delete_location_{name}"), (location,))
    await tx.execute(query("delete_location"), (location,))


async def begin_changes(tx: Transaction, location: int) -> None:
    """Until `finish` it is not told from its rows alone that all is right."""
    await tx.execute(query("begin_location"), (location,))


async def finish(tx: Transaction, location: int, now_ms: int, *, complete: bool) -> None:
    """A run has come to its end and had found changes. `complete`: the index has all that is there."""
    await tx.execute(query("finish_location"), (int(complete), now_ms, location))
