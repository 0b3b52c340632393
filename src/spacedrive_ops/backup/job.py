"""BackupJob."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from spacedrive_jobs import Completed, Count, Failed, JobContext, JobError, JobHandle, JobOutcome, job
from spacedrive_ops.backup import snapshots
from spacedrive_ops.backup.depot import Depot, FolderDepot
from spacedrive_ops.backup.files import BackupFilesJob, FilesOutput
from spacedrive_ops.backup.format import FORMAT, BackedUp, Snapshot, sealed, snapshot_name
from spacedrive_ops.backup.lists import spool_path
from spacedrive_ops.backup.planning import BackupPlanJob
from spacedrive_ops.indexer.job import IndexerJob
from spacedrive_ops.indexer.model import IndexOutput
from spacedrive_ops.paths.finding import Address
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.keys import text_of, text_of_bytes
from spacedrive_ops.thumbnails.job import ThumbnailJob

LIBRARY = "library"


class BackupOutput(msgspec.Struct, frozen=True):
    """`files` and `size` (bytes) that the locations hold; `sent` files whose bytes were not in the backup yet; `failed`
    locations of which not everything arrived. `snapshot`: the id of what can now be restored; empty where nothing can.
    """

    files: int
    size: int
    sent: int
    failed: int
    snapshot: str = ""


class Begun(msgspec.Struct, frozen=True):
    """Decided once. `id`: of the snapshot. `before`: for each location its list in the newest one that has it."""

    id: str
    before: tuple[str, ...]


@job(name="backup", description="Back up folders")
class BackupJob(TakesPaths):
    """Index each location, make its thumbnails, and put what it holds into the backup at `destination`: a folder, an
    SdPath, or an object store's URL.

    Each backup is a snapshot that RestoreJob brings back as it was, with times, modes, owners, attributes and links,
    whatever was backed up later. The bytes of a file are kept once, under their BLAKE3, so what did not change is not
    sent again. Each step is a child of its own, and a backup that was stopped goes on within the step that it was in.
    The snapshot is written last: one that is there is whole. `library`: the job library's databases too, as they are
    then. A location whose disk is not there is an item, and the others are backed up.
    """

    locations: tuple[Path, ...]
    destination: Address
    thumbnails: bool = True
    library: bool = True

    async def run(self, ctx: JobContext) -> BackupOutput:
        await ctx.run_in_pool(self._check)
        depot = await self._open(ctx)
        begun = await ctx.step("begin", self._begin, ctx, depot)
        indexes: list[JobHandle[IndexOutput]] = []
        transfers: list[JobHandle[FilesOutput]] = []
        for number, root in enumerate(self.locations):
            index = await ctx.spawn_child(IndexerJob(root=root), key=f"index {number}")
            indexes.append(index)
            if self.thumbnails:
                await ctx.spawn_child(ThumbnailJob(paths=(root,)), key=f"thumbnails {number}", after=[index])
            files = BackupFilesJob(root=root, to=self.destination, before=begun.before[number])
            transfers.append(await ctx.spawn_child(files, key=f"transfer {number}", after=[index]))
        ctx.progress(Count(0, len(self.locations)))
        outcomes = await ctx.wait_for_children(on_failure="settle")
        kept: list[BackedUp] = []
        files_found = size = sent = failed = 0
        for root, index, transfer in zip(self.locations, indexes, transfers, strict=True):
            output, problem = _arrived(outcomes[index.id], outcomes[transfer.id])
            if output is not None:
                kept.append(_backed_up(_name(root), root, output))
                files_found, size, sent = files_found + output.files, size + output.size, sent + output.sent
            if problem:
                failed += 1
                ctx.item(root, "error", problem)
            else:
                ctx.item(root)
        if not kept:
            return BackupOutput(0, 0, 0, failed)
        library = await self._library(ctx) if self.library else None
        failed += self.library and library is None
        snapshot = Snapshot(FORMAT, begun.id, _taken(begun.id), tuple(kept), library)
        await ctx.run_in_pool(_publish, ctx, depot, snapshot)
        return BackupOutput(files_found, size, sent, failed, begun.id)

    async def _open(self, ctx: JobContext) -> Depot:
        folder = await snapshots.folder_of(ctx, self.destination)
        if folder is not None and not await ctx.run_in_pool(os.path.isdir, folder):
            raise JobError(f"there is no folder {os.fspath(folder)}: connect its disk, or make it")
        return await snapshots.open_depot(ctx, self.destination)

    async def _begin(self, ctx: JobContext, depot: Depot) -> Begun:
        now = (await ctx.library.jobs.info(ctx.id)).created_at.astimezone(UTC)
        paths = [_path_text(root) for root in self.locations]
        before = await ctx.run_in_pool(lambda: tuple(snapshots.list_before(depot, path) for path in paths))
        return Begun(f"{now:%Y-%m-%dT%H%M%S}.{now.microsecond // 1000:03}Z-{ctx.id.short}", before)

    async def _library(self, ctx: JobContext) -> BackedUp | None:
        """The library's own databases, copied last: what was just indexed is in them. None where that failed."""
        copy = spool_path(ctx.library.path, ctx.id.short, LIBRARY)
        if not await ctx.run_in_pool(copy.exists):
            await ctx.library.backup(copy)
        child = await ctx.spawn_child(BackupFilesJob(root=copy, to=self.destination), key=LIBRARY)
        outcome = (await ctx.wait_for_children(on_failure="settle"))[child.id]
        await ctx.run_in_pool(shutil.rmtree, copy, ignore_errors=True)
        if isinstance(outcome, Completed) and isinstance(outcome.output, FilesOutput) and not outcome.output.failed:
            ctx.item(ctx.library.path)
            return _backed_up(LIBRARY, ctx.library.path, outcome.output)
        ctx.item(ctx.library.path, "error", "the library itself was not backed up: see the children of this job")
        return None

    async def on_cancel(self, ctx: JobContext) -> None:
        """Remove the copy of the library."""
        copy = spool_path(ctx.library.path, ctx.id.short, LIBRARY)
        await ctx.run_in_pool(shutil.rmtree, copy, ignore_errors=True)

    def plan(self) -> BackupPlanJob:
        """A job that tells what this one would do, and changes nothing."""
        return BackupPlanJob(locations=self.locations, destination=self.destination)

    def _check(self) -> None:
        """Raises JobError for what would not end as a backup."""
        if not self.locations:
            raise JobError("a backup of nothing: give it the folders")
        names = [root.name for root in self.locations]
        if twin := next((name for name in names if names.count(name) > 1), None):
            raise JobError(f"two of the folders are called {twin!r}: in a restore they would become one")


def _name(root: Path) -> str:
    return text_of([os.path.basename(os.fsencode(os.path.abspath(root)))])


def _path_text(root: Path) -> str:
    return text_of_bytes(os.fsencode(os.path.abspath(root)))


def _taken(id_: str) -> datetime:
    return datetime.strptime(id_[:22], "%Y-%m-%dT%H%M%S.%fZ").replace(tzinfo=UTC)


def _backed_up(name: str, path: Path, output: FilesOutput) -> BackedUp:
    return BackedUp(
        name=name,
        path=_path_text(path),
        list=output.list,
        entries=output.entries,
        files=output.files,
        size=output.size,
        complete=not output.failed,
    )


def _publish(ctx: JobContext[Any], depot: Depot, snapshot: Snapshot) -> None:
    ctx.check_claim()
    depot.put(snapshot_name(snapshot.id), sealed(snapshot), verify=True)
    if isinstance(depot, FolderDepot):
        depot.tidy()


def _arrived(indexed: JobOutcome[object], transfer: JobOutcome[object]) -> tuple[FilesOutput | None, str]:
    """What is to be in the snapshot, and what was wrong; empty where all is well."""
    if isinstance(indexed, Completed) and isinstance(indexed.output, IndexOutput) and indexed.output.offline:
        return None, "its disk is not there"
    if isinstance(transfer, Failed):
        return None, f"was not backed up: {transfer.error}"
    if not isinstance(transfer, Completed) or not isinstance(transfer.output, FilesOutput):
        return None, "was not backed up: see the children of this job"
    output = transfer.output
    if not output.entries or output.entries == output.failed:
        return None, "nothing of it could be backed up: see the children of this job"
    return output, f"{output.failed:,} entries could not be backed up" if output.failed else ""
