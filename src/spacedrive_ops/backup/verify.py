"""BackupVerifyJob."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from spacedrive_jobs import Count, GenericProgress, JobContext, JobInterrupted, interrupt_requested, job
from spacedrive_ops.backup import snapshots
from spacedrive_ops.backup.depot import Depot
from spacedrive_ops.backup.format import OBJECTS, BackedUp, BackupUnusable, Listed, object_name
from spacedrive_ops.backup.lists import entries_in, fetch, spool_path
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.paths.finding import Address

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)
A_ROUND: Final = 64
AT_ONCE: Final = 8
PHASES: Final = (("read", 80.0), ("compare", 20.0))
LIST: Final = "verify.gz"
MOST_LISTS: Final = 200
"""That are known to be compared already: the state stays small."""
DAMAGED: Final = "holds other bytes than were backed up"


@dataclass(slots=True)
class VerifyState:
    """`after`: all objects up to this name were read. Then `snapshot` and `location` say which list is compared, and
    `line` how far. `bad`: how many objects are damaged, each in a row of its own."""

    after: str = ""
    objects: int = 0
    bytes: int = 0
    bad: int = 0
    comparing: bool = False
    snapshot: str = ""
    location: int = 0
    line: int = 0
    snapshots: int = 0
    entries: int = 0
    problems: int = 0
    compared: list[str] = field(default_factory=list[str])


class BackupVerifyOutput(msgspec.Struct, frozen=True):
    """`objects` and `total_bytes` were read and hashed; `damaged` of them hold other bytes. `entries` of `snapshots`
    were looked up; `problems`: entries and lists that cannot be restored."""

    snapshots: int
    objects: int
    total_bytes: int
    damaged: int
    entries: int
    problems: int


@job(name="backup_verify", description="Check a backup", checkpoint_interval=CHECKPOINT_EVERY)
class BackupVerifyJob:
    """Read all that the backup at `source` holds, and compare it with the BLAKE3 that it was kept under.

    Then each entry of each snapshot is looked up. What is damaged or missing is an item, named by snapshot, location
    and path; nothing is changed. A backup of the same folders afterwards sends again what is missing; what is damaged
    it sends again once the object was removed.
    """

    source: Address

    async def run(self, ctx: JobContext[VerifyState]) -> BackupVerifyOutput:
        new_hasher()  # refused at once where the extra is missing
        depot = await snapshots.open_depot(ctx, self.source)
        if not await ctx.run_in_pool(snapshots.ids, depot):
            raise BackupUnusable(depot.where, "there is none")
        stored = await ctx.load_state()
        fresh = stored is None or (ctx.retry_of is not None and ctx.attempt == 1)
        state = VerifyState() if fresh or stored is None else stored
        verifying = _Verifying(ctx, depot, state)
        if not state.comparing:
            await verifying.read_objects()
        await verifying.compare_snapshots()
        return BackupVerifyOutput(state.snapshots, state.objects, state.bytes, state.bad, state.entries, state.problems)

    async def on_cancel(self, ctx: JobContext[VerifyState]) -> None:
        """Remove the list that was being compared."""
        spool_path(ctx.library.path, ctx.id.short, LIST).unlink(missing_ok=True)


class _Verifying:
    def __init__(self, ctx: JobContext[VerifyState], depot: Depot, state: VerifyState) -> None:
        self._ctx, self._depot, self._state = ctx, depot, state
        self._bad: frozenset[str] = frozenset()

    # --- what it holds

    async def read_objects(self) -> None:
        ctx, state = self._ctx, self._state
        names = self._depot.names(OBJECTS, state.after)
        while batch := await ctx.run_in_pool(lambda: list(islice(names, A_ROUND))):
            results: dict[int, tuple[int, str]] = {}
            try:
                await ctx.map(partial(self._read, batch, results), range(len(batch)), limit=AT_ONCE)
            except JobInterrupted:
                self._account(batch, results)
                await ctx.save_state(state)
                raise
            self._account(batch, results)
            ctx.progress(GenericProgress(phase="read", phases=PHASES, items=Count(state.objects, None, growing=True)))
            await ctx.checkpoint(state)
        state.comparing = True
        await ctx.save_state(state)

    def _read(self, batch: list[str], results: dict[int, tuple[int, str]], number: int) -> None:
        """How many bytes, and what is wrong. In a thread of the pool."""
        hasher, size = new_hasher(), 0
        try:
            for piece in self._depot.read(batch[number]):
                if interrupt_requested():
                    return
                hasher.update(piece)
                size += len(piece)
        except StoreError as error:
            results[number] = size, f"cannot be read: {error}"
            return
        same = hasher.hexdigest() == os.path.basename(batch[number])
        results[number] = size, "" if same else DAMAGED

    def _account(self, batch: list[str], results: dict[int, tuple[int, str]]) -> None:
        ctx, state = self._ctx, self._state
        for number, name in enumerate(batch):
            if number not in results:
                return
            size, problem = results[number]
            if problem:
                ctx.item(name, "error", problem)
                ctx.keep(b"bad %d" % state.bad, name.encode())
                state.bad += 1
            state.objects += 1
            state.bytes += size
            state.after = name
            ctx.increment_items()
            ctx.increment_bytes(size)

    # --- what it should hold

    async def compare_snapshots(self) -> None:
        ctx, state = self._ctx, self._state
        bad = [await ctx.kept(b"bad %d" % number) for number in range(state.bad)]
        self._bad = frozenset(name.decode() for name in bad if name is not None)
        for id_ in await ctx.run_in_pool(snapshots.ids, self._depot):
            if id_ < state.snapshot:
                continue
            if id_ > state.snapshot:
                state.snapshot, state.location, state.line = id_, 0, 0
            await self._snapshot(id_)
            state.snapshots += 1
            state.snapshot = id_ + "\0"  # the next one in their order
            await ctx.save_state(state)

    async def _snapshot(self, id_: str) -> None:
        ctx, state = self._ctx, self._state
        try:
            snapshot = await ctx.run_in_pool(snapshots.read, self._depot, id_)
        except BackupUnusable as error:
            self._problem(id_, error.problem)
            return
        locations = [*snapshot.locations, *([snapshot.library] if snapshot.library is not None else [])]
        for location in locations[state.location :]:
            # A folder that did not change has the same list in many snapshots: it is compared once.
            if location.list not in state.compared or state.line:
                await self._location(f"{id_}/{location.name}", location)
                state.compared = [*state.compared[-MOST_LISTS:], location.list]
            state.location, state.line = state.location + 1, 0
            await ctx.save_state(state)

    async def _location(self, name: str, location: BackedUp) -> None:
        ctx, state = self._ctx, self._state
        list_ = spool_path(ctx.library.path, ctx.id.short, LIST)
        try:
            await ctx.run_in_pool(fetch, self._depot, location.list, list_)
            entries = entries_in(list_)
            await ctx.run_in_pool(lambda: sum(1 for _ in islice(entries, state.line)))
            while batch := await ctx.run_in_pool(_some, entries):
                problems = await ctx.map(self._looked_up, batch, limit=AT_ONCE)
                for entry, problem in zip(batch, problems, strict=True):
                    if problem:
                        self._problem(f"{name}/{entry.path}", problem)
                state.line += len(batch)
                state.entries += len(batch)
                self._show(f"{name}/{batch[-1].path}")
                await ctx.checkpoint(state)
        except StoreError as error:
            self._problem(name, f"its list {error}")
        except ValueError as error:
            self._problem(name, str(error))
        finally:
            list_.unlink(missing_ok=True)

    def _looked_up(self, entry: Listed) -> str:
        """What is wrong with an entry; empty where it can be restored. In a thread of the pool."""
        if entry.kind != "file":
            return ""
        try:
            name = object_name(entry.digest)
        except ValueError as error:
            return str(error)
        if name in self._bad:
            return DAMAGED
        try:
            size = self._depot.size_of(name)
        except StoreError as error:
            return f"cannot be looked up: {error}"
        if size is None:
            return "is missing in the backup"
        return "" if size == entry.size else f"has {size:,} bytes in the backup instead of {entry.size:,}"

    def _problem(self, name: str, problem: str) -> None:
        self._ctx.item(name, "error", problem)
        self._state.problems += 1

    def _show(self, current: str) -> None:
        self._ctx.progress(
            GenericProgress(
                phase="compare",
                phases=PHASES,
                current_path=Path(current),
                items=Count(self._state.objects + self._state.entries, None, growing=True),
            )
        )


def _some(entries: Iterator[Listed]) -> list[Listed]:
    return list(islice(entries, A_ROUND))
