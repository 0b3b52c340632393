"""Fans changes out to those who wait: a waiter is woken, never called; what it missed it reads from the store.

Nothing here grows with what happens: a subscriber that sleeps for a year holds one flag and one progress value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Final

from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.progress import Progress, ProgressView
from spacedrive_jobs._store import reads
from spacedrive_jobs._store.store import Store

TAIL: Final = 1_000


class Watcher:
    """One subscriber or waiter of one job. `woken` is set when something may have changed."""

    expired: bool
    job: JobId | None
    woken: asyncio.Event

    __slots__ = ("expired", "job", "progress", "woken")

    def __init__(self, job: JobId | None) -> None:
        self.job = job
        self.woken = asyncio.Event()
        self.progress: tuple[Progress, ProgressView] | None = None
        self.expired = False

    async def wait(self) -> None:
        """Until something may have changed since the last call."""
        await self.woken.wait()
        self.woken.clear()

    def expire(self) -> None:
        """Wake the waiter, whose time is up."""
        self.expired = True
        self.woken.set()


class Hub:
    """On the event loop only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watchers: dict[JobId | None, set[Watcher]] = {}
        self._cursor: int | None = None
        self._local: set[JobId] = set()
        self._tailing = False
        self._again = False

    def watch(self, job: JobId | None) -> Watcher:
        """Be woken at changes of `job`; None for all jobs."""
        watcher = Watcher(job)
        self._watchers.setdefault(job, set()).add(watcher)
        return watcher

    def unwatch(self, watcher: Watcher) -> None:
        watchers = self._watchers.get(watcher.job)
        if watchers is not None:
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[watcher.job]

    @contextmanager
    def watching(self, job: JobId | None) -> Generator[Watcher]:
        """`watch` and `unwatch` around a block."""
        watcher = self.watch(job)
        try:
            yield watcher
        finally:
            self.unwatch(watcher)

    def is_watched(self, job: JobId) -> bool:
        return job in self._watchers or None in self._watchers

    def changed(self, jobs: Iterable[JobId]) -> None:
        """Jobs whose change was committed by this process."""
        for job in jobs:
            self._wake(job)
        self._wake(None)

    def progressed(self, job: JobId, progress: Progress, view: ProgressView) -> None:
        """The newest progress of a job that runs here."""
        for watcher in self._watchers.get(job, ()):
            watcher.progress = (progress, view)
            watcher.woken.set()

    def _wake(self, job: JobId | None) -> None:
        for watcher in self._watchers.get(job, ()):
            watcher.woken.set()

    # --- other processes ----------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Something was committed, maybe by another process: wake whom it concerns. One look at a time suffices."""
        if not self._watchers:
            self._cursor = None
            return
        if self._tailing:
            self._again = True
            return
        self._tailing = True
        try:
            await self._tail()
            while self._again:
                self._again = False
                await self._tail()
        finally:
            self._tailing = False

    async def _tail(self) -> None:
        if self._cursor is None:
            # Not known what was missed while nobody watched: all look for themselves once.
            self._cursor = await self._store.read(reads.last_event)
            for watchers in self._watchers.values():
                for watcher in watchers:
                    watcher.woken.set()
            return
        events = await self._store.read(lambda connection: reads.events_after(connection, self._cursor or 0, TAIL))
        for event in events:
            self._wake(event.job)
        if events:
            self._cursor = events[-1].seq
            self._wake(None)
            self._again = self._again or len(events) == TAIL
        for job in list(self._watchers):
            if job is not None and job not in self._local:
                self._wake(job)  # its progress may have moved; the watcher reads it

    def runs_here(self, job: JobId, here: bool) -> None:
        """Progress of a job that runs here comes by `progressed`, not from the store."""
        if here:
            self._local.add(job)
        else:
            self._local.discard(job)
