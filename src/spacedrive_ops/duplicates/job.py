"""DuplicatesJob."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobError, Transaction, job
from spacedrive_ops.content.crew import Crew
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.content.reading import Reading, is_as_indexed, meanwhile, readings
from spacedrive_ops.library_index import contents
from spacedrive_ops.library_index.contents import Pages, StoredFile, Wanted
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.schema import ensure_index, ensure_samples
from spacedrive_ops.paths.given import TakesPaths

PHASES: Final = (("sample", 20.0), ("read", 80.0))

Phase: TypeAlias = Literal["sample", "read"]
Store: TypeAlias = Callable[[Transaction, list[tuple[StoredFile, bytes]]], Awaitable[None]]


@dataclass(slots=True)
class DuplicatesState:
    """`cursor`: the file that was looked at last in this phase. `sampled`: files of which the ends were read; `files`:
    those that were read whole, with `bytes`."""

    phase: Phase = "sample"
    cursor: int = 0
    sampled: int = 0
    files: int = 0
    bytes: int = 0


class DuplicatesOutput(msgspec.Struct, frozen=True):
    """`groups` of files that hold the same bytes; `copies`: how many more there are than one of each; `wasted`: their
    bytes. `sampled`: files whose ends had to be read to know; `read`: those that had to be read whole."""

    groups: int
    copies: int
    wasted: int
    sampled: int
    read: int


@job(name="duplicates", description="Find duplicate files", checkpoint_interval=timedelta(seconds=0.5))
class DuplicatesJob(TakesPaths):
    """Find out which indexed files hold the same bytes. Nothing is changed on the disk; the groups are
    `LibraryIndex.duplicates()`.

    A file is read only if another one has its size; a large one only at its ends, and whole only if another one has the
    same ends too. Several names of one file (hard links) are no duplicates, and empty files never are. `least`: the
    smallest size in bytes that is looked at. `root`: a location, if its files alone are to be compared.
    """

    least: int = 1
    root: Path | None = None

    async def run(self, ctx: JobContext[DuplicatesState]) -> DuplicatesOutput:
        new_hasher()
        await ensure_index(ctx.library_db)
        await ensure_samples(ctx.library_db)
        wanted = Wanted(await self._location(ctx), max(self.least, 1))
        run = _Run(ctx, wanted, await ctx.load_state(default=DuplicatesState()))
        unknown, large = await contents.count_unknown(ctx.library_db, wanted)
        with Crew(unknown) as crew:
            await run.to_the_end(crew, samples=large > 0)
        groups, copies, wasted = await contents.count_duplicates(ctx.library_db, wanted)
        return DuplicatesOutput(groups, copies, wasted, run.state.sampled, run.state.files)

    async def _location(self, ctx: JobContext[DuplicatesState]) -> int:
        if self.root is None:
            return 0
        for location in await read_locations(ctx.library_db):
            if location.path == self.root:
                return location.id
        raise JobError(f"{self.root} is not indexed: index it first")


class _Run:
    """One attempt."""

    def __init__(self, ctx: JobContext[DuplicatesState], wanted: Wanted, state: DuplicatesState) -> None:
        self._ctx, self._db, self._wanted, self.state = ctx, ctx.library_db, wanted, state

    async def to_the_end(self, crew: Crew, *, samples: bool) -> None:
        """`samples`: there are files whose ends may have to be read."""
        if self.state.phase == "sample" and samples:
            await self._sample(crew)
        elif self.state.phase == "sample":
            self.state.phase = "read"
        await self._read(crew)

    async def _sample(self, crew: Crew) -> None:
        state, wanted = self.state, self._wanted
        pages = Pages(partial(contents.unsampled, self._db, wanted))
        page = await pages.first(state.cursor)
        left = len(page) if page is not None else await contents.count_unsampled(self._db, wanted)
        total = state.sampled + left

        async def store(some: list[Reading]) -> None:
            state.sampled += len(some)
            await self._store(some, contents.store_samples)
            self._show(some, Count(state.sampled, max(total, state.sampled)))

        await meanwhile(readings(self._ctx, pages, state.cursor, crew, sampled=True), store)
        state.phase, state.cursor = "read", 0
        if state.sampled:
            async with self._db.transaction() as tx:
                await contents.forget_samples(tx)
                await self._ctx.checkpoint(state, tx=tx)

    async def _read(self, crew: Crew) -> None:
        state, wanted = self.state, self._wanted
        pages = Pages(partial(contents.alike, self._db, wanted))
        page = await pages.first(state.cursor)
        left, size = contents.sum_of(page) if page is not None else await contents.count_alike(self._db, wanted)
        total, size = left + state.files, size + state.bytes

        async def store(some: list[Reading]) -> None:
            read = sum(file.size for file, _ in some)
            state.files += len(some)
            state.bytes += read
            self._ctx.increment_items(len(some))
            self._ctx.increment_bytes(read)
            await self._store(some, contents.store)
            items = Count(state.files, max(total, state.files))
            self._show(some, items, Bytes(state.bytes, max(size, state.bytes)))

        await meanwhile(readings(self._ctx, pages, state.cursor, crew), store)

    async def _store(self, some: list[Reading], store: Store) -> None:
        """Store what was read of files that are as the index has them, and where the work stands."""
        ctx = self._ctx
        read: list[tuple[StoredFile, bytes]] = []
        for file, result in some:
            if isinstance(result, str):
                ctx.item(file.path, "error", result)
            elif is_as_indexed(file, result):
                read.append((file, result.digest))
            else:
                ctx.item(file.path, "skipped", "was edited since it was indexed; index it again")
        self.state.cursor = some[-1][0].id
        async with self._db.transaction() as tx:
            await store(tx, read)
            await ctx.checkpoint(self.state, tx=tx)

    def _show(self, some: list[Reading], items: Count, size: Bytes | None = None) -> None:
        self._ctx.progress(
            GenericProgress(
                phase=self.state.phase,
                phases=PHASES,
                current_path=Path(os.fsdecode(some[-1][0].path)),
                items=items,
                bytes=size,
            )
        )
