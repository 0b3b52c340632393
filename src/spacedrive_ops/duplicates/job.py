"""DuplicatesJob."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, job
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.content.reading import Reading, is_as_indexed, readings
from spacedrive_ops.library_index import contents
from spacedrive_ops.library_index.contents import StoredFile
from spacedrive_ops.library_index.schema import ensure_index

PHASES = (("read", 1.0),)


@dataclass(slots=True)
class DuplicatesState:
    """`cursor`: the file that was read last."""

    cursor: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class DuplicatesOutput:
    """`groups` of files that hold the same bytes; `copies`: how many more there are than one of each; `wasted`: their
    bytes. `read`: the files that had to be read to know."""

    groups: int
    copies: int
    wasted: int
    read: int


@job(name="duplicates", description="Find duplicate files", checkpoint_interval=timedelta(seconds=0.5))
class DuplicatesJob:
    """Find out which indexed files hold the same bytes. Only files of a size that another has too are read, whole.

    `least`: the smallest size in bytes that is looked at; empty files are never duplicates. Several names of one file
    (hard links) are not either. Nothing is changed on the disk; the groups are `LibraryIndex.duplicates()`.
    """

    least: int = 1

    async def run(self, ctx: JobContext[DuplicatesState]) -> DuplicatesOutput:
        new_hasher()
        db, least = ctx.library_db, max(self.least, 1)
        await ensure_index(db)
        state = await ctx.load_state(default=DuplicatesState())
        files, size = await contents.count_alike(db, least)
        files, size = files + state.files, size + state.bytes
        async for some in readings(ctx, lambda after: contents.alike(db, after, least), state.cursor):
            await self._store(ctx, state, some)
            ctx.progress(_progress(state, files, size, some[-1][0].path))
        groups, copies, wasted = await contents.count_duplicates(db, least)
        return DuplicatesOutput(groups, copies, wasted, state.files)

    @staticmethod
    async def _store(ctx: JobContext[DuplicatesState], state: DuplicatesState, some: list[Reading]) -> None:
        read: list[tuple[StoredFile, bytes]] = []
        for file, result in some:
            state.cursor = file.id
            state.files += 1
            state.bytes += file.size
            ctx.increment_items()
            ctx.increment_bytes(file.size)
            if isinstance(result, str):
                ctx.item(file.path, "error", result)
            elif is_as_indexed(file, result):
                read.append((file, result.digest))
            else:
                ctx.item(file.path, "skipped", "was edited since it was indexed; index it again")
        async with ctx.library_db.transaction() as tx:
            await contents.store(tx, read)
            await ctx.checkpoint(state, tx=tx)


def _progress(state: DuplicatesState, files: int, size: int, current: bytes) -> GenericProgress:
    return GenericProgress(
        phase="read",
        phases=PHASES,
        current_path=Path(os.fsdecode(current)),
        items=Count(state.files, max(files, state.files)),
        bytes=Bytes(state.bytes, max(size, state.bytes)),
    )
