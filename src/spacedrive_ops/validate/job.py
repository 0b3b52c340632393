"""ValidateJob."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobError, job
from spacedrive_ops.content.crew import Crew
from spacedrive_ops.content.digest import Digest
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.content.reading import is_as_indexed, readings
from spacedrive_ops.library_index import contents
from spacedrive_ops.library_index.contents import StoredFile
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.paths.given import TakesPaths

PHASES = (("validate", 1.0),)
DAMAGED = "is damaged: it holds other bytes than before, though its size and time are the same"


@dataclass(slots=True)
class ValidateState:
    """`cursor`: the file that was compared last."""

    cursor: int = 0
    intact: int = 0
    changed: int = 0
    damaged: int = 0
    unreadable: int = 0
    read_bytes: int = 0


class ValidateOutput(msgspec.Struct, frozen=True):
    """Files by what became of them. `changed`: edited since they were indexed; `damaged`: other bytes, although size
    and times are the same."""

    intact: int
    changed: int
    damaged: int
    unreadable: int


@job(name="validate", description="Look for damaged files", checkpoint_interval=timedelta(seconds=0.5))
class ValidateJob(TakesPaths):
    """Read every file of a location again whose content the index knows, and compare: bit rot is found, not mended.

    `root`: the location, as it was indexed (in content mode). Each file that is not what it was is an item.
    """

    root: Path

    async def run(self, ctx: JobContext[ValidateState]) -> ValidateOutput:
        new_hasher()
        await ensure_index(ctx.library_db)
        location = next((one for one in await read_locations(ctx.library_db) if one.path == self.root), None)
        if location is None:
            raise JobError(f"{self.root} is not indexed: index it with its contents first")
        state = await ctx.load_state(default=ValidateState())
        files, size = await contents.count(ctx.library_db, location.id, known=True)
        fetch = partial(contents.hashed, ctx.library_db, location.id, os.fsencode(location.path))
        with Crew(files) as crew:
            async for some in readings(ctx, fetch, state.cursor, crew):
                for file, result in some:
                    self._compare(ctx, state, file, result)
                ctx.progress(_progress(state, files, size, some[-1][0].path))
                await ctx.checkpoint(state)
        await ctx.save_state(state)
        return ValidateOutput(state.intact, state.changed, state.damaged, state.unreadable)

    @staticmethod
    def _compare(ctx: JobContext[ValidateState], state: ValidateState, file: StoredFile, result: Digest | str) -> None:
        state.cursor = file.id
        state.read_bytes += file.size
        ctx.increment_items()
        ctx.increment_bytes(file.size)
        if isinstance(result, str):
            state.unreadable += 1
            ctx.item(file.path, "error", result)
        elif not is_as_indexed(file, result):
            state.changed += 1
            ctx.item(file.path, "skipped", "was edited since it was indexed; index it again")
        elif result.digest != file.digest:
            state.damaged += 1
            ctx.item(
                file.path,
                "error",
                "is damaged: it holds other bytes than before, though its size and time are the same",
            )
        else:
            state.intact += 1


def _progress(state: ValidateState, files: int, size: int, current: bytes) -> GenericProgress:
    done = state.intact + state.changed + state.damaged + state.unreadable
    return GenericProgress(
        phase="validate",
        phases=PHASES,
        current_path=Path(os.fsdecode(current)),
        items=Count(done, max(files, done)),
        bytes=Bytes(state.read_bytes, max(size, state.read_bytes)),
    )
