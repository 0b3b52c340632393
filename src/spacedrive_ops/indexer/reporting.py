"""Counting what a run finds, and showing it."""

from __future__ import annotations

import os
from pathlib import Path

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext
from spacedrive_ops.indexer.model import PHASES, IndexMode, IndexState, Phase
from spacedrive_ops.library_index.findings import Problem, Slice


class Reporter:
    """`state` is what is stored; its counts go on over attempts. A run has the phases of its `mode`."""

    def __init__(self, ctx: JobContext[IndexState], state: IndexState, mode: IndexMode) -> None:
        self.ctx, self.state = ctx, state
        beyond = {"shallow": ("content", "media"), "content": ("media",), "deep": ()}[mode]
        self._phases = tuple(phase for phase in PHASES if phase[0] not in beyond)
        self._files = self._bytes = self._total_files = self._total_bytes = 0

    def count(self, slice_: Slice) -> None:
        found = self.state.found
        found.files += slice_.files
        found.folders += slice_.subfolders
        found.size += slice_.size
        found.new += len(slice_.entries)
        found.modified += slice_.modified
        found.excluded += slice_.excluded
        self.ctx.increment_items(slice_.looked_at)
        self.state.cursor = slice_.cursor or self.state.cursor
        for trouble in slice_.troubles:
            self.trouble(*trouble)

    def trouble(self, path: bytes, outcome: Problem, reason: str) -> None:
        if outcome == "error":
            self.state.found.errors += 1
        self.ctx.item(path, outcome, reason)

    def expect(self, files: int, size: int) -> None:
        """What there is to read."""
        self._total_files, self._total_bytes = files, size

    def hashed(self, size: int) -> None:
        self.state.found.hashed += 1
        self._files += 1
        self._bytes += size
        self.ctx.increment_bytes(size)

    def show(self, phase: Phase, current: bytes = b"") -> None:
        found = self.state.found
        path = Path(os.fsdecode(current)) if current else None
        if phase == "content":
            items, size = Count(self._files, max(self._total_files, self._files)), self._bytes
            amount = Bytes(size, max(self._total_bytes, size))
            self.ctx.progress(
                GenericProgress(phase=phase, phases=self._phases, current_path=path, items=items, bytes=amount)
            )
            return
        message = f"{found.files:,} files, {found.folders:,} folders"
        self.ctx.progress(GenericProgress(phase=phase, phases=self._phases, message=message, current_path=path))
