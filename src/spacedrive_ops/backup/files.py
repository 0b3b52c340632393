"""BackupFilesJob: one location into a backup."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from spacedrive_jobs import AmbiguousJobId, JobContext, JobError, JobNotFound, job
from spacedrive_ops.backup.depot import FolderDepot
from spacedrive_ops.backup.lists import spool_path
from spacedrive_ops.backup.model import FilesState
from spacedrive_ops.backup.snapshots import open_depot
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.folders import identities_above, identity_at
from spacedrive_ops.paths.finding import Address
from spacedrive_ops.paths.given import TakesPaths

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)
SPOOL: Final = "jsonl"
PACKED: Final = "jsonl.gz"
EARLIER: Final = "before"


class FilesOutput(msgspec.Struct, frozen=True):
    """`list`: the BLAKE3 of the list that was kept. `files` and `size` (bytes) are what is listed, `sent` files whose
    bytes were not in the backup yet, `failed` entries that are not in it."""

    list: str
    entries: int
    files: int
    size: int
    sent: int
    sent_bytes: int
    failed: int


@job(name="backup_files", description="Back up one folder", checkpoint_interval=CHECKPOINT_EVERY)
class BackupFilesJob(TakesPaths):
    """Put the files below `root` into the backup at `to` (a folder, or a store), and a list of all that is there.

    A part of BackupJob, which makes the snapshot that a restore begins with. The bytes of a file are kept under their
    BLAKE3, once whatever number of files and backups have them. `before`: an earlier list of the same folder; a file
    that is still as it says (size, times, inode) is not read. What was sent is read back and compared (`verify`).
    """

    root: Path
    to: Address
    before: str = ""
    verify: bool = True

    async def run(self, ctx: JobContext[FilesState]) -> FilesOutput:
        from spacedrive_ops.backup.sending import Sending  # brings the modules of HTTP and XML

        new_hasher()  # refused at once where the extra is missing
        depot = await open_depot(ctx, self.to)
        if isinstance(depot, FolderDepot):
            await ctx.run_in_pool(_refuse_inside, self.root, Path(depot.where))
            if ctx.attempt > 1:
                await ctx.run_in_pool(depot.tidy)
            await _tidy_after_ended(ctx, depot)
        stored = await ctx.load_state()
        fresh = stored is None or (ctx.retry_of is not None and ctx.attempt == 1)
        state = FilesState(begun=stored.begun if stored is not None else None) if fresh or stored is None else stored
        spools = [spool_path(ctx.library.path, ctx.id.short, suffix) for suffix in (SPOOL, PACKED, EARLIER)]
        sending = Sending(self, ctx, depot, state, *spools)
        list_ = await sending.to_the_end()
        if isinstance(depot, FolderDepot):
            await ctx.run_in_pool(depot.tidy)
        tally = state.tally
        return FilesOutput(list_, tally.entries, tally.files, tally.bytes, tally.sent, tally.sent_bytes, tally.failed)

    async def on_cancel(self, ctx: JobContext[FilesState]) -> None:
        """Throw away what is unfinished."""
        from spacedrive_ops.object_store import unfinished

        for suffix in (SPOOL, PACKED, EARLIER):
            spool_path(ctx.library.path, ctx.id.short, suffix).unlink(missing_ok=True)
        state = await ctx.load_state(default=FilesState())
        depot = await open_depot(ctx, self.to)
        if isinstance(depot, FolderDepot):
            await ctx.run_in_pool(depot.tidy)
        elif state.begun is not None and depot.multipart is not None:
            await unfinished.give_up(ctx, depot.multipart, state.begun)


async def _tidy_after_ended(ctx: JobContext[FilesState], depot: FolderDepot) -> None:
    """Remove what jobs of this library that are over have left: who was killed once too often tidies nothing up."""
    for short in await ctx.run_in_pool(depot.others):
        try:
            found = await ctx.library.jobs.find(short)
        except (JobNotFound, AmbiguousJobId):  # another library's perhaps
            continue
        if (await found.status()).is_terminal:
            await ctx.run_in_pool(depot.tidy_after, short)


def _refuse_inside(root: Path, depot: Path) -> None:
    """A backup inside what it backs up would back itself up. Raises JobError."""
    inside = identity_at(os.fsencode(root))
    if inside is not None and inside in identities_above(os.fsencode(depot)):
        raise JobError(f"the backup {os.fspath(depot)!r} lies in the folder {os.fspath(root)!r} that it is of")
