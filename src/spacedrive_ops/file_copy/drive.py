"""The event loop's side of a copy: rounds of blocking calls, then counting, reporting and checkpointing.

Nothing here touches the file system itself.
"""

from __future__ import annotations

import asyncio
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Final

from spacedrive_jobs import Bytes, Count, GenericProgress, Interruption, JobContext, JobInterrupted
from spacedrive_ops.file_copy import conflicts
from spacedrive_ops.file_copy.gather import Batch
from spacedrive_ops.file_copy.links import HardLinks, key_of
from spacedrive_ops.file_copy.metadata import WORDS, Denied
from spacedrive_ops.file_copy.model import SHORT_ENOUGH, CopyState, Position, Totals
from spacedrive_ops.file_copy.pipeline import Pipeline

PHASES: Final = (("scan", 2.0), ("copy", 96.0), ("flush", 2.0))
KEPT_POSITION: Final = b"position"
_LENGTHS: Final = struct.Struct("<IIIII")


def call(function: Callable[[], None]) -> None:
    function()


@dataclass(slots=True)
class Reporter:
    """Turns finished batches into items, counters, progress and the state that the next attempt starts from."""

    ctx: JobContext[CopyState]
    state: CopyState
    denied: Denied
    moving: bool
    partial_base: int = 0
    _current: str = field(default="", init=False)

    def count(self, batch: Batch) -> None:
        """All of this batch is durably in the destination."""
        ctx, tally = self.ctx, self.state.tally
        for item in batch.items:
            # "note": an earlier attempt had copied it and died before it could say so.
            if item.work in ("file", "note") and item.status.st_nlink > 1 and item.final:
                ctx.keep(key_of(item.status), item.folder.target_path(item.final))
                self.state.linked = True
            if item.asked:
                self.state.asked = conflicts.remember(ctx, self.state.asked, item)
                continue
            if not item.is_reported:
                continue
            ctx.item(item.path, item.outcome, item.reason) if item.outcome != "ok" else ctx.item(item.path)
            tally.add(item.outcome, item.size, item.copied)
            ctx.increment_items()
            if item.copied:
                ctx.increment_bytes(item.copied)
        if not batch.items[-1].retraced:  # what is retraced lies before the cursor, which never goes back
            self.state.cursor = batch.end
            self.state.folder_times = batch.folder_times if self.moving else b""
        batch.recorded = True

    def count_removal(self, batch: Batch) -> None:
        """The sources of this batch are gone; what could not be removed was not known when it was counted."""
        self.state.removed = batch.end
        for item in batch.items:
            if item.source_stays:
                self.ctx.item(item.path, "warning", item.reason)
                self.state.tally.copied -= 1
                self.state.tally.copied_bytes -= item.size
                self.state.tally.warnings += 1

    def warn_of_denied(self) -> None:
        """Once per job and kind of metadata."""
        for topic in sorted(self.denied.topics - set(self.state.warned)):
            self.ctx.add_warning(WORDS[topic])
            self.state.warned = (*self.state.warned, topic)

    def show(self, phase: str, message: str = "", *, current: bytes = b"") -> None:
        """The bar: paced by what is flushed, so that its end is the end."""
        tally, partial = self.state.tally, self.state.partial
        totals = self.state.totals or Totals()
        flushed = tally.bytes + (partial.offset if partial is not None else 0)
        self.ctx.progress(
            GenericProgress(
                phase=phase,
                phases=PHASES,
                message=message,
                current_path=Path(os.fsdecode(current)) if current else None,
                items=Count(tally.items, max(totals.items, tally.items)),
                bytes=Bytes(flushed, max(totals.bytes, flushed)),
                skipped_items=tally.skipped,
                skipped_bytes=tally.skipped_bytes,
            )
        )


class Driver:
    """Runs a pipeline to its end, or to a durable stop."""

    def __init__(self, ctx: JobContext[CopyState], pipeline: Pipeline, reporter: Reporter, links: HardLinks) -> None:
        self._ctx, self._pipeline, self._reporter, self._links = ctx, pipeline, reporter, links

    async def run(self) -> None:
        """Copy all there is. Raises NoRoomLeft, the interruption, or what ended the attempt; always tidied up."""
        pipeline = self._pipeline
        try:
            await self._ctx.run_in_pool(pipeline.begin)
            while not pipeline.is_done:
                await self._round()
        except JobInterrupted as stop:
            await self._stop(stop)
            raise
        except asyncio.CancelledError:
            raise
        except BaseException:
            await asyncio.to_thread(pipeline.abandon)
            self._account()
            raise
        self._pipeline.close()

    async def _round(self) -> None:
        ctx, pipeline = self._ctx, self._pipeline
        if pipeline.current is not None:
            await self._find_links(pipeline.current)
        calls = pipeline.calls()
        if calls:
            began = monotonic()
            await ctx.map(call, calls, limit=len(calls))
            pipeline.pace.adapt(monotonic() - began)
        pipeline.turn()
        must_be_stored = self._account()
        self._show()
        if must_be_stored:
            await ctx.save_state(self._packed())
        else:
            await ctx.checkpoint(self._packed())

    async def _stop(self, stop: JobInterrupted) -> None:
        """What was copied is brought to a durable end and stored, so that each run gets further than the one before."""
        pipeline = self._pipeline
        if stop.kind is Interruption.CANCEL:
            await asyncio.to_thread(pipeline.abandon)
        else:
            await asyncio.to_thread(pipeline.wind_down)
        self._account()
        self._show()
        await self._ctx.save_state(self._packed())

    def _account(self) -> bool:
        """Count what became durable. Whether a move must have that stored before it removes anything."""
        reporter, pipeline = self._reporter, self._pipeline
        newly = pipeline.now_durable()
        for batch in newly:
            reporter.count(batch)
        for batch in pipeline.finished_batches():
            if reporter.moving:
                reporter.count_removal(batch)
            batch.release()
        reporter.state.partial = pipeline.unfinished()
        reporter.warn_of_denied()
        return reporter.moving and bool(newly)

    def _show(self) -> None:
        batch = self._pipeline.current
        if batch is None:
            self._reporter.show("flush" if self._pipeline.inflight else "copy", "writing to the disk")
        else:
            self._reporter.show("copy", current=batch.items[0].path)

    async def _find_links(self, batch: Batch) -> None:
        """Decide which names of a file with several are links to its first copy."""
        # A move takes names away: the last of several has a link count of one when it is reached.
        dwindling = self._reporter.moving and self._reporter.state.linked
        for item in batch.items:
            if item.link_to or item.name == "" or item.work not in ("file", "note"):
                continue
            alone = item.status.st_nlink < 2
            if alone and not (dwindling and item.work == "file" and stat.S_ISREG(item.status.st_mode)):
                continue
            key = key_of(item.status)
            if item.work == "note":
                if item.final:
                    self._links.add(key, item.folder.target_path(item.final))
                continue
            path = self._links.find(key)
            if path is None and self._links.asks_rows:
                path = await self._ctx.kept(key)
            if path is None:
                if not alone:
                    self._links.add(key, item.folder.target_path(item.target_name))
                    item.link_to = b"-"
            else:
                item.work, item.link_to, item.ready = "hard link", path, True

    def _packed(self) -> CopyState:
        return packed(self._ctx, self._reporter.state)


def packed(ctx: JobContext[CopyState], state: CopyState) -> CopyState:
    """The state as it is stored: where a path is very long, its position goes into a row of its own."""
    length = len(state.folder_times)
    for position in (state.cursor, state.removed):
        length += len(position.path) if position is not None else 0
    if length <= SHORT_ENOUGH:
        return state
    cursor, removed = state.cursor or Position(0), state.removed or Position(0)
    lengths = _LENGTHS.pack(
        cursor.root, len(cursor.path), removed.root, len(removed.path), 1 if state.removed is not None else 0
    )
    ctx.keep(KEPT_POSITION, lengths + cursor.path + removed.path + state.folder_times)
    return replace(state, cursor=None, removed=None, folder_times=b"", kept_apart=True)


async def unpacked(ctx: JobContext[CopyState], state: CopyState) -> CopyState:
    """The state as `packed` was given it."""
    if not state.kept_apart:
        return state
    row = await ctx.kept(KEPT_POSITION) or b""
    if len(row) < _LENGTHS.size:
        return replace(state, kept_apart=False)
    root, length, removed_root, removed_length, has_removed = _LENGTHS.unpack_from(row)
    start = _LENGTHS.size
    path, removed = row[start : start + length], row[start + length : start + length + removed_length]
    return replace(
        state,
        kept_apart=False,
        cursor=Position(root, path),
        removed=Position(removed_root, removed) if has_removed else None,
        folder_times=row[start + length + removed_length :],
    )
