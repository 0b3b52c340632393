"""Opening a backup and finding what is in it. Blocking."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from spacedrive_jobs import JobContext, interrupt_requested
from spacedrive_ops.backup.depot import Depot, FolderDepot
from spacedrive_ops.backup.format import SNAPSHOTS, BackupUnusable, Snapshot, id_of, opened, snapshot_name
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.object_store.store import Store
from spacedrive_ops.paths.finding import Address, find_path, sd_path_of, store_url

if TYPE_CHECKING:
    from spacedrive_ops.backup.store_depot import StoreDepot


async def open_depot(ctx: JobContext[Any], address: Address) -> FolderDepot | StoreDepot:
    """`address`: a folder's path, an SdPath, or an object store's URL. Raises what finding and opening it raises."""
    folder = await folder_of(ctx, address)
    if folder is not None:
        return FolderDepot(folder, ctx.id.short, ctx.attempt, ctx.check_claim)
    from spacedrive_ops.backup.store_depot import StoreDepot

    url = await store_url(ctx.library_db, address)
    store = await ctx.run_in_pool(Store, url)
    return StoreDepot(store, interrupt_requested, ctx.check_claim)


async def folder_of(ctx: JobContext[Any], address: Address) -> Path | None:
    """The folder that an address leads to; None for an object store."""
    path = sd_path_of(address)
    if path is not None:
        return await find_path(ctx.library_db, path) if path.is_local else None
    text = str(address)
    if text.startswith("file://"):
        return Path(os.fsdecode(unquote_to_bytes(urlsplit(text).path)))
    return None if "://" in text else Path(text)


def ids(depot: Depot) -> list[str]:
    """Of all snapshots, the oldest first. Raises BackupUnusable."""
    try:
        return sorted(filter(None, map(id_of, depot.names(SNAPSHOTS))))
    except StoreError as error:
        raise BackupUnusable(depot.where, str(error)) from error


def read(depot: Depot, id_: str) -> Snapshot:
    """Raises BackupUnusable."""
    where = f"{depot.where}, snapshot {id_}"
    try:
        return opened(b"".join(bytes(piece) for piece in depot.read(snapshot_name(id_))), where)
    except StoreError as error:
        raise BackupUnusable(where, str(error)) from error


def chosen(depot: Depot, id_: str) -> str:
    """The id of the newest one, or `id_`. Raises BackupUnusable where there is none, or no such one."""
    found = ids(depot)
    if not found:
        raise BackupUnusable(depot.where, "there is none")
    if id_ and id_ not in found:
        raise BackupUnusable(depot.where, f"there is no snapshot {id_!r}: the newest are {', '.join(found[:-6:-1])}")
    return id_ or found[-1]


def list_before(depot: Depot, path: str) -> str:
    """The list of the newest snapshot that has the location of this path; empty where there is none that can be
    read."""
    for id_ in reversed(ids(depot)):
        try:
            snapshot = read(depot, id_)
        except BackupUnusable:
            continue
        for location in snapshot.locations:
            if location.path == path:
                return location.list
    return ""
