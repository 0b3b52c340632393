"""UploadPlanJob: what an upload would send."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec

from spacedrive_jobs import Count, GenericProgress, JobContext, job
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.plan import in_words
from spacedrive_ops.file_copy.scan import free_bytes
from spacedrive_ops.object_store import small
from spacedrive_ops.object_store.errors import StoreError, TransferRefused
from spacedrive_ops.object_store.model import OnExisting
from spacedrive_ops.object_store.sources import Found, walk
from spacedrive_ops.object_store.store import Facts, Store
from spacedrive_ops.paths.finding import Address, store_url
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.keys import key_of
from spacedrive_ops.planning.model import PlanOutput, PlanTally
from spacedrive_ops.sources import path_in, place_of

A_ROUND: Final = 64
AT_ONCE: Final = 8


@dataclass(slots=True)
class UploadPlanState:
    """`root` and `path`: all up to this entry was looked at; as in UploadState."""

    root: int = -1
    path: bytes = b""
    needed: int = 0
    tally: PlanTally = field(default_factory=PlanTally)


class Looked(msgspec.Struct, frozen=True):
    """What is there under the key of a file; or why nothing would be sent."""

    status: os.stat_result | None = None
    there: Facts | None = None
    problem: str = ""


@job(name="upload_plan", description="Plan an upload", checkpoint_interval=timedelta(seconds=0.5))
class UploadPlanJob(TakesPaths):
    """Tell what an UploadJob of these arguments would send. `job.plan()` makes one. Nothing is read but what the store
    knows of each file."""

    sources: tuple[Path, ...]
    to: Address
    on_conflict: OnExisting = "skip"

    async def run(self, ctx: JobContext[UploadPlanState]) -> PlanOutput:
        new_hasher()  # refused at once where the extra is missing: the upload would need it
        if not self.sources:
            raise TransferRefused(str(self.to), "no source was given")
        url = await store_url(ctx.library_db, self.to)
        store = await ctx.run_in_pool(_there, url)
        state = await ctx.load_state(default=UploadPlanState())
        found = walk(self.sources, ctx.library.path, place_of(state.root, state.path))
        while batch := await ctx.run_in_pool(_some, found):
            looked = await ctx.map(partial(_look, store), batch, limit=AT_ONCE)
            for one, seen in zip(batch, looked, strict=True):
                self._say(ctx, state, one, seen)
            items = Count(state.tally.entries, None, growing=True)
            ctx.progress(GenericProgress(phase="scan", current_path=Path(os.fsdecode(batch[-1].path)), items=items))
            await ctx.checkpoint(state)
        free = await ctx.run_in_pool(_free, url)
        return PlanOutput.of(state.tally, state.needed, free)

    def _say(self, ctx: JobContext[UploadPlanState], state: UploadPlanState, found: Found, seen: Looked) -> None:
        tally = state.tally
        tally.entries += 1
        tally.bytes += found.size
        state.root, state.path = found.place[0], path_in(found.place)
        if seen.status is None:
            failed = found.failed or not found.problem
            tally.refused += failed
            tally.skipped += not failed
            ctx.item(found.path, "error" if failed else "skipped", seen.problem)
            return
        known = small.judged(seen.there, seen.status, self.on_conflict)
        if known is not None and known.outcome == "unchanged":
            tally.unchanged += 1
        elif known is not None:
            tally.skipped += 1
            ctx.item(found.path, "skipped", known.reason)
        elif seen.there is None:
            tally.created += 1
            state.needed += found.size
        else:
            tally.replaced += 1
            tally.bytes_replaced += seen.there.size
            state.needed += found.size
            ctx.item(found.path, "warning", f"would replace another file of {in_words(seen.there.size)}")


def _there(url: str) -> Store | None:
    """None for a folder that is not there yet: the upload would make it. Raises TransferRefused."""
    folder = _folder(url)
    if folder is not None and not os.path.isdir(folder):
        return None
    return Store(url, make=False)


def _folder(url: str) -> bytes | None:
    parts = urlsplit(url)
    return unquote_to_bytes(parts.path) if parts.scheme == "file" else None


def _free(url: str) -> int | None:
    """Of a folder's disk; a store does not tell."""
    folder = _folder(url)
    while folder is not None and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return free_bytes(folder) if folder is not None else None


def _some(found: Iterator[Found]) -> list[Found]:
    return list(islice(found, A_ROUND))


def _look(store: Store | None, found: Found) -> Looked:
    """In a thread of the pool."""
    if found.problem:
        return Looked(problem=found.problem)
    try:
        key = key_of(found.parts)
        return Looked(os.lstat(found.path), store.facts(key) if store is not None else None)
    except (StoreError, ValueError) as error:
        return Looked(problem=str(error))
    except OSError as error:
        return Looked(problem=f"cannot be read: {(error.strerror or '').lower()}")
