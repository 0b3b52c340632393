"""RestoreJob."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from spacedrive_jobs import JobContext, JobError, job
from spacedrive_ops.backup import snapshots
from spacedrive_ops.backup.depot import Depot
from spacedrive_ops.backup.format import BackedUp, BackupUnusable, Snapshot
from spacedrive_ops.backup.lists import entries_in, fetch, spool_path
from spacedrive_ops.backup.model import RestoreState
from spacedrive_ops.backup.restoring import Restoring
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.errors import NotEnoughSpace
from spacedrive_ops.file_copy.scan import free_bytes
from spacedrive_ops.folders import lies_in
from spacedrive_ops.object_store.download import absolute
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.paths.finding import Address
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.keys import parts_of
from spacedrive_ops.retries import failed_before
from spacedrive_ops.whole_files.finding import sweep_below
from spacedrive_ops.whole_files.partial import OnTaken

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)
LIST: Final = "restore.gz"


class RestoreOutput(msgspec.Struct, frozen=True):
    """What became of the files and links. `unchanged_count`: those that were there already, as they were backed up."""

    snapshot: str
    restored_count: int
    total_bytes: int
    unchanged_count: int
    skipped_count: int
    failed_count: int


@job(name="restore", description="Restore a backup", checkpoint_interval=CHECKPOINT_EVERY)
class RestoreJob(TakesPaths):
    """Bring back what `source` (the destination of a BackupJob) holds, each location into a folder of its name in
    `destination`: bytes, names, times, modes, owners where permitted, attributes, links, hard links and holes.

    `snapshot`: the id of one; empty: the newest. `locations`: only those of these names; empty: all. `library`: also
    the job library's databases, into a folder `library`; opened as a library, its queue is paused. What is there
    already is never touched unless `on_conflict` says so: "overwrite" it, or keep both ("rename"). A final name is
    always a whole file whose BLAKE3 was compared. Trouble with one entry is an item of the job, never its end.
    """

    source: Address
    destination: Path
    snapshot: str = ""
    on_conflict: OnTaken = "skip"
    locations: tuple[str, ...] = ()
    library: bool = False

    async def run(self, ctx: JobContext[RestoreState]) -> RestoreOutput:
        new_hasher()  # refused at once where the extra is missing
        destination = absolute(self.destination)
        await ctx.run_in_pool(_refuse, destination, ctx.library.path)
        depot = await snapshots.open_depot(ctx, self.source)
        id_ = await ctx.step("snapshot", snapshots.chosen, depot, self.snapshot)
        snapshot = await ctx.run_in_pool(snapshots.read, depot, id_)
        chosen = self._chosen(snapshot, depot.where)
        await ctx.run_in_pool(_make, destination)
        if ctx.attempt > 1:
            await ctx.run_in_pool(sweep_below, os.fsencode(destination), ctx.id.short, ctx.attempt)
        state = await _state(ctx)
        failed = await failed_before(ctx) if state.again else None
        spool = spool_path(ctx.library.path, ctx.id.short, LIST)
        restoring = Restoring(ctx, depot, state, destination, self.on_conflict, chosen, spool, failed)
        try:
            if state.location == state.line == 0:
                await ctx.run_in_pool(_check_room, depot, destination, chosen, spool)
            await restoring.to_the_end()
        except (StoreError, ValueError) as error:
            raise BackupUnusable(f"{depot.where}, snapshot {id_}", str(error)) from error
        tally = state.tally
        return RestoreOutput(id_, tally.restored, tally.restored_bytes, tally.unchanged, tally.skipped, tally.failed)

    def _chosen(self, snapshot: Snapshot, where: str) -> tuple[BackedUp, ...]:
        known = {one.name for one in snapshot.locations}
        if missing := [name for name in self.locations if name not in known]:
            raise JobError(f"the snapshot {snapshot.id} has no {missing[0]!r}: it has {', '.join(sorted(known))}")
        chosen = tuple(one for one in snapshot.locations if not self.locations or one.name in self.locations)
        if not self.library:
            return chosen
        if snapshot.library is None:
            raise BackupUnusable(where, f"the snapshot {snapshot.id} has no library in it")
        if any(one.name == snapshot.library.name for one in chosen):
            raise JobError("a location is called library too: restore the two one after the other")
        return (*chosen, snapshot.library)

    async def on_cancel(self, ctx: JobContext[RestoreState]) -> None:
        """Remove the partial files."""
        spool_path(ctx.library.path, ctx.id.short, LIST).unlink(missing_ok=True)
        destination = os.fsencode(absolute(self.destination))
        await ctx.run_in_pool(sweep_below, destination, ctx.id.short, ctx.attempt)


async def _state(ctx: JobContext[RestoreState]) -> RestoreState:
    """Where to go on. What did not complete is done again from its beginning: what is there by now is left."""
    stored = await ctx.load_state()
    if stored is None:
        return RestoreState(again=ctx.retry_of is not None)
    return RestoreState() if ctx.retry_of is not None and ctx.attempt == 1 else stored


def _refuse(destination: Path, library: Path) -> None:
    """Raises JobError where the destination cannot be right, whatever there is to restore."""
    if lies_in(os.fsencode(destination), library):
        raise JobError(f"{os.fspath(destination)!r} is inside the job library's own folder: restore to another one")


def _make(destination: Path) -> None:
    """Raises JobError."""
    try:
        os.makedirs(destination, exist_ok=True)
    except OSError as error:
        raise JobError(f"cannot make {os.fspath(destination)!r}: {(error.strerror or '').lower()}") from error


def _check_room(depot: Depot, destination: Path, chosen: tuple[BackedUp, ...], list_: Path) -> None:
    """Raises NotEnoughSpace. What is there already may be the same: only new folders are counted."""
    base = os.fsencode(destination)
    new = [one for one in chosen if not os.path.lexists(os.path.join(base, parts_of(one.name)[0]))]
    free = free_bytes(base)
    if sum(one.size for one in new) <= free:
        return
    try:
        needed = sum(_occupied(depot, one, list_) for one in new)
    finally:
        list_.unlink(missing_ok=True)
    if needed > free:
        raise NotEnoughSpace(destination, needed, free)


def _occupied(depot: Depot, location: BackedUp, list_: Path) -> int:
    """The bytes that a location needs at least: the names of one file count once, and one with holes not at all, since
    nobody knows how much of it they are. Raises StoreError."""
    try:
        fetch(depot, location.list, list_)
        same: set[str] = set()
        needed = 0
        for entry in entries_in(list_):
            if entry.kind == "file" and not entry.sparse and entry.same not in same:
                needed += entry.size
                same.update((entry.same,) if entry.same else ())
    except ValueError:
        return 0  # its list is damaged, which is said when it comes to be restored
    return needed
