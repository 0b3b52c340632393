"""CopyPlanJob: what a copy or a move would do, by the decisions that it would take, without a change on the disk."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from spacedrive_jobs import Count, GenericProgress, JobContext, interrupt_requested, job
from spacedrive_ops.file_copy import layout
from spacedrive_ops.file_copy.model import Counted, OnConflict
from spacedrive_ops.file_copy.move import would_rename
from spacedrive_ops.file_copy.plan import Decision, in_words, is_newer, reason_of, special_kind
from spacedrive_ops.file_copy.scan import Scan, free_bytes
from spacedrive_ops.file_copy.walk import Entry, Root, Trouble
from spacedrive_ops.folders import exists, open_path
from spacedrive_ops.mounts import read_mounts
from spacedrive_ops.paths.finding import find_path
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.sd_path import SdPath
from spacedrive_ops.planning.model import PlanOutput, PlanTally

CLONES: Final = frozenset(("btrfs", "xfs", "bcachefs"))
"""File systems on which files may share their blocks, so that a copy may need no room; it is tried when it is made."""


@dataclass(slots=True)
class CopyPlanState:
    """`counted`: how far the scan had come."""

    counted: Counted | None = None
    tally: PlanTally = field(default_factory=PlanTally)


@job(name="copy_plan", description="Plan a copy or a move", checkpoint_interval=timedelta(seconds=0.5))
class CopyPlanJob(TakesPaths):
    """Tell what a FileCopyJob, or with `moving` a FileMoveJob, of these arguments would do. `job.plan()` makes one.

    What would be refused as a whole is refused here as well.
    """

    sources: tuple[Path, ...]
    destination: Path
    on_conflict: OnConflict = "skip"
    located: tuple[SdPath, ...] = ()
    moving: bool = False

    async def run(self, ctx: JobContext[CopyPlanState]) -> PlanOutput:
        located = [await find_path(ctx.library_db, one) for one in self.located]
        sources = (*self.sources, *located)
        state = await ctx.load_state(default=CopyPlanState())
        return await _Plan(self, ctx, sources, state).to_the_end()


class _Plan:
    def __init__(
        self, job: CopyPlanJob, ctx: JobContext[CopyPlanState], sources: tuple[Path, ...], state: CopyPlanState
    ) -> None:
        self._job, self._ctx, self._sources, self._state = job, ctx, sources, state
        self._tally = state.tally
        self._renames_on: int | None = None

    async def to_the_end(self) -> PlanOutput:
        ctx, job, library = self._ctx, self._job, self._ctx.library.path
        into = await ctx.run_in_pool(layout.check, self._sources, job.destination, library)
        roots = layout.roots_of(self._sources, job.destination, into=into)
        holder = roots[0].target
        ignores_case = await ctx.run_in_pool(looks_case_blind, holder)
        layout.check_names(roots, self._sources, job.destination, ignores_case=ignores_case)
        left = await self._rename(roots) if job.moving else roots
        excluded = await ctx.run_in_pool(layout.excluded_identities, roots, library, into=into)
        scan = Scan(
            left,
            job.on_conflict,
            excluded=excluded,
            renames_on=self._renames_on,
            may_be_gone=0,
            counted=self._state.counted,
            ignores_case=ignores_case,
            observer=self._look,
        )
        try:
            while not await ctx.run_in_pool(scan.some, interrupt_requested):
                await self._checkpoint(scan)
        finally:
            scan.close()
        free = await ctx.run_in_pool(free_bytes, holder)
        fits = scan.needed <= free or await ctx.run_in_pool(_may_share_blocks, roots)
        return PlanOutput.of(self._tally, scan.needed, free, fits)

    async def _rename(self, roots: list[Root]) -> list[Root]:
        """Those that would not be renamed as a whole."""
        ctx = self._ctx
        self._renames_on = (await ctx.run_in_pool(os.stat, roots[0].target)).st_dev
        apart = await ctx.run_in_pool(layout.identities_above_library, ctx.library.path)
        left: list[Root] = []
        again = self._state.counted is not None
        for root in roots:
            status = await ctx.run_in_pool(would_rename, root, apart)
            if status is None:
                left.append(root)
            elif not again:
                self._tally.entries += 1
                self._tally.renamed += 1
                self._tally.bytes += status.st_size if stat.S_ISREG(status.st_mode) else 0
        return left

    async def _checkpoint(self, scan: Scan) -> None:
        ctx, state = self._ctx, self._state
        ctx.progress(
            GenericProgress(
                phase="scan",
                message=f"{scan.totals.items:,} found, {in_words(scan.totals.bytes)}",
                current_path=Path(os.fsdecode(scan.at)),
                items=Count(scan.totals.items, None, growing=True),
            )
        )
        counted = scan.counted()
        if counted is None:  # a place that is too long to be kept: the next one will do
            await ctx.check_interrupt()
            return
        state.counted = counted
        await ctx.checkpoint(state)

    def _look(self, event: Entry | Trouble, decision: Decision, existing: os.stat_result | None) -> None:
        """In a thread of the pool."""
        tally, path = self._tally, event.folder.child_path(event.name)
        tally.entries += 1
        if isinstance(event, Trouble):
            self._trouble(path, event)
            return
        if kind := special_kind(event.status.st_mode):
            tally.warnings += 1
            self._ctx.item(path, "warning", f"is {kind}, which cannot be copied")
            return
        size = event.status.st_size if stat.S_ISREG(event.status.st_mode) else 0
        tally.bytes += size
        reason = reason_of(decision, self._job.on_conflict, existing)
        if decision is Decision.REFUSE:
            tally.refused += 1
            self._ctx.item(path, "error", reason)
        elif decision is Decision.ASK:
            tally.asked += 1
            self._ctx.item(path, "skipped", "would be asked about: something else of that name is there")
        elif decision is Decision.SKIP:
            tally.skipped += 1
            self._ctx.item(path, "skipped", reason)
        else:
            self._write(path, event, decision, existing)

    def _trouble(self, path: bytes, event: Trouble) -> None:
        if event.outcome == "error":
            self._tally.refused += 1
            self._ctx.item(path, "error", event.reason)
        else:
            self._tally.warnings += 1
            self._ctx.item(path, "warning", event.reason)

    def _write(self, path: bytes, event: Entry, decision: Decision, existing: os.stat_result | None) -> None:
        tally = self._tally
        if decision is Decision.REPLACE and existing is not None:
            tally.replaced += 1
            tally.bytes_replaced += existing.st_size if stat.S_ISREG(existing.st_mode) else 0
            age = "an older" if is_newer(event.status, existing) else "another"
            self._ctx.item(path, "warning", f"would replace {age} file of {in_words(existing.st_size)}")
        elif decision is Decision.KEEP_BOTH:
            tally.kept_beside += 1
        elif self._renames_on is not None and event.status.st_dev == self._renames_on:
            tally.renamed += 1
        else:
            tally.created += 1


def looks_case_blind(holder: bytes) -> bool:
    """Whether a folder ignores case, told by the names that it has: nothing is made in it. Blocking."""
    folder = open_path(holder)
    try:
        names = set(os.listdir(folder))
        for name in names:
            other = name.swapcase()
            if other != name and other not in names:
                return exists(folder, other)
        return False
    finally:
        os.close(folder)


def _may_share_blocks(roots: list[Root]) -> bool:
    try:
        device = os.stat(roots[0].target).st_dev
        if any(os.lstat(root.source).st_dev != device for root in roots):
            return False
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}".encode()
    place = os.path.realpath(roots[0].target)
    above = [mount for mount in read_mounts() if (place + b"/").startswith(mount.place.rstrip(b"/") + b"/")]
    if not above:
        return False
    holder = max(above, key=lambda mount: len(mount.place))
    return holder.kind in CLONES and (holder.device == wanted or holder.kind == "btrfs")
