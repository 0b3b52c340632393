"""CleanupJob."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import msgspec

from spacedrive_jobs import GenericProgress, JobContext, job
from spacedrive_ops.backup.depot import INCOMING
from spacedrive_ops.cleanup.found import Found, Topic
from spacedrive_ops.cleanup.inside import old_logs, orphan_sidecars, stale_spools
from spacedrive_ops.cleanup.owners import Owners
from spacedrive_ops.cleanup.partials import stale_partials
from spacedrive_ops.file_copy.plan import in_words
from spacedrive_ops.indexer.places import now_of
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.paths.given import TakesPaths

TOPICS: Final[tuple[Topic, ...]] = ("history", "sidecars", "partials", "uploads", "spools", "logs")
PHASES: Final = tuple((topic, 1.0) for topic in TOPICS)
WRITERS: Final = ("file_copy", "file_move", "download", "restore", "transcode")
"""Kinds whose jobs write partials into their `destination`."""
BACKUP: Final = "backup"
SENDERS: Final = ("upload", "backup_files")
"""Kinds whose jobs send large files in parts."""
PAGE: Final = 200
MS: Final = 1_000_000


@dataclass(slots=True)
class CleanupState:
    """`topic`: the number of the one that is being cleaned."""

    topic: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    bytes_freed: int = 0
    failed: int = 0


class CleanupOutput(msgspec.Struct, frozen=True):
    """How much of each was removed (with `plan`: would be): ended jobs of the history, sidecars such as thumbnails,
    partial files, uploads in parts that object stores keep, files that backups left in the library, logs."""

    history: int
    sidecars: int
    partials: int
    uploads: int
    spools: int
    logs: int
    bytes_freed: int
    failed: int
    plan: bool


@job(name="cleanup", description="Remove what is no longer needed", checkpoint_interval=timedelta(seconds=0.5))
class CleanupJob(TakesPaths):
    """Remove what jobs have left and nobody needs.

    Ended jobs that are older than the library keeps them; thumbnails of contents that the index knew and no file holds
    any more, and what has lost its file or its row; partial files of jobs that have ended, and what S3 keeps of the
    large files that they were sending; logs of jobs that are no more.

    Partials are looked for in `folders`, in the locations of the index, and where jobs of the history wrote to. One of
    a job that has not ended, or whose writer lives, is never touched; one of a job that this library does not know
    goes when nothing was written to it for `unknown_days`. `plan`: remove nothing, and list what would be removed.
    Each thing is an item.
    """

    folders: tuple[Path, ...] = ()
    plan: bool = False
    unknown_days: float = 30.0

    async def run(self, ctx: JobContext[CleanupState]) -> CleanupOutput:
        state = await ctx.load_state(default=CleanupState())
        while state.topic < len(TOPICS):
            topic = TOPICS[state.topic]
            ctx.progress(GenericProgress(phase=topic, phases=PHASES))
            if topic == "history":
                await self._history(ctx, state)
            else:
                async for found in self._found(ctx, topic):
                    await self._take(ctx, state, topic, found)
            state.topic += 1
            await ctx.save_state(state)
        counts = {topic: state.counts.get(topic, 0) for topic in TOPICS}
        return CleanupOutput(**counts, bytes_freed=state.bytes_freed, failed=state.failed, plan=self.plan)

    async def _history(self, ctx: JobContext[CleanupState], state: CleanupState) -> None:
        """The rows of all of them are one item: their space is used again, and the file does not shrink."""
        jobs = ctx.library.jobs
        count = await jobs.expired() if self.plan else await jobs.prune()
        state.counts["history"] = count
        if count and self.plan:
            ctx.item("history", "skipped", f"would be removed: {count:,} ended jobs")
        elif count:
            ctx.item("history")
            ctx.log(f"{count:,} ended jobs were removed from the history")

    def _found(self, ctx: JobContext[CleanupState], topic: Topic) -> AsyncIterator[Found]:
        match topic:
            case "sidecars":
                return self._sidecars(ctx)
            case "partials":
                return self._partials(ctx)
            case "uploads":
                return self._uploads(ctx)
            case "spools":
                return stale_spools(ctx, Owners(ctx))
            case _:
                return old_logs(ctx)

    async def _sidecars(self, ctx: JobContext[CleanupState]) -> AsyncIterator[Found]:
        now = MS * await ctx.run_in_pool(now_of, ctx.library.path)
        async for found in orphan_sidecars(ctx, now):
            yield found

    async def _partials(self, ctx: JobContext[CleanupState]) -> AsyncIterator[Found]:
        now = MS * await ctx.run_in_pool(now_of, ctx.library.path)
        before = now - round(self.unknown_days * 86_400 * 1000 * MS)
        folders = await self._folders(ctx)
        owners = Owners(ctx)
        await owners.spare_what_is_done_again(WRITERS)
        async for found in stale_partials(ctx, folders, owners, before):
            yield found

    async def _uploads(self, ctx: JobContext[CleanupState]) -> AsyncIterator[Found]:
        from spacedrive_ops.cleanup.uploads import stale_uploads  # brings the modules of HTTP and XML

        owners = Owners(ctx)
        await owners.spare_what_is_done_again(SENDERS)
        async for found in stale_uploads(ctx, owners):
            yield found

    async def _folders(self, ctx: JobContext[CleanupState]) -> list[Path]:
        found: list[Path] = []
        for folder in self.folders:
            if await ctx.run_in_pool(folder.is_dir):
                found.append(folder)
            else:
                ctx.item(folder, "error", "there is no such folder")
        found += [location.path for location in await read_locations(ctx.library_db)]
        for kind in (*WRITERS, BACKUP):
            after: str | None = None
            while True:
                page = await ctx.library.jobs.list(kind=kind, limit=PAGE, after=after)
                for info in page.rows:
                    folders = await ctx.run_in_pool(_destinations, info.arguments)
                    found += [folder / INCOMING for folder in folders] if kind == BACKUP else folders
                after = page.next
                if after is None:
                    break
        return list(dict.fromkeys(found))

    async def _take(self, ctx: JobContext[CleanupState], state: CleanupState, topic: Topic, found: Found) -> None:
        if self.plan:
            ctx.item(found.path, "skipped", f"would be removed: {found.why} ({in_words(found.size)})")
        else:
            ctx.check_claim()
            try:
                if not await found.remove():
                    return
            except (OSError, StoreError) as error:
                state.failed += 1
                problem = str(error) if isinstance(error, StoreError) else (error.strerror or "").lower()
                ctx.item(found.path, "error", f"cannot be removed: {problem}")
                return
            ctx.item(found.path)
            ctx.increment_items()
            ctx.increment_bytes(found.size)
            ctx.log(f"{os.fsdecode(found.path)!r} was removed ({in_words(found.size)}): {found.why}")
        state.counts[topic] = state.counts.get(topic, 0) + 1
        state.bytes_freed += found.size
        await ctx.checkpoint(state)


def _destinations(arguments: object) -> list[Path]:
    """Where a job of the history wrote to: the folder, and the one that holds it where that is a file's own name."""
    if not isinstance(arguments, dict):
        return []
    value = cast("dict[str, object]", arguments).get("destination")
    if isinstance(value, dict):  # a path that is not UTF-8
        encoded = cast("dict[str, object]", value).get("bytes")
        value = os.fsdecode(b64decode(encoded)) if isinstance(encoded, str) else None
    if not isinstance(value, str) or not value.startswith("/"):
        return []
    return [Path(value), Path(value).parent] if not os.path.isdir(value) else [Path(value)]
