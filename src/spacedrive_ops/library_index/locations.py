"""Locations: which folders are indexed, and whether their disk is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.model import Location
from spacedrive_ops.library_index.sql import query


async def read_locations(db: LibraryDb) -> list[Location]:
    """All of them, by path."""
    return [_location(row) for row in await db.query(query("locations"))]


def _location(row: Any) -> Location:
    id_, path, root, device, inode, filesystem, state, complete, indexed, _ = row
    return Location(id_, Path(os.fsdecode(path)), root, device, inode, filesystem, state, bool(complete), indexed)


async def add_location(tx: Transaction, path: Path) -> int:
    """Its new id."""
    ((id_,),) = await tx.execute(query("insert_location"), (os.fsencode(path),))
    assert isinstance(id_, int)
    return id_


async def store_root(tx: Transaction, location: int, root_id: int, status: os.stat_result, filesystem: int) -> None:
    """What the root is now: by this it is known again."""
    values = (root_id, status.st_dev, status.st_ino, filesystem, "online", None, location)
    await tx.execute(query("store_root"), values)


async def set_state(tx: Transaction, location: int, state: str) -> None:
    """Nothing is written where that is its state already."""
    await tx.execute(query("set_location_state"), (state, location, state))


async def forget_location(tx: Transaction, location: int) -> None:
    """Its entries, and itself. Contents stay: other locations may hold them."""
    for name in ("names", "entries", "folders"):
        await tx.execute(query(f"delete_location_{name}"), (location,))
    await tx.execute(query("delete_location"), (location,))


async def begin_changes(tx: Transaction, location: int) -> None:
    """Until `finish` it is not told from its rows alone that all is right."""
    await tx.execute(query("begin_location"), (location,))


async def finish(tx: Transaction, location: int, now_ms: int, *, complete: bool) -> None:
    """A run has come to its end and had found changes. `complete`: the index has all that is there."""
    await tx.execute(query("finish_location"), (int(complete), now_ms, location))
