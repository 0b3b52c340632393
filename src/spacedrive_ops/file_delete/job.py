"""DeleteJob."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobInterrupted, interrupt_requested, job
from spacedrive_ops.file_delete.guard import Protected, check, protected
from spacedrive_ops.file_delete.model import SHORT_ENOUGH, DeleteState, Event, Failure, Root, Totals, roots_of
from spacedrive_ops.file_delete.planning import DeletePlanJob
from spacedrive_ops.file_delete.removal import Counting, Removing, Walk
from spacedrive_ops.file_delete.slices import Batch, Slices
from spacedrive_ops.file_delete.trash import Trash
from spacedrive_ops.folders import open_path
from spacedrive_ops.paths.given import TakesPaths

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)
PHASES: Final = (("scan", 10.0), ("delete", 90.0))
KEPT_POSITION: Final = b"position"


class DeleteOutput(msgspec.Struct, frozen=True):
    """What became of the entries. Into the trash a path counts once, whatever it holds, and frees nothing.

    `bytes_freed`: what the disk got back; a file that has other names (hard links) gives nothing back.
    """

    deleted_count: int
    bytes_freed: int
    failed_count: int


@job(name="file_delete", description="Delete files and folders", checkpoint_interval=CHECKPOINT_EVERY)
class DeleteJob(TakesPaths):
    """Put `paths` into the trash, or, if `permanent`, remove them and all that they hold for good.

    A link is deleted itself; what it leads to stays. The root of the file system, a home folder, the library's folder
    and whatever holds one of these are refused (DeleteRefused) before anything is touched, and what is mounted in a
    folder is never entered. Where there is no trash the entry stays, as an item that says so. Trouble with one entry is
    an item of the job, never its end. After a pause or a crash the rest is deleted; what is gone by then is no error.
    """

    paths: tuple[Path, ...]
    permanent: bool = False

    async def run(self, ctx: JobContext[DeleteState]) -> DeleteOutput:
        state = await _Run(self, ctx).to_the_end()
        return DeleteOutput(state.deleted, state.bytes_freed, state.failed)

    def plan(self) -> DeletePlanJob:
        """A job that tells what this one would do, and changes nothing."""
        return DeletePlanJob(paths=self.paths, permanent=self.permanent)


class _Run:
    """One attempt of a deletion."""

    def __init__(self, job: DeleteJob, ctx: JobContext[DeleteState]) -> None:
        self._job, self._ctx = job, ctx
        self._roots = roots_of(job.paths)
        self._library = ctx.library.path
        self._resumed = False

    async def to_the_end(self) -> DeleteState:
        stored = await self._ctx.load_state()
        self._resumed = stored is not None
        state = await self._begin() if stored is None else await self._unpacked(stored)
        forbidden = await self._ctx.run_in_pool(protected, self._library)
        if self._job.permanent:
            await self._count(state, forbidden)
            await self._remove(state, forbidden)
        else:
            await self._move(state, forbidden)
        await self._ctx.run_in_pool(_flush, self._roots)
        return state

    async def _begin(self) -> DeleteState:
        """Check the request, and find out what is there, before anything is touched."""
        state = DeleteState(await self._ctx.run_in_pool(check, self._roots, self._library))
        # A job that does an ended one again finds gone what that one removed.
        for number, root in enumerate(self._roots if self._ctx.retry_of is None else ()):
            if state.has_nothing_to_do(number) and not await self._ctx.run_in_pool(os.path.lexists, root.path):
                self._ctx.item(root.path, "error", "there is no such file or folder")
                state.failed += 1
        await self._ctx.save_state(state)
        return state

    async def _unpacked(self, stored: DeleteState) -> DeleteState:
        if self._ctx.retry_of is not None and self._ctx.attempt == 1:
            return DeleteState(stored.nothing_to_do)  # what is left is what failed
        if stored.kept_apart:
            stored.failed_at = await self._ctx.kept(KEPT_POSITION)
        return stored

    def _packed(self, state: DeleteState) -> DeleteState:
        """The state as it is stored: a very long position lies in a row of its own."""
        state.kept_apart = state.failed_at is not None and len(state.failed_at) > SHORT_ENOUGH
        if not state.kept_apart or state.failed_at is None:
            return state
        self._ctx.keep(KEPT_POSITION, state.failed_at)
        return DeleteState(
            state.nothing_to_do, state.root, state.totals, None, True, state.deleted, state.bytes_freed, state.failed
        )

    # --- for good

    async def _count(self, state: DeleteState, forbidden: Protected) -> None:
        """How much there is. In a later attempt: how much is left, and so what the earlier ones had removed."""
        found = Totals()
        slices = Slices(self._all(state, forbidden), interrupt_requested)
        try:
            while True:
                await self._ctx.run_in_pool(slices.some)
                batch = slices.take()
                found.items += batch.removed + len(batch.failures)
                found.bytes += batch.bytes
                if batch.ended:
                    break
                self._show("scan", state, found, message=f"{found.items:,} found")
        finally:
            slices.close()
        if state.totals is None:
            state.totals = found
        else:
            state.deleted = max(state.deleted, state.totals.items - found.items)
            state.bytes_freed = max(state.bytes_freed, state.totals.bytes - found.bytes)
        await self._ctx.save_state(self._packed(state))

    def _all(self, state: DeleteState, forbidden: Protected) -> Iterator[Event]:
        for number, root in enumerate(self._roots):
            if not state.has_nothing_to_do(number):
                yield from Walk(root, Counting(), forbidden).events()

    async def _remove(self, state: DeleteState, forbidden: Protected) -> None:
        while state.root < len(self._roots):
            if not state.has_nothing_to_do(state.root):
                root = self._roots[state.root]
                after = None if state.failed_at is None else _parts(state.failed_at)
                walk = Walk(root, Removing(self._ctx.check_claim), forbidden, after)
                failed_before = state.failed
                await self._in_slices(Slices(walk.events(), interrupt_requested), state, root)
                if state.failed == failed_before:
                    self._ctx.item(root.path)
            state.root += 1
            state.failed_at = None

    async def _in_slices(self, slices: Slices, state: DeleteState, root: Root) -> None:
        ctx = self._ctx
        try:
            while True:
                await ctx.run_in_pool(slices.some)
                batch = slices.take()
                self._account(batch, state)
                self._show("delete", state, state.totals or Totals(), current=root.path)
                if batch.ended:
                    return
                await ctx.checkpoint(self._packed(state))
        except JobInterrupted:
            self._account(slices.take(), state)
            await ctx.save_state(self._packed(state))
            raise
        finally:
            slices.close()

    def _account(self, batch: Batch, state: DeleteState) -> None:
        state.deleted += batch.removed
        state.bytes_freed += batch.bytes
        self._ctx.increment_items(batch.removed)
        self._ctx.increment_bytes(batch.bytes)
        for failure in batch.failures:
            self._fail(failure, state)
            state.failed_at = b"/".join(map(os.fsencode, failure.below))

    # --- into the trash

    async def _move(self, state: DeleteState, forbidden: Protected) -> None:
        trash = Trash(forbidden, self._ctx.check_claim, resumed=self._resumed)
        try:
            while state.root < len(self._roots):
                root = self._roots[state.root]
                if not state.has_nothing_to_do(state.root):
                    outcome = await self._ctx.run_in_pool(trash.move, root)
                    if isinstance(outcome, Failure):
                        self._fail(outcome, state)
                    else:  # gone: moved by an earlier attempt that died before it could say so
                        self._ctx.item(root.path)
                        self._ctx.increment_items()
                        state.deleted += 1
                state.root += 1
                self._show("delete", state, Totals(len(self._roots)), current=root.path)
                await self._ctx.checkpoint(state)
        finally:
            trash.close()

    # --- both

    def _fail(self, failure: Failure, state: DeleteState) -> None:
        self._ctx.item(failure.path, "error", failure.reason)
        state.failed += 1

    def _show(self, phase: str, state: DeleteState, totals: Totals, *, message: str = "", current: bytes = b"") -> None:
        done = state.deleted + state.failed
        self._ctx.progress(
            GenericProgress(
                phase=phase,
                phases=PHASES,
                message=message,
                current_path=Path(os.fsdecode(current)) if current else None,
                items=Count(done, max(totals.items, done), growing=phase == "scan"),
                bytes=Bytes(state.bytes_freed, max(totals.bytes, state.bytes_freed)) if totals.bytes else None,
            )
        )


def _parts(position: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(part) for part in position.split(b"/")) if position else ()


def _flush(roots: list[Root]) -> None:
    """Make durable that the names are gone: what is called done must not come back after a power cut."""
    for holder in {root.holder for root in roots}:
        try:
            folder = open_path(holder)
        except OSError:
            continue  # it went with one of the others
        try:
            os.fsync(folder)
        except OSError:
            pass  # a file system that does not flush folders
        finally:
            os.close(folder)
