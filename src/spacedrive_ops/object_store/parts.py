"""Sends a large file in parts, and never forgets what it began: the job's state holds that before the store does."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from spacedrive_jobs import JobContext, interrupt_requested
from spacedrive_ops.object_store import large, small, unfinished
from spacedrive_ops.object_store.errors import Stopped, StoreError, StoreUnreachable
from spacedrive_ops.object_store.model import Begun, Result
from spacedrive_ops.object_store.multipart import Multipart, Part, access_from_environment
from spacedrive_ops.object_store.store import Store

PART: Final = 8 << 20
PARTS_AT_ONCE: Final = 4


class HoldsBegun(Protocol):
    """A job's state, as far as it concerns parts."""

    begun: Begun | None


def multipart_of(store: Store) -> Multipart | None:
    """Where files can be gone on with in their middle; elsewhere obstore sends them from the beginning."""
    access = access_from_environment(store.bucket) if store.scheme == "s3" else None
    return Multipart(access) if access is not None else None


class PartsSender:
    """`state`: the whole state of the job, saved at each step. `show` is told how many bytes of the file are there."""

    def __init__(
        self,
        ctx: JobContext[Any],
        store: Store,
        multipart: Multipart,
        state: HoldsBegun,
        show: Callable[[int], None],
    ) -> None:
        self._ctx, self._store, self._multipart = ctx, store, multipart
        self._state, self._show = state, show

    async def send(self, key: str, fd: int, status: os.stat_result, *, verify: bool, digest: str = "") -> Result:
        """Send an open file, going on with the parts that are there. `digest`: its BLAKE3, where that is known.

        The caller forgets `state.begun` once it has stored the result.
        """
        ctx = self._ctx
        try:
            begun, have = await self._begun(fd, status, key, digest)
            await self._send_parts(fd, begun, have)
            if verify:
                return await ctx.run_in_pool(small.checked, self._store, key, begun.digest, interrupt_requested)
            return Result("ok")
        except Stopped:
            await ctx.check_interrupt()
            raise
        except (StoreError, small.SourceChanged) as error:
            await self.drop()
            return Result("error", str(error))

    async def _begun(self, fd: int, status: os.stat_result, key: str, digest: str) -> tuple[Begun, list[Part]]:
        """Go on with the parts that are there, where the file is still the same; else begin."""
        ctx, state = self._ctx, self._state
        full = self._full(key)
        if state.begun is not None and state.begun.upload and large.is_of(state.begun, full, status):
            have = await ctx.run_in_pool(large.there, self._multipart, state.begun)
            if have is not None:
                await unfinished.note(ctx, self._multipart, state.begun)  # an earlier job may have begun it
                return state.begun, have
        await self.drop()
        await unfinished.let_go_of_ended(ctx, self._multipart, full)
        begun = await ctx.run_in_pool(large.decided, fd, status, full, PART, interrupt_requested, digest)
        state.begun = begun
        await unfinished.note(ctx, self._multipart, begun)  # first the intent: what is begun must never be unknown
        await ctx.save_state(state)
        begun.upload = await ctx.run_in_pool(large.begin, self._multipart, begun, status)
        await unfinished.note(ctx, self._multipart, begun)
        await ctx.save_state(state)
        return begun, []

    async def _send_parts(self, fd: int, begun: Begun, have: list[Part]) -> None:
        ctx = self._ctx
        self._show(sum(part.size for part in have))
        if have:
            ctx.log(f"{begun.key!r}: going on, {len(have)} parts are there")
        waiting = list(large.missing(begun, have))
        while waiting:
            chunk, waiting = waiting[:PARTS_AT_ONCE], waiting[PARTS_AT_ONCE:]
            sending = partial(large.send_part, self._multipart, fd, begun, check_claim=ctx.check_claim)
            have += await ctx.map(sending, chunk, limit=PARTS_AT_ONCE)
            self._show(sum(part.size for part in have))
        if os.fstat(fd).st_mtime_ns != begun.mtime_ns:
            raise small.SourceChanged
        ctx.check_claim()
        await ctx.run_in_pool(self._multipart.complete, begun.key, begun.upload, have)
        await unfinished.forget(ctx, self._multipart, begun)

    async def drop(self) -> None:
        """Leave nothing of what was begun before."""
        if self._state.begun is not None:
            try:
                await unfinished.give_up(self._ctx, self._multipart, self._state.begun)
            except StoreError as error:  # what was begun is not forgotten: the next attempt tries again
                raise StoreUnreachable(self._store.url, str(error)) from error
            self._state.begun = None
            await self._ctx.save_state(self._state)

    def _full(self, key: str) -> str:
        return f"{self._store.prefix}/{key}" if self._store.prefix else key
