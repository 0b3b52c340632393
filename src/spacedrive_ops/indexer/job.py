"""IndexerJob."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from spacedrive_jobs import Completed, JobContext, JobError, failpoint, job
from spacedrive_ops.content.crew import Crew
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.content.reading import Reading, is_as_indexed, meanwhile, readings
from spacedrive_ops.extras import MissingExtra
from spacedrive_ops.indexer import places
from spacedrive_ops.indexer.model import CLOSENESS, IndexMode, IndexOutput, IndexScope, IndexState
from spacedrive_ops.indexer.mounts import closed_places, is_within
from spacedrive_ops.indexer.places import Place
from spacedrive_ops.indexer.reporting import Reporter
from spacedrive_ops.indexer.rules import Judge, Rules
from spacedrive_ops.indexer.starts import Starts, given, touched
from spacedrive_ops.indexer.turns import PATIENCE, NoAnswer, Turns
from spacedrive_ops.indexer.walk import ABSENT, Setting
from spacedrive_ops.library_index import contents, entries, locations
from spacedrive_ops.library_index.contents import StoredFile
from spacedrive_ops.library_index.findings import Slice
from spacedrive_ops.library_index.schema import ensure_index, ensure_indexes
from spacedrive_ops.media_facts.job import MediaMetadataJob
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.thumbnails.job import ThumbnailJob

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)
MOST_QUARANTINED: Final = 100
SLICE_ROWS: Final = 10_000
"""How many changes are written at once."""


@job(name="indexer", description="Index a folder", checkpoint_interval=CHECKPOINT_EVERY, scope="root")
class IndexerJob(TakesPaths):
    """Bring the library's index of a folder up to date: what is new, changed, moved and gone since the run before.

    The first run of a folder makes it a location of the library; a folder inside a location is a part of that one. The
    job goes on where it was after a pause, a shutdown or a crash. An entry that cannot be read is an item of the job
    and stays in the index as it was. A folder whose disk is not there is set offline, and nothing of it is forgotten.

    `mode`, `scope`: see IndexMode, IndexScope. `hidden`, `development`, `system`, `gitignore`, `exclude`: what is left
    out (Rules). `replaced`: the folder was put on another disk, or emptied, on purpose. `only`: look at these
    folders in it alone, and at what is new in them. `quick`: look only into folders whose own time has changed; that
    finds what is new, moved and gone, and misses edits inside files.
    """

    root: Path
    mode: IndexMode = "shallow"
    scope: IndexScope = "recursive"
    hidden: bool = False
    development: bool = False
    system: bool = True
    gitignore: bool = False
    exclude: tuple[str, ...] = ()
    replaced: bool = False
    only: tuple[Path, ...] = ()
    quick: bool = False

    def covers(self, other: IndexerJob) -> bool:
        """A run of a whole folder does for any inside it, if it looks at them as closely and by the same rules."""
        inside = other.root == self.root or self.root in other.root.parents
        closer = CLOSENESS.index(self.mode) >= CLOSENESS.index(other.mode)
        as_far = self.scope == "recursive" and not (self.only or self.quick) and (self.replaced or not other.replaced)
        return inside and closer and as_far and self.rules == other.rules

    @property
    def rules(self) -> Rules:
        return Rules(self.hidden, self.development, self.system, self.gitignore, self.exclude)

    async def run(self, ctx: JobContext[IndexState]) -> IndexOutput:
        return await _Run(self, ctx).to_the_end()


class _Run:
    """One attempt."""

    def __init__(self, job: IndexerJob, ctx: JobContext[IndexState]) -> None:
        self._job, self._ctx, self._db = job, ctx, ctx.library_db

    async def to_the_end(self) -> IndexOutput:
        job, ctx = self._job, self._ctx
        await ctx.run_in_pool(Judge, job.rules)  # what is wrong with them is said at once
        if job.mode != "shallow":
            new_hasher()  # refused at once where the extra is missing
        if job.mode == "deep" and importlib.util.find_spec("PIL") is None:
            raise MissingExtra("a deep index", "media,files")
        await ensure_index(self._db)
        state = await ctx.load_state()
        place = await places.find(ctx, job.root)
        if place is None or not (job.replaced or await places.is_same(ctx, place)):
            return await self._offline(place)
        if state is None or state.location != place.location:  # another run has made it a part of a larger location
            place, state = await places.begin(ctx, place)
        reporter = Reporter(ctx, state, job.mode)
        if state.phase == "discovery":
            await self._discover(place, reporter)
        if state.phase == "processing":
            await self._settle(place, reporter)
        if state.phase == "aggregation":
            await self._aggregate(place, reporter)
        if state.phase == "content":
            await self._read_contents(place, reporter)
        if state.phase == "media":
            await self._open_media(reporter)
        await self._finish(place, reporter)
        return IndexOutput(**asdict(state.found))

    async def _offline(self, place: Place | None) -> IndexOutput:
        if place is None:
            raise JobError(f"{self._job.root} cannot be indexed: there is no such folder")
        async with self._db.transaction() as tx:
            await locations.set_state(tx, place.location, "offline")
        reason = (
            "is offline: its disk is not there, or another one is in its place. The index keeps what it knows; "
            "say that the folder was replaced if that is meant"
        )
        self._ctx.item(place.path, "error", reason)
        self._ctx.add_warning(f"{os.fsdecode(place.path)} {reason}")
        return IndexOutput(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, offline=True)

    # --- discovery ----------------------------------------------------------------------------------------------------

    async def _discover(self, place: Place, reporter: Reporter) -> None:
        state = reporter.state
        while state.phase == "discovery":
            try:
                await self._walk_from_cursor(place, reporter)
            except NoAnswer as silent:
                await self._quarantine(place, silent.path, reporter)
            else:
                state.phase, state.cursor = "processing", 0
        await self._ctx.save_state(state)

    async def _walk_from_cursor(self, place: Place, reporter: Reporter) -> None:
        ctx, state = self._ctx, reporter.state
        closed = await ctx.run_in_pool(closed_places, place.path, system=self._job.system)
        absent = await places.remember_mounts(ctx, place.location, place.path, closed, replaced=self._job.replaced)
        starts = self._without(absent, place, await self._starts(place), reporter)
        if not starts:
            return
        resume = await entries.path_to(self._db, state.cursor) if state.cursor and not self._is_partial(place) else []
        names = [name for _, name in resume[1:]]
        below = [*place.below.split(b"/")] if place.below else []
        setting = Setting(
            location=place.location,
            root_path=place.path,
            starts=starts,
            fresh=state.fresh,
            enters="new" if self._is_partial(place) else "all" if self._job.scope == "recursive" else "none",
            excluded=await ctx.run_in_pool(places.identities_of, ctx.library.path),
            absent=absent,
            closed=closed | dict.fromkeys(state.quarantined, "did not answer before"),
            resume=tuple(names[len(below) :]) if resume and names[: len(below)] == below else None,
            most_rows=SLICE_ROWS,
        )
        async with Turns(setting, self._job.rules, self._db, self._reserve_ids) as turns:
            await self._walk(turns, reporter)

    async def _starts(self, place: Place) -> Starts:
        job = self._job
        if job.only:
            return await given(self._ctx, place, job.only)
        if self._is_partial(place):
            return await touched(self._ctx, place)
        return ((place.below, place.entry),)

    def _without(self, absent: tuple[bytes, ...], place: Place, starts: Starts, reporter: Reporter) -> Starts:
        """Those that are on disks that are there. The walk tells of what is absent in the folders that it reads."""
        kept = tuple(start for start in starts if not is_within(os.path.join(place.path, start[0]), absent))
        if self._is_partial(place) or not kept:
            read = {os.path.join(place.path, below).rstrip(b"/") for below, _ in kept}
            for path in absent:
                if os.path.dirname(path) not in read:
                    reporter.trouble(path, "error", ABSENT)
        return kept

    async def _reserve_ids(self) -> int:
        async with self._db.transaction() as tx:
            return await entries.reserve_ids(tx)

    def _is_partial(self, place: Place) -> bool:
        """Whether only some folders are looked at, and what is new in them."""
        return bool(self._job.only) or (self._job.quick and place.known is not None and place.known.complete)

    async def _quarantine(self, place: Place, path: bytes, reporter: Reporter) -> None:
        """A folder that does not answer is left alone, and the rest goes on. Raises JobError where there is no rest."""
        state = reporter.state
        if path == os.path.join(place.path, place.below).rstrip(b"/") or path in state.quarantined:
            raise JobError(f"{os.fsdecode(path)} did not answer for {PATIENCE:.0f} s")
        reporter.trouble(path, "error", f"did not answer for {PATIENCE:.0f} s")
        if len(state.quarantined) >= MOST_QUARANTINED:
            raise JobError(f"{MOST_QUARANTINED} folders did not answer: something is wrong with the disk")
        state.quarantined = (*state.quarantined, path)
        await self._ctx.save_state(state)

    async def _walk(self, turns: Turns, reporter: Reporter) -> None:
        """Read on while what was found before is written."""
        pending: Slice | None = Slice()
        while pending is not None:
            written, found = await asyncio.gather(self._write(pending, reporter), turns.take(), return_exceptions=True)
            if isinstance(written, BaseException):
                raise written
            if isinstance(found, BaseException):
                raise found
            pending = found
            if pending is not None:
                reporter.show("discovery", pending.at)

    async def _write(self, slice_: Slice, reporter: Reporter) -> None:
        ctx = self._ctx
        failpoint.hit("index.slice")
        reporter.count(slice_)
        if not slice_.changes:
            await ctx.checkpoint(reporter.state)
            return
        async with self._db.transaction() as tx:
            await locations.begin_changes(tx, reporter.state.location)
            await entries.write(tx, slice_, fresh=reporter.state.fresh)
            await ctx.checkpoint(reporter.state, tx=tx)
        await ctx.check_interrupt()

    # --- after the walk -----------------------------------------------------------------------------------------------

    async def _settle(self, place: Place, reporter: Reporter) -> None:
        """Which entries have moved, and which are gone."""
        ctx, state = self._ctx, reporter.state
        reporter.show("processing")
        state.phase = "aggregation"
        if not await entries.has_unsettled(self._db, place.location):
            await ctx.save_state(state)
            return
        async with self._db.transaction() as tx:
            settled = await entries.settle(tx, place.location)
            state.found.deleted, state.found.moved = settled.gone, settled.moved
            state.found.new -= settled.found_again
            state.found.modified += settled.edited
            await ctx.checkpoint(state, tx=tx)

    async def _aggregate(self, place: Place, reporter: Reporter) -> None:
        """What lies in each folder, at any depth. Nothing is written where that is known."""
        ctx, state = self._ctx, reporter.state
        reporter.show("aggregation")
        state.phase = "content" if self._job.mode != "shallow" else "finalizing"
        if _is_unchanged(state):
            await ctx.save_state(state)
            return
        totals = await entries.changed_totals(self._db, place.location)
        if not totals:
            await ctx.save_state(state)
            return
        async with self._db.transaction() as tx:
            await entries.store_totals(tx, totals)
            await ctx.checkpoint(state, tx=tx)

    async def _read_contents(self, place: Place, reporter: Reporter) -> None:
        ctx, state = self._ctx, reporter.state
        files, size = await contents.count(self._db, place.location, known=False)
        reporter.expect(files, size)
        fetch = partial(contents.unhashed, self._db, place.location, place.path)

        async def store(some: list[Reading]) -> None:
            await self._store_contents(some, reporter)
            reporter.show("content", some[-1][0].path)

        with Crew(files) as crew:
            await meanwhile(readings(ctx, fetch, state.cursor, crew), store)
        state.phase, state.cursor = "media" if self._job.mode == "deep" else "finalizing", 0
        await ctx.save_state(state)

    async def _store_contents(self, some: list[Reading], reporter: Reporter) -> None:
        ctx, state = self._ctx, reporter.state
        read: list[tuple[StoredFile, bytes]] = []
        for file, result in some:
            state.cursor = file.id
            if isinstance(result, str):
                reporter.trouble(file.path, "error", result)
            elif not is_as_indexed(file, result):
                reporter.trouble(file.path, "warning", "has changed since it was indexed")
            else:
                read.append((file, result.digest))
                reporter.hashed(file.size)
        async with self._db.transaction() as tx:
            await contents.store(tx, read)
            await ctx.checkpoint(state, tx=tx)

    async def _open_media(self, reporter: Reporter) -> None:
        """Thumbnails, and what media say of themselves: jobs of their own, since some files fail alone there."""
        ctx, state = self._ctx, reporter.state
        paths = self._job.only or (self._job.root,)
        reporter.show("media")
        await ctx.spawn_child(ThumbnailJob(paths=paths), key="thumbnails")
        await ctx.spawn_child(MediaMetadataJob(paths=paths), key="facts")
        for outcome in (await ctx.wait_for_children(on_failure="settle")).values():
            if not isinstance(outcome, Completed):
                ctx.add_warning("thumbnails or facts of media are not whole: see the children of this job")
        state.phase = "finalizing"
        await ctx.save_state(state)

    async def _finish(self, place: Place, reporter: Reporter) -> None:
        reporter.show("finalizing")
        if _is_unchanged(reporter.state):
            return
        now = await self._ctx.run_in_pool(places.now_of, self._ctx.library.path)
        async with self._db.transaction() as tx:
            await ensure_indexes(tx)
            whole = not place.below and self._job.scope == "recursive" and not self._job.only
            await locations.finish(tx, place.location, now, complete=whole or reporter.state.was_complete)


def _is_unchanged(state: IndexState) -> bool:
    """Whether the index was whole before, and this run has found nothing that is otherwise."""
    found = state.found
    return state.was_complete and not (found.new or found.modified or found.moved or found.deleted)
