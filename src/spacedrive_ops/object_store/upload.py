"""One attempt of an upload: rounds of files on the event loop's side, blocking calls in the pool."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobInterrupted, interrupt_requested
from spacedrive_ops.object_store import small
from spacedrive_ops.object_store.again import selected
from spacedrive_ops.object_store.errors import StoreError, StoreUnreachable
from spacedrive_ops.object_store.model import OnExisting, Result, UploadState
from spacedrive_ops.object_store.multipart import Multipart
from spacedrive_ops.object_store.parts import PART, PartsSender, multipart_of
from spacedrive_ops.object_store.sources import Found, totals, walk
from spacedrive_ops.object_store.store import Store
from spacedrive_ops.paths.keys import key_of
from spacedrive_ops.sources import Place, path_in, place_of

AT_ONCE: Final = 8
PHASES: Final = (("scan", 2.0), ("upload", 98.0))


class Wanted(Protocol):
    """What an upload is told."""

    @property
    def sources(self) -> tuple[Path, ...]: ...
    @property
    def on_conflict(self) -> OnExisting: ...
    @property
    def verify(self) -> bool: ...


class Upload:
    """`failed`: the paths of what is to be done again; None: all."""

    def __init__(
        self,
        job: Wanted,
        ctx: JobContext[UploadState],
        store: Store,
        state: UploadState,
        failed: frozenset[bytes] | None,
    ) -> None:
        self._job, self._ctx, self._store, self._state = job, ctx, store, state
        self._library = ctx.library.path
        self._failed = failed
        self._multipart = multipart_of(store)
        self._sent_of_large = 0
        self._rounds_in_vain = 0

    async def to_the_end(self) -> None:
        await self._count()
        state = self._state
        found = self._walk(place_of(state.root, state.path))
        batch: list[Found] = []
        while chunk := await self._ctx.run_in_pool(lambda: list(islice(found, AT_ONCE))):
            for one in chunk:
                if one.problem or one.size <= PART or self._multipart is None:
                    batch.append(one)
                    continue
                await self._round(batch)
                batch = []
                await self._one_large(one, self._multipart)
            await self._round(batch)
            batch = []

    def _walk(self, after: Place | None) -> Iterator[Found]:
        found = walk(self._job.sources, self._library, after)
        return found if self._failed is None else selected(found, self._failed)

    async def _count(self) -> None:
        if self._state.totals is not None:
            return
        self._ctx.progress(GenericProgress(phase="scan", phases=PHASES))
        found = self._walk(None)
        counted = await self._ctx.run_in_pool(totals, found, interrupt_requested)
        await self._ctx.check_interrupt()
        self._state.totals = counted
        await self._ctx.save_state(self._state)

    # --- small ones, several at once

    async def _round(self, batch: list[Found]) -> None:
        results: dict[int, Result] = {}
        try:
            await self._ctx.map(partial(self._send, batch, results), range(len(batch)), limit=AT_ONCE)
        except JobInterrupted:
            self._account(batch, results)
            await self._ctx.save_state(self._state)
            raise
        self._look_at_store(results)
        self._account(batch, results)
        self._show(batch[-1].path if batch else b"")
        await self._ctx.checkpoint(self._state)

    def _send(self, batch: list[Found], results: dict[int, Result], number: int) -> None:
        found = batch[number]
        if found.problem:
            results[number] = Result("error" if found.failed else "skipped", found.problem)
            return
        try:
            key = key_of(found.parts)
        except ValueError as error:
            results[number] = Result("error", str(error))
            return
        results[number] = small.send(
            self._store,
            found.path,
            key,
            self._job.on_conflict,
            part_size=PART,
            verify=self._job.verify,
            check_claim=self._ctx.check_claim,
            interrupted=interrupt_requested,
        )

    def _look_at_store(self, results: dict[int, Result]) -> None:
        """A store that takes nothing ends the attempt: a million files are not each to wait for it."""
        if not results:
            return
        in_vain = all(result.by_store for result in results.values())
        self._rounds_in_vain = self._rounds_in_vain + 1 if in_vain else 0
        if self._rounds_in_vain > 1:
            raise StoreUnreachable(self._store.url, results[0].reason)

    def _account(self, batch: list[Found], results: dict[int, Result]) -> None:
        """Count in order, up to the first one that was not finished."""
        for number, found in enumerate(batch):
            result = results.get(number)
            if result is None or result.outcome == "stopped":
                return
            self._say(found, result)

    def _say(self, found: Found, result: Result) -> None:
        ctx, state = self._ctx, self._state
        match result.outcome:
            case "error":
                ctx.item(found.path, "error", result.reason)
            case "skipped":
                ctx.item(found.path, "skipped", result.reason)
            case _:
                ctx.item(found.path)
        state.tally.add(result.outcome, found.size)
        state.root, state.path = found.place[0], path_in(found.place)
        ctx.increment_items()
        if result.outcome == "ok":
            ctx.increment_bytes(found.size)

    # --- large ones, in parts

    async def _one_large(self, found: Found, multipart: Multipart) -> None:
        result: Result
        try:
            fd, status = await self._ctx.run_in_pool(small.open_source, found.path)
        except OSError as error:
            result = Result("error", f"cannot be read: {(error.strerror or '').lower()}")
        else:
            try:
                result = await self._in_parts(found, multipart, fd, status)
            finally:
                os.close(fd)
        self._sent_of_large = 0
        self._say(found, result)
        self._state.begun = None
        self._show(found.path)
        await self._ctx.save_state(self._state)

    async def _in_parts(self, found: Found, multipart: Multipart, fd: int, status: os.stat_result) -> Result:
        def show(sent: int) -> None:
            self._sent_of_large = sent
            self._show(found.path)

        sender = PartsSender(self._ctx, self._store, multipart, self._state, show)
        try:
            key = key_of(found.parts)
            known = await self._ctx.run_in_pool(small.look, self._store, key, status, self._job.on_conflict)
            if known is None:
                return await sender.send(key, fd, status, verify=self._job.verify)
        except (StoreError, ValueError) as error:
            known = Result("error", str(error))
        await sender.drop()
        return known

    def _show(self, current: bytes) -> None:
        tally = self._state.tally
        items, size = self._state.totals or (0, 0)
        done = tally.bytes + self._sent_of_large
        self._ctx.progress(
            GenericProgress(
                phase="upload",
                phases=PHASES,
                current_path=Path(os.fsdecode(current)) if current else None,
                items=Count(tally.items, max(items, tally.items)),
                bytes=Bytes(done, max(size, done)),
                skipped_items=tally.unchanged + tally.skipped,
                skipped_bytes=max(0, tally.bytes - tally.sent_bytes),
            )
        )
