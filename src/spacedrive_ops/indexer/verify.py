"""IndexVerifyJob."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from spacedrive_jobs import Indeterminate, JobContext, JobError, LibraryDb, job
from spacedrive_ops.indexer import places
from spacedrive_ops.indexer.mounts import closed_places
from spacedrive_ops.indexer.rules import Judge, Rules
from spacedrive_ops.indexer.turns import Turns
from spacedrive_ops.indexer.walk import Setting
from spacedrive_ops.library_index import entries
from spacedrive_ops.library_index.findings import Slice
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.paths.given import TakesPaths

MOST_LISTED: Final = 10_000
"""Differences beyond this are counted, not listed."""
NO_ENTRY: Final = 1 << 62
"""Ids from here on are of what is on the disk alone."""
MISSING: Final = "is on the disk, and not in the index"
STALE: Final = "is in the index, and not on the disk"
DIFFERENT: Final = "is not what the index says: size, time or another fact differs"


class IndexVerifyOutput(msgspec.Struct, frozen=True):
    """Entries that were compared, and the differences. `unreadable`: what could not be looked at, a folder counted
    once. `equal`: all was, and there is no difference."""

    compared: int
    missing: int
    stale: int
    different: int
    unreadable: int = 0

    @property
    def equal(self) -> bool:
        return not (self.missing or self.stale or self.different or self.unreadable)


@job(name="index_verify", description="Compare the index with the disk")
class IndexVerifyJob(TakesPaths):
    """Compare the index of a location with the disk, and change nothing. Each difference is an item.

    What a run of the indexer with the same rules would write is a difference; what files hold is not read
    (ValidateJob).
    """

    root: Path
    hidden: bool = False
    development: bool = False
    system: bool = True
    gitignore: bool = False
    exclude: tuple[str, ...] = ()

    async def run(self, ctx: JobContext) -> IndexVerifyOutput:
        await ensure_index(ctx.library_db)
        location = next((one for one in await read_locations(ctx.library_db) if one.path == self.root), None)
        if location is None or location.root_id is None:
            raise JobError(f"{self.root} is not indexed")
        path = os.fsencode(location.path)
        closed = await ctx.run_in_pool(closed_places, path, system=self.system)
        rules = Rules(self.hidden, self.development, self.system, self.gitignore, self.exclude)
        setting = Setting(
            location=location.id,
            root_path=path,
            starts=((b"", location.root_id),),
            fresh=False,
            enters="all",
            excluded=await ctx.run_in_pool(places.identities_of, ctx.library.path),
            closed=closed,
            absent=await places.absent_in(ctx, location.id, path, closed),
            trusting=False,
        )
        await ctx.run_in_pool(Judge, rules)
        return await _Comparison(ctx, path).run(setting, rules)


async def _no_entry() -> int:
    return NO_ENTRY


class _Comparison:
    def __init__(self, ctx: JobContext, root: bytes) -> None:
        self._ctx, self._root = ctx, root
        self._compared = self._missing = self._stale = self._different = self._unreadable = 0
        self._new_folders: dict[int, bytes] = {}

    async def run(self, setting: Setting, rules: Rules) -> IndexVerifyOutput:
        ctx = self._ctx
        async with Turns(setting, rules, ctx.library_db, _no_entry) as turns:
            while (found := await turns.take()) is not None:
                await self._tell(found)
                ctx.progress(Indeterminate(f"{self._compared:,} entries compared"))
                await ctx.check_interrupt()
        return IndexVerifyOutput(self._compared, self._missing, self._stale, self._different, self._unreadable)

    async def _tell(self, slice_: Slice) -> None:
        self._compared += slice_.files + slice_.subfolders
        self._ctx.increment_items(slice_.files + slice_.subfolders)
        for trouble in slice_.troubles:
            self._ctx.item(*trouble)
            self._unreadable += trouble[1] == "error"
        for id_, _, below in slice_.folders:
            self._new_folders[id_] = below or b"..."
        replaced: dict[int, int] = dict(slice_.replaced)
        for row in slice_.entries:
            if row[0] not in replaced.values():
                self._missing += 1
                await self._item(self._missing, row[2], row[3], MISSING)
        for (id_,) in slice_.lost:
            if id_ not in replaced:
                self._stale += 1
                await self._item(self._stale, id_, b"", STALE)
        for id_ in [*replaced, *(id_ for id_, *_ in slice_.updates)]:
            self._different += 1
            await self._item(self._different, id_, b"", DIFFERENT)

    async def _item(self, number: int, entry: int, name: bytes, reason: str) -> None:
        if number <= MOST_LISTED:
            self._ctx.item(os.path.join(await self._path(self._ctx.library_db, entry), name), "error", reason)

    async def _path(self, db: LibraryDb, entry: int) -> bytes:
        if entry in self._new_folders:
            return os.path.join(self._root, self._new_folders[entry])
        return os.path.join(*(part for _, part in await entries.path_to(db, entry)))
