"""One attempt of a download."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from threading import Event
from typing import Final

from spacedrive_jobs import Count, GenericProgress, JobContext, JobInterrupted, interrupt_requested
from spacedrive_ops.folders import lies_in
from spacedrive_ops.object_store.errors import StoreError, StoreUnreachable, TransferRefused
from spacedrive_ops.object_store.model import DownloadState, OnExisting, Result
from spacedrive_ops.object_store.receive import Receiver
from spacedrive_ops.object_store.store import Store
from spacedrive_ops.whole_files.partial import prefix_of, sweep

AT_ONCE: Final = 8
WAIT_FOR_OLD: Final = 0.2


def absolute(destination: Path) -> Path:
    return Path(os.path.abspath(destination))


def refuse(destination: Path, library: Path) -> None:
    """Raises TransferRefused where the destination cannot be right; makes the folder."""
    try:
        os.makedirs(destination, exist_ok=True)
    except OSError as error:
        raise TransferRefused(os.fspath(destination), (error.strerror or "").lower()) from error
    if lies_in(os.fsencode(destination), library):
        raise TransferRefused(os.fspath(destination), "it is inside the job library's own folder")


def sweep_all(destination: Path, job: str, attempt: int) -> None:
    """Remove what earlier attempts left behind, in each folder below the destination."""
    for folder, _, names in os.walk(destination):
        if any(name.startswith(prefix_of(job)) for name in names):
            sweep(Path(folder), job, attempt, wait=WAIT_FOR_OLD, look=Event().wait)


class Download:
    """`failed`: the keys of what is to be done again; None: all."""

    def __init__(
        self,
        ctx: JobContext[DownloadState],
        store: Store,
        state: DownloadState,
        destination: Path,
        policy: OnExisting,
        failed: frozenset[bytes] | None,
        *,
        verify: bool,
    ) -> None:
        self._ctx, self._store, self._state = ctx, store, state
        self._failed = failed
        self._numbers = count(1)
        self._receiver = Receiver(
            store,
            destination,
            policy,
            name=ctx.id.short,
            attempt=ctx.attempt,
            verify=verify,
            check_claim=ctx.check_claim,
            interrupted=interrupt_requested,
        )

    async def to_the_end(self) -> None:
        keys = self._store.keys(self._state.after if self._store.keeps_order else None)
        if self._failed is not None:  # what is done again: in the order of the keys, as a store lists them
            known = sorted(key.decode() for key in self._failed)
            keys = iter([key for key in known if self._state.after is None or key > self._state.after])
        while batch := await self._some(keys):
            await self._round(batch)

    async def _some(self, keys: Iterator[str]) -> list[str]:
        try:
            return await self._ctx.run_in_pool(lambda: list(islice(keys, AT_ONCE * 4)))
        except StoreError as error:
            raise StoreUnreachable(self._store.url, str(error), "fetched from") from error

    async def _round(self, batch: list[str]) -> None:
        results: dict[str, tuple[Result, int]] = {}

        def receive(key: str) -> None:
            results[key] = self._receiver.receive(key, next(self._numbers))

        try:
            await self._ctx.map(receive, batch, limit=AT_ONCE)
        except JobInterrupted:
            self._account(batch, results)
            await self._ctx.save_state(self._state)
            raise
        self._account(batch, results)
        self._show(batch[-1])
        await self._ctx.checkpoint(self._state)

    def _account(self, batch: list[str], results: dict[str, tuple[Result, int]]) -> None:
        """Count in order, up to the first one that was not finished."""
        for key in batch:
            result, size = results.get(key, (Result("stopped"), 0))
            if result.outcome == "stopped":
                return
            if result.outcome in ("error", "skipped"):
                self._ctx.item(key, "error" if result.outcome == "error" else "skipped", result.reason)
            else:
                self._ctx.item(key)
            self._state.tally.add(result.outcome, size)
            self._state.after = key
            self._ctx.increment_items()
            self._ctx.increment_bytes(size if result.outcome == "ok" else 0)

    def _show(self, current: str) -> None:
        tally = self._state.tally
        self._ctx.progress(
            GenericProgress(
                phase="download",
                current_path=Path(current),
                items=Count(tally.items, None, growing=True),
                skipped_items=tally.unchanged + tally.skipped,
            )
        )
