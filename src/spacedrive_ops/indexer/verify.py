"""IndexVerifyJob."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacedrive_jobs import Indeterminate, JobContext, JobError, LibraryDb, job
from spacedrive_ops.indexer import places
from spacedrive_ops.indexer.mounts import closed_places
from spacedrive_ops.indexer.rules import Judge, Rules
from spacedrive_ops.indexer.turns import Turns
from spacedrive_ops.indexer.walk import Setting, Slice, Walk
from spacedrive_ops.library_index import entries
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.schema import ensure_index

MOST_LISTED: Final = 10_000
"""Differences beyond this are counted, not listed."""
MISSING: Final = "is on the disk, and not in the index"
STALE: Final = "is in the index, and not on the disk"
DIFFERENT: Final = "is not what the index says: size, time or another fact differs"


@dataclass(frozen=True, slots=True)
class IndexVerifyOutput:
    """Entries that were compared, and the differences. `equal`: there is none."""

    compared: int
    missing: int
    stale: int
    different: int

    @property
    def equal(self) -> bool:
        return not (self.missing or self.stale or self.different)


@job(name="index_verify", description="Compare the index with the disk")
class IndexVerifyJob:
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
        rules = Rules(self.hidden, self.development, self.system, self.gitignore, self.exclude)
        setting = Setting(
            location=location.id,
            root_path=path,
            root_id=location.root_id,
            below=b"",
            fresh=False,
            recursive=True,
            excluded=await ctx.run_in_pool(places.identities_of, ctx.library.path),
            closed=await ctx.run_in_pool(closed_places, path, system=self.system),
            next_id=iter(range(-1, -(1 << 60), -1)).__next__,
        )
        walk = Walk(setting, await ctx.run_in_pool(Judge, rules))
        return await _Comparison(ctx, path).run(walk)


class _Comparison:
    def __init__(self, ctx: JobContext, root: bytes) -> None:
        self._ctx, self._root = ctx, root
        self._compared = self._missing = self._stale = self._different = 0
        self._new_folders: dict[int, bytes] = {}

    async def run(self, walk: Walk) -> IndexVerifyOutput:
        ctx = self._ctx
        async with Turns(walk) as turns:
            while not walk.done:
                if walk.wanted:
                    walk.give(await entries.read_children(ctx.library_db, walk.wanted))
                await self._tell(await turns.take())
                ctx.progress(Indeterminate(f"{self._compared:,} entries compared"))
                await ctx.check_interrupt()
        return IndexVerifyOutput(self._compared, self._missing, self._stale, self._different)

    async def _tell(self, slice_: Slice) -> None:
        changes = slice_.changes
        self._compared += slice_.files + slice_.folders
        self._ctx.increment_items(slice_.files + slice_.folders)
        for trouble in slice_.troubles:
            self._ctx.item(trouble.path, trouble.outcome, trouble.reason)
        for id_, _, below in changes.folders:
            self._new_folders[id_] = below or b"..."
        for row in changes.entries:
            self._missing += 1
            await self._item(self._missing, row[2], row[3], MISSING)
        for (id_,) in changes.lost:
            self._stale += 1
            await self._item(self._stale, id_, b"", STALE)
        for id_, *_ in changes.updates:
            self._different += 1
            await self._item(self._different, id_, b"", DIFFERENT)

    async def _item(self, number: int, entry: int, name: bytes, reason: str) -> None:
        if number <= MOST_LISTED:
            self._ctx.item(os.path.join(await self._path(self._ctx.library_db, entry), name), "error", reason)

    async def _path(self, db: LibraryDb, entry: int) -> bytes:
        if entry in self._new_folders:
            return os.path.join(self._root, self._new_folders[entry])
        return os.path.join(*(part for _, part in await entries.path_to(db, entry)))
