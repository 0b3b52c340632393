"""BackupPlanJob: what a backup would read and send."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from spacedrive_jobs import Count, GenericProgress, JobContext, JobError, job
from spacedrive_ops.backup import snapshots
from spacedrive_ops.backup.depot import Depot
from spacedrive_ops.backup.format import Listed
from spacedrive_ops.backup.lists import Before, entries_in, fetch, spool_path
from spacedrive_ops.backup.reading import Found, found_in
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.model import Position
from spacedrive_ops.file_copy.scan import free_bytes
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.paths.finding import Address
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.keys import text_of_bytes
from spacedrive_ops.planning.model import PlanOutput, PlanTally

A_ROUND: Final = 256
LIST: Final = "plan.gz"


@dataclass(slots=True)
class BackupPlanState:
    """`location`: which one is looked at, and `cursor` how far."""

    location: int = 0
    cursor: Position | None = None
    needed: int = 0
    tally: PlanTally = field(default_factory=PlanTally)


@job(name="backup_plan", description="Plan a backup", checkpoint_interval=timedelta(seconds=0.5))
class BackupPlanJob(TakesPaths):
    """Tell what a BackupJob of these arguments would do. `job.plan()` makes one.

    `created` are files that the newest backup of their folder does not have as they are now: they would be read, and
    sent unless their bytes are there under another name; so `needed` is the most that would be sent. No file is read.
    """

    locations: tuple[Path, ...]
    destination: Address

    async def run(self, ctx: JobContext[BackupPlanState]) -> PlanOutput:
        new_hasher()  # refused at once where the extra is missing: the backup would need it
        if not self.locations:
            raise JobError("a backup of nothing: give it the folders")
        folder = await snapshots.folder_of(ctx, self.destination)
        if folder is not None and not await ctx.run_in_pool(os.path.isdir, folder):
            raise JobError(f"there is no folder {os.fspath(folder)}: connect its disk, or make it")
        depot = await snapshots.open_depot(ctx, self.destination)
        state = await ctx.load_state(default=BackupPlanState())
        list_ = spool_path(ctx.library.path, ctx.id.short, LIST)
        try:
            while state.location < len(self.locations):
                await self._location(ctx, state, depot, self.locations[state.location], list_)
                state.location, state.cursor = state.location + 1, None
                await ctx.save_state(state)
        finally:
            list_.unlink(missing_ok=True)
        free = await ctx.run_in_pool(free_bytes, os.fsencode(folder)) if folder is not None else None
        return PlanOutput.of(state.tally, state.needed, free)

    async def _location(
        self, ctx: JobContext[BackupPlanState], state: BackupPlanState, depot: Depot, root: Path, list_: Path
    ) -> None:
        before = await self._before(ctx, depot, root, list_)
        found = found_in(root, ctx.library.path, state.cursor)
        while batch := await ctx.run_in_pool(_some, found, before):
            try:
                for one, known in batch:
                    self._say(ctx, state, one, known)
            finally:
                for one, _ in batch:
                    one.release()
            state.cursor = batch[-1][0].at
            items = Count(state.tally.entries, None, growing=True)
            current = Path(os.fsdecode(batch[-1][0].path))
            ctx.progress(GenericProgress(phase="scan", current_path=current, items=items))
            await ctx.checkpoint(state)

    async def _before(self, ctx: JobContext[BackupPlanState], depot: Depot, root: Path, list_: Path) -> Before | None:
        path = await ctx.run_in_pool(lambda: text_of_bytes(os.fsencode(os.path.abspath(root))))
        digest = await ctx.run_in_pool(snapshots.list_before, depot, path)
        if not digest:
            return None
        try:
            await ctx.run_in_pool(fetch, depot, digest, list_)
            return await ctx.run_in_pool(lambda: Before(entries_in(list_)))
        except (StoreError, ValueError) as error:
            ctx.add_warning(f"the list of the backup before cannot be used, so every file would be read: {error}")
            return None

    def _say(
        self, ctx: JobContext[BackupPlanState], state: BackupPlanState, found: Found, known: Listed | None
    ) -> None:
        tally = state.tally
        if found.kind == "folder":
            return
        tally.entries += 1
        tally.bytes += found.size
        if found.kind == "problem":
            tally.refused += found.outcome == "error"
            tally.warnings += found.outcome == "warning"
            ctx.item(found.path, found.outcome, found.problem)
        elif found.kind == "link" or (known is not None and known.is_still(found.status)):
            tally.unchanged += 1
        else:
            tally.created += 1
            state.needed += found.size


def _some(found: Iterator[Found], before: Before | None) -> list[tuple[Found, Listed | None]]:
    batch: list[tuple[Found, Listed | None]] = []
    for one in islice(found, A_ROUND):
        known = before.find(one.parts) if before is not None and one.kind == "file" else None
        batch.append((one, known))
    return batch
