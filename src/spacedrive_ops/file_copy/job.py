"""FileCopyJob and FileMoveJob."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

from spacedrive_jobs import Completed, JobContext, JobId, JobInterrupted, JobOutcome, interrupt_requested, job
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy import conflicts, layout
from spacedrive_ops.file_copy.again import Again
from spacedrive_ops.file_copy.atomic import Partials, Target
from spacedrive_ops.file_copy.conflicts import Conflict, Group
from spacedrive_ops.file_copy.copy import ByteCopier
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.drive import Driver, Reporter, packed, unpacked
from spacedrive_ops.file_copy.finish import Finisher
from spacedrive_ops.file_copy.gather import Gatherer, times_at
from spacedrive_ops.file_copy.item import Tools
from spacedrive_ops.file_copy.links import HardLinks
from spacedrive_ops.file_copy.metadata import Denied
from spacedrive_ops.file_copy.model import CopyState, NoRoomLeft, OnConflict, Outcome, Tally
from spacedrive_ops.file_copy.move import rename_roots
from spacedrive_ops.file_copy.pipeline import Pipeline
from spacedrive_ops.file_copy.plan import in_words
from spacedrive_ops.file_copy.planning import CopyPlanJob
from spacedrive_ops.file_copy.scan import Scan, check_room, free_bytes
from spacedrive_ops.file_copy.sweep import sweep
from spacedrive_ops.file_copy.walk import Root, walk
from spacedrive_ops.folders import open_path
from spacedrive_ops.paths.finding import find_path
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.sd_path import SdPath
from spacedrive_ops.retries import failed_before
from spacedrive_ops.whole_files.partial import discard

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)
LOOK_FOR_SPACE_EVERY: Final = 1.0
LOOK_FOR_INTERRUPTION_EVERY: Final = 0.1
ENOUGH_TO_GO_ON: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileCopyOutput:
    """What became of the entries (files, links and special files; folders are not counted)."""

    copied_count: int
    total_bytes: int
    skipped_count: int
    warning_count: int
    failed_count: int


@dataclass(frozen=True, slots=True)
class FileMoveOutput:
    """What became of the entries (files, links and special files; a source renamed as a whole counts once)."""

    moved_count: int
    total_bytes: int
    skipped_count: int
    warning_count: int
    failed_count: int


@job(name="file_copy", description="Copy files and folders", checkpoint_interval=CHECKPOINT_EVERY)
class FileCopyJob(TakesPaths):
    """Copy `sources` as `cp -a` does: into `destination` if that is a folder, else in its place.

    A final name is always a whole file, and an entry counts as done only when it is on disk. The job goes on where it
    was after a pause, a shutdown or a crash, also inside a file. Trouble with one entry is an item of the job, never
    its end.

    `on_conflict`: what happens where a file is there already (`OnConflict`). `verify`: read back what was written and
    compare it by BLAKE3. `durable=False`: do not wait for the disk; a power cut may then lose what was called done.
    `located`: more sources, each found at the beginning of every attempt: a disk may come back at another place.
    """

    sources: tuple[Path, ...]
    destination: Path
    on_conflict: OnConflict = "skip"
    verify: bool = False
    durable: bool = True
    located: tuple[SdPath, ...] = ()

    async def run(self, ctx: JobContext[CopyState]) -> FileCopyOutput:
        tally = await _Run(await _with_located(self, ctx), ctx, moving=False).to_the_end()
        return FileCopyOutput(tally.copied, tally.copied_bytes, tally.skipped, tally.warnings, tally.failed)

    async def on_cancel(self, ctx: JobContext[CopyState]) -> None:
        """Remove the partial files."""
        await _remove_partials(await _with_located(self, ctx), ctx)

    def plan(self) -> CopyPlanJob:
        """A job that tells what this one would do, and changes nothing."""
        return CopyPlanJob(
            sources=self.sources,
            destination=self.destination,
            on_conflict=self.on_conflict,
            located=self.located,
        )


@job(name="file_move", description="Move files and folders", checkpoint_interval=CHECKPOINT_EVERY)
class FileMoveJob(TakesPaths):
    """Move `sources` as `mv` does: into `destination` if that is a folder, else in its place.

    Within one file system by renaming. Across two, a source is removed only after its copy is on disk (and verified,
    if that is asked for), and only while it is still what was copied. The rest is as in FileCopyJob.
    """

    sources: tuple[Path, ...]
    destination: Path
    on_conflict: OnConflict = "skip"
    verify: bool = False
    durable: bool = True

    async def run(self, ctx: JobContext[CopyState]) -> FileMoveOutput:
        tally = await _Run(self, ctx, moving=True).to_the_end()
        return FileMoveOutput(tally.copied, tally.copied_bytes, tally.skipped, tally.warnings, tally.failed)

    async def on_cancel(self, ctx: JobContext[CopyState]) -> None:
        """Remove the partial files."""
        await _remove_partials(self, ctx)

    def plan(self) -> CopyPlanJob:
        """A job that tells what this one would do, and changes nothing."""
        return CopyPlanJob(
            sources=self.sources, destination=self.destination, on_conflict=self.on_conflict, moving=True
        )


async def _with_located(job: FileCopyJob, ctx: JobContext[CopyState]) -> FileCopyJob:
    """The job with plain paths alone. Raises PathNotHere."""
    found = [await find_path(ctx.library_db, one) for one in job.located]
    return replace(job, sources=(*job.sources, *found), located=()) if found else job


async def _remove_partials(job: FileCopyJob | FileMoveJob, ctx: JobContext[CopyState]) -> None:
    stored = await ctx.load_state()
    if stored is None:
        return
    state = await unpacked(ctx, stored)
    roots = layout.roots_of(job.sources, job.destination, into=state.into)
    await ctx.run_in_pool(sweep, roots, state.removed or state.cursor, Partials(ctx.id.short, 0))


class _Run:
    """One attempt of a copy or a move."""

    def __init__(self, job: FileCopyJob | FileMoveJob, ctx: JobContext[CopyState], *, moving: bool) -> None:
        self._job, self._ctx, self._moving = job, ctx, moving
        self._partials = Partials(ctx.id.short, ctx.attempt)
        self._copier = ByteCopier(interrupt_requested)
        self._library = ctx.library.path
        self._excluded: frozenset[tuple[int, int]] = frozenset()
        self._again: Again | None = None

    async def to_the_end(self) -> Tally:
        if self._job.verify:
            new_hasher()  # refused at once where the extra is missing
        stored = await self._ctx.load_state()
        resumed = stored is not None
        state = await self._begin() if stored is None else await unpacked(self._ctx, stored)
        roots = layout.roots_of(self._job.sources, self._job.destination, into=state.into)
        self._excluded = await self._ctx.run_in_pool(layout.excluded_identities, roots, self._library, into=state.into)
        if self._ctx.retry_of is not None:
            await self._do_again(state, roots)
        reporter = Reporter(self._ctx, state, Denied(state.warned), self._moving)
        if self._moving and state.renamed_roots < len(roots):
            await self._rename(roots, reporter)
        if state.totals is None:
            await self._scan(roots, reporter)
        await self._copy(roots, reporter, resumed=resumed)
        if state.asked:
            await self._settle(reporter)
        reporter.show("flush")
        return state.tally

    async def _begin(self) -> CopyState:
        """Check the request and look at the destination, before anything is made there."""
        ctx, job = self._ctx, self._job
        into = await ctx.run_in_pool(layout.check, job.sources, job.destination, self._library)
        roots = layout.roots_of(job.sources, job.destination, into=into)
        probed = await ctx.run_in_pool(layout.probe, roots[0].target, self._partials)
        layout.check_names(roots, job.sources, job.destination, ignores_case=probed.ignores_case)
        state = CopyState(into=into, started_ns=probed.started_ns, ignores_case=probed.ignores_case)
        await ctx.save_state(state)
        return state

    async def _do_again(self, state: CopyState, roots: list[Root]) -> None:
        """This job does an ended one again: of what that one came past, only what failed."""
        if not state.again:
            failed = await failed_before(self._ctx)
            if not failed:
                return
            state.again = True
            if self._moving:
                state.renamed_roots = len(roots)  # what is no longer there was moved
            else:
                state.again_until, state.cursor, state.totals = state.cursor, None, None
                state.tally.items -= state.tally.failed
                state.tally.failed = 0
            await self._ctx.save_state(packed(self._ctx, state))
        if not self._moving:
            self._again = Again(await failed_before(self._ctx), state.again_until)

    async def _rename(self, roots: list[Root], reporter: Reporter) -> None:
        """A move within one file system: whole sources are renamed, where nothing of that name is there."""
        ctx, state = self._ctx, reporter.state
        apart = await ctx.run_in_pool(layout.identities_above_library, self._library)
        since = state.started_ns
        moved = await ctx.run_in_pool(
            rename_roots, roots[state.renamed_roots :], apart, ctx.check_claim, since, durable=self._job.durable
        )
        for root, size in moved:
            ctx.item(root.source)
            ctx.increment_items()
            state.tally.add("ok", size, 0)
        state.renamed_roots = len(roots)
        await ctx.save_state(packed(ctx, state))

    async def _scan(self, roots: list[Root], reporter: Reporter) -> None:
        ctx, state = self._ctx, reporter.state
        renames_on = (await ctx.run_in_pool(os.stat, roots[0].target)).st_dev if self._moving else None
        scan = Scan(
            roots,
            self._job.on_conflict,
            excluded=self._excluded,
            renames_on=renames_on,
            may_be_gone=state.renamed_roots,
            counted=state.counted,
            again=self._again,
        )
        try:
            while not await ctx.run_in_pool(scan.some, interrupt_requested):
                message = f"{scan.totals.items:,} found, {in_words(scan.totals.bytes)}"
                reporter.show("scan", message, current=scan.at)
                await ctx.check_interrupt()
        except JobInterrupted:
            # Or a job that is stopped again and again would count for ever and never copy.
            state.counted = scan.counted() or state.counted
            await ctx.save_state(packed(ctx, state))
            raise
        finally:
            scan.close()
        await ctx.run_in_pool(check_room, roots[0].target, scan.needed, roots[0].source)
        scan.totals.items += state.tally.items
        scan.totals.bytes += state.tally.bytes
        state.totals, state.counted = scan.totals, None
        await ctx.save_state(packed(ctx, state))

    async def _copy(self, roots: list[Root], reporter: Reporter, *, resumed: bool) -> None:
        links = HardLinks(complete=not resumed)
        while True:
            spare = reporter.state.partial
            driver = Driver(self._ctx, self._pipeline(roots, reporter, links, resumed=resumed), reporter, links)
            try:
                await driver.run()
            except NoRoomLeft as full:
                await self._wait_for_room(roots, reporter, full)
            else:
                reporter.state.partial = None
                if spare is not None:
                    await self._ctx.run_in_pool(_discard_beside, roots, spare.name)
                return
            resumed, links = True, HardLinks(complete=False)

    async def _settle(self, reporter: Reporter) -> None:
        """Ask about each conflict, and have the answers carried out by jobs of the same kind."""
        ctx, state, job = self._ctx, reporter.state, self._job
        await ctx.save_state(packed(ctx, state))
        found = await conflicts.remembered(ctx, state.asked)
        reporter.show("copy", "a conflict waits" if len(found) == 1 else f"{len(found):,} conflicts wait for answers")
        answers = await conflicts.ask(ctx, found)
        for conflict, answer in answers.items():
            if answer == "skip":
                self._settled(reporter, conflict, "skipped", "exists already; answered: skip")
        children: dict[JobId, Group] = {}
        for number, group in enumerate(conflicts.groups(answers)):
            child = replace(
                job,
                sources=conflicts.paths(group.conflicts),
                destination=Path(os.fsdecode(group.destination)),
                on_conflict=group.answer,
            )
            children[(await ctx.spawn_child(child, key=f"answers {number}")).id] = group
        outcomes = await ctx.wait_for_children(on_failure="settle")
        for id_, group in children.items():
            outcome, reason = _outcome_of(id_, outcomes[id_])
            for conflict in group.conflicts:
                self._settled(reporter, conflict, outcome, reason)
        state.asked = 0
        await ctx.save_state(packed(ctx, state))

    def _settled(self, reporter: Reporter, conflict: Conflict, outcome: Outcome, reason: str) -> None:
        ctx = self._ctx
        ctx.item(conflict.source, outcome, reason) if outcome != "ok" else ctx.item(conflict.source)
        ctx.increment_items()
        reporter.state.tally.add(outcome, conflict.size, conflict.size if outcome == "ok" else 0)

    def _pipeline(self, roots: list[Root], reporter: Reporter, links: HardLinks, *, resumed: bool) -> Pipeline:
        state, job, ctx = reporter.state, self._job, self._ctx
        tools = Tools(
            partials=self._partials,
            copier=self._copier,
            denied=reporter.denied,
            verify=job.verify,
            durable=job.durable,
            check_claim=ctx.check_claim,
            interrupted=interrupt_requested,
        )
        spare = state.partial.name if state.partial is not None else ""
        target = Target(self._partials, ignores_case=state.ignores_case, resumed=resumed, spare=spare)
        events = walk(
            roots,
            target,
            after=state.removed if self._moving else state.cursor,
            done=state.cursor if self._moving else None,
            excluded=self._excluded,
            may_be_gone=state.renamed_roots,
            on_unfinished=partial(_restore_times, state.folder_times),
        )
        since = state.started_ns if resumed else None
        if self._again is not None:
            events = self._again.select(events)
        gatherer = Gatherer(events, job.on_conflict, ours_since=since, moving=self._moving)
        finisher = Finisher(tools, target, links)
        return Pipeline(gatherer, finisher, tools, moving=self._moving, unfinished=state.partial)

    async def _wait_for_room(self, roots: list[Root], reporter: Reporter, full: NoRoomLeft) -> None:
        """The destination is full: say so, look again each second, and go on when there is room."""
        holder = roots[0].target
        place = os.fsdecode(holder)
        self._ctx.log(f"{place}: {full.strerror}; waiting for space")
        await self._ctx.save_state(packed(self._ctx, reporter.state))
        waited_since = monotonic()
        before = await self._ctx.run_in_pool(_free, holder)
        while True:
            free = await self._ctx.run_in_pool(_free, holder)
            message = f"no space left on {place} ({in_words(free)} free): waiting, goes on when there is room"
            reporter.show("copy", message)
            if free > max(before, ENOUGH_TO_GO_ON) or (
                full.errno == errno.EDQUOT and monotonic() - waited_since > LOOK_FOR_SPACE_EVERY
            ):
                break
            for _ in range(round(LOOK_FOR_SPACE_EVERY / LOOK_FOR_INTERRUPTION_EVERY)):
                await asyncio.sleep(LOOK_FOR_INTERRUPTION_EVERY)
                await self._ctx.check_interrupt()
            if monotonic() - waited_since > 10 * LOOK_FOR_SPACE_EVERY:
                before, waited_since = 0, monotonic()  # try again now and then: free space is not all that can lack
        self._ctx.log(f"{place}: going on")


def _outcome_of(job: JobId, outcome: JobOutcome[object]) -> tuple[Outcome, str]:
    """Of all the conflicts that one job settled: where it was not all well, that job tells more."""
    match outcome:
        case Completed(FileCopyOutput() | FileMoveOutput() as output):
            if not (output.skipped_count or output.warning_count or output.failed_count):
                return "ok", ""
            if output.failed_count or output.warning_count:
                return "warning", f"answered, but not all went well: see job {job.short}"
            return "skipped", "exists already and is not older"
        case _:
            return "error", f"answered, but job {job.short} did not complete"


def _discard_beside(roots: list[Root], partial_name: str) -> None:
    """A partial that nothing went on with, beside a root: folders further down clear theirs as they are finished."""
    for target in {root.target for root in roots}:
        try:
            folder = open_path(target)
        except OSError:
            continue
        discard(folder, partial_name)
        os.close(folder)


def _free(holder: bytes) -> int:
    try:
        return free_bytes(holder)
    except OSError:
        return 0


def _restore_times(packed_times: bytes, folder: Directory, depth: int) -> None:
    times = times_at(packed_times, depth)
    if times is not None:
        folder.times = times
