"""BackupJob."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacedrive_jobs import Completed, Count, JobContext, JobError, JobHandle, JobOutcome, job
from spacedrive_ops.file_copy.job import FileCopyJob, FileCopyOutput
from spacedrive_ops.indexer.job import IndexerJob
from spacedrive_ops.indexer.model import IndexOutput
from spacedrive_ops.object_store.job import UploadJob
from spacedrive_ops.object_store.model import TransferOutput
from spacedrive_ops.thumbnails.job import ThumbnailJob


@dataclass(frozen=True, slots=True)
class BackupOutput:
    """`files` and `size` (bytes) that the locations hold; `sent` entries that were not at the destination yet; `failed`
    locations of which not everything arrived."""

    files: int
    size: int
    sent: int
    failed: int


@job(name="backup", description="Back up folders")
class BackupJob:
    """Index each location, make its thumbnails, and copy it to the destination: a folder, or an object store's URL.

    Each step is a child of its own, so a backup that was stopped goes on within the step that it was in, and no step is
    done twice. What is at the destination with the same size and time is not sent again; what is older there is
    replaced; what is only there stays. A copy to a folder is read back and compared. A location whose disk is not there
    is an item, and the others are backed up.
    """

    locations: tuple[Path, ...]
    destination: str
    thumbnails: bool = True

    async def run(self, ctx: JobContext) -> BackupOutput:
        await ctx.run_in_pool(self._check)
        indexes: list[JobHandle[IndexOutput]] = []
        transfers: dict[int, JobHandle[Any]] = {}
        for number, root in enumerate(self.locations):
            index = await ctx.spawn_child(IndexerJob(root=root), key=f"index {number}")
            indexes.append(index)
            if self.thumbnails:
                await ctx.spawn_child(ThumbnailJob(paths=(root,)), key=f"thumbnails {number}", after=[index])
            transfers[number] = await ctx.spawn_child(self._transfer(root), key=f"transfer {number}", after=[index])
        ctx.progress(Count(0, len(self.locations)))
        outcomes = await ctx.wait_for_children(on_failure="settle")
        files = size = sent = failed = 0
        for number, root in enumerate(self.locations):
            indexed = outcomes[indexes[number].id]
            if isinstance(indexed, Completed) and isinstance(indexed.output, IndexOutput):
                files, size = files + indexed.output.files, size + indexed.output.size
            arrived, problem = _arrived(indexed, outcomes[transfers[number].id])
            sent += arrived
            if problem:
                failed += 1
                ctx.item(root, "error", problem)
            else:
                ctx.item(root)
        return BackupOutput(files, size, sent, failed)

    def _transfer(self, root: Path) -> FileCopyJob | UploadJob:
        if "://" in self.destination:
            return UploadJob(sources=(root,), to=self.destination, on_conflict="overwrite")
        return FileCopyJob(sources=(root,), destination=Path(self.destination), on_conflict="newer", verify=True)

    def _check(self) -> None:
        """Raises JobError for what would not end as a backup."""
        if not self.locations:
            raise JobError("a backup of nothing: give it the folders")
        names = [root.name for root in self.locations]
        if twin := next((name for name in names if names.count(name) > 1), None):
            raise JobError(f"two of the folders are called {twin!r}: at the destination they would become one")
        if "://" not in self.destination and not os.path.isdir(self.destination):
            raise JobError(f"there is no folder {self.destination}: connect its disk, or make it")


def _arrived(indexed: JobOutcome[object], transfer: JobOutcome[object]) -> tuple[int, str]:
    """How many entries were sent, and what was wrong; empty where all is well."""
    if isinstance(indexed, Completed) and isinstance(indexed.output, IndexOutput) and indexed.output.offline:
        return 0, "its disk is not there"
    match transfer:
        case Completed(FileCopyOutput() as output):
            problem = f"{output.failed_count:,} entries could not be copied" if output.failed_count else ""
            return output.copied_count, problem
        case Completed(TransferOutput() as output):
            problem = f"{output.failed_count:,} entries could not be sent" if output.failed_count else ""
            return output.transferred_count, problem
        case Completed():
            return 0, ""
        case _:
            return 0, "was not copied: see the children of this job"
