"""One attempt of a restore: rounds of entries in the order of their list, folders after what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobInterrupted, interrupt_requested
from spacedrive_ops.backup.depot import Depot
from spacedrive_ops.backup.format import BackedUp, Listed
from spacedrive_ops.backup.lists import entries_in, fetch
from spacedrive_ops.backup.model import RestoreState
from spacedrive_ops.backup.placing import Placed, Placer
from spacedrive_ops.file_copy.metadata import WORDS, Denied
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.paths.keys import UnsafeKey, parts_of
from spacedrive_ops.whole_files.partial import OnTaken

A_ROUND: Final = 64
AT_ONCE: Final = 8


class Restoring:
    """`list_`: a file of this job beside the library, for the list of the location that is being restored.

    `failed`: the paths of what is to be done again; None: all.
    """

    def __init__(
        self,
        ctx: JobContext[RestoreState],
        depot: Depot,
        state: RestoreState,
        destination: Path,
        policy: OnTaken,
        locations: tuple[BackedUp, ...],
        list_: Path,
        failed: frozenset[bytes] | None,
    ) -> None:
        self._ctx, self._depot, self._state = ctx, depot, state
        self._destination, self._locations, self._list = destination, locations, list_
        self._policy: OnTaken = policy
        self._failed = failed
        self._denied = Denied(state.warned)
        self._name: bytes = b""

    async def to_the_end(self) -> None:
        """Raises StoreError where a list cannot be had, ValueError where the only one is damaged."""
        ctx, state = self._ctx, self._state
        base = os.open(self._destination, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            placer = Placer(
                self._depot,
                base,
                self._policy,
                self._denied,
                job=ctx.id.short,
                attempt=ctx.attempt,
                check_claim=ctx.check_claim,
                interrupted=interrupt_requested,
            )
            while state.location < len(self._locations):
                await self._location_or_reason(placer, self._locations[state.location])
                state.location, state.line = state.location + 1, 0
                await ctx.save_state(state)
        finally:
            os.close(base)
            self._list.unlink(missing_ok=True)

    async def _location_or_reason(self, placer: Placer, location: BackedUp) -> None:
        """One that is damaged is an item, and the others come back."""
        try:
            await self._location(placer, location)
        except ValueError as error:
            if len(self._locations) == 1:
                raise
            self._state.tally.failed += 1
            self._ctx.item(os.path.join(self._destination, location.name), "error", str(error))

    async def _location(self, placer: Placer, location: BackedUp) -> None:
        ctx, state = self._ctx, self._state
        (self._name,) = parts_of(location.name)
        try:
            await ctx.run_in_pool(fetch, self._depot, location.list, self._list)
        except StoreError as error:
            raise StoreError(f"the list of {location.name!r} {error}") from error
        entries = entries_in(self._list)
        await ctx.run_in_pool(lambda: sum(1 for _ in islice(entries, state.line)))
        while batch := await ctx.run_in_pool(_some, entries):
            await self._round(placer, batch)

    async def _round(self, placer: Placer, batch: list[Listed]) -> None:
        ctx = self._ctx
        results: dict[int, Placed] = {}
        wanted = [number for number, entry in enumerate(batch) if self._is_wanted(entry)]
        at_once = [number for number in wanted if batch[number].kind != "folder" and not batch[number].same]
        try:
            await ctx.map(partial(self._one, placer, batch, results), at_once, limit=AT_ONCE)
            for number in wanted:  # the names of one file one after another; a folder after all that it holds
                if number not in results:
                    await self._in_order(placer, batch[number], results, number)
        except JobInterrupted:
            self._account(batch, results, wanted)
            await ctx.save_state(self._state)
            raise
        self._account(batch, results, wanted)
        self._show(batch[-1])
        await ctx.checkpoint(self._state)

    def _one(self, placer: Placer, batch: list[Listed], results: dict[int, Placed], number: int) -> None:
        results[number] = self._placed(placer, batch[number], None)

    async def _in_order(self, placer: Placer, entry: Listed, results: dict[int, Placed], number: int) -> None:
        ctx = self._ctx
        key = b"%d same %s" % (self._state.location, entry.same.encode())
        known = await ctx.kept(key) if entry.same else None
        linked = tuple(known.split(b"/")) if known is not None else None
        placed = await ctx.run_in_pool(self._placed, placer, entry, linked)
        results[number] = placed
        if entry.same and known is None and placed.final:
            ctx.keep(key, b"/".join((*self._parts(entry)[:-1], os.fsencode(placed.final))))

    def _placed(self, placer: Placer, entry: Listed, linked: tuple[bytes, ...] | None) -> Placed:
        try:
            return placer.place(self._parts(entry), entry, linked)
        except UnsafeKey as error:
            return Placed("error", str(error))

    def _parts(self, entry: Listed) -> tuple[bytes, ...]:
        """Raises UnsafeKey."""
        return (self._name, *entry.parts)

    def _path(self, entry: Listed) -> bytes:
        """For people and for items."""
        try:
            parts = self._parts(entry)
        except UnsafeKey:
            parts = (self._name, entry.path.encode())
        return os.path.join(os.fsencode(self._destination), *parts)

    def _is_wanted(self, entry: Listed) -> bool:
        """Where a restore is done again: what failed. Folders always: what is made in one changes its times."""
        return self._failed is None or entry.kind == "folder" or self._path(entry) in self._failed

    def _account(self, batch: list[Listed], results: dict[int, Placed], wanted: list[int]) -> None:
        """Count in order, up to the first one that was not finished."""
        due = frozenset(wanted)
        for number, entry in enumerate(batch):
            if number in due:
                placed = results.get(number)
                if placed is None or placed.outcome == "stopped":
                    break
                self._say(entry, placed)
            self._state.line += 1
        for topic in sorted(self._denied.topics.difference(self._state.warned)):
            self._ctx.add_warning(WORDS[topic])
        self._state.warned = tuple(sorted(self._denied.topics))

    def _say(self, entry: Listed, placed: Placed) -> None:
        ctx, tally = self._ctx, self._state.tally
        tally.entries += 1
        tally.bytes += entry.size
        path = self._path(entry)
        if placed.outcome == "error" or placed.outcome == "skipped":
            ctx.item(path, placed.outcome, placed.reason)
            tally.failed += placed.outcome == "error"
            tally.skipped += placed.outcome == "skipped"
            return
        if entry.kind == "folder":
            return
        ctx.item(path)
        ctx.increment_items()
        if placed.outcome == "unchanged":
            tally.unchanged += 1
        else:
            tally.restored += 1
            tally.restored_bytes += entry.size
            ctx.increment_bytes(entry.size)

    def _show(self, last: Listed) -> None:
        tally = self._state.tally
        entries = sum(one.entries for one in self._locations)
        size = sum(one.size for one in self._locations)
        self._ctx.progress(
            GenericProgress(
                phase="restore",
                phases=(("restore", 1.0),),
                current_path=Path(os.fsdecode(self._path(last))),
                items=Count(tally.entries, max(entries, tally.entries)),
                bytes=Bytes(tally.bytes, max(size, tally.bytes)),
                skipped_items=tally.unchanged + tally.skipped,
                skipped_bytes=max(0, tally.bytes - tally.restored_bytes),
            )
        )


def _some(entries: Iterator[Listed]) -> list[Listed]:
    return list(islice(entries, A_ROUND))
