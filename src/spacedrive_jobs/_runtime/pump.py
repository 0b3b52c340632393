"""Carries progress and log lines out of running attempts, a few times a second, however often they report."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from spacedrive_jobs._definition.progress_codec import encode_progress, encode_view
from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.progress import Progress, ProgressView
from spacedrive_jobs._model.transition import ProgressRow
from spacedrive_jobs._runtime.hub import Hub
from spacedrive_jobs._runtime.joblog import JobLog
from spacedrive_jobs._runtime.running import RunningAttempt
from spacedrive_jobs._runtime.speeds import SpeedHistory
from spacedrive_jobs._store.store import Store
from spacedrive_jobs._tasks.pools import ThreadPool

TICK: Final = 0.2
"""Seconds between two looks at an attempt that reports all the time."""


class Pump:
    """`reported` may be called in any thread; all else on the event loop."""

    def __init__(self, store: Store, hub: Hub, joblog: JobLog, pool: ThreadPool, clock: Clock) -> None:
        self._store, self._hub, self._joblog, self._pool, self._clock = store, hub, joblog, pool, clock
        self._loop = asyncio.get_running_loop()
        self._unseen: deque[RunningAttempt] = deque()
        self._scheduled = False

    def reported(self, running: RunningAttempt) -> None:
        """`running` has progress that was not seen yet."""
        self._unseen.append(running)
        self._wake()

    def logged(self) -> None:
        self._wake()

    def _wake(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        self._clock.call_later(TICK, self.run_once)

    def run_once(self) -> None:
        """Show and store the newest progress of all that reported."""
        self._scheduled = False
        rows: list[ProgressRow] = []
        while self._unseen:
            row = self._take(self._unseen.popleft())
            if row is not None:
                rows.append(row)
        if rows:
            self._store.store_progress(rows)
        if self._joblog.waits:
            self._pool.submit(self._joblog.flush)

    def flush(self, running: RunningAttempt) -> None:
        """At an attempt's end: its last value arrives."""
        row = self._take(running)
        if row is not None:
            self._store.store_progress([row])

    def _take(self, running: RunningAttempt) -> ProgressRow | None:
        body, tracker = running.body, running.tracker
        if body is None or tracker is None:
            return None
        progress = body.take_progress()
        if progress is None:
            return None
        view = tracker.view(progress, self._clock.monotonic())
        self._hub.progressed(running.claimed.claim.job, progress, view)
        speeds = running.speeds
        if speeds is None:
            speeds = running.speeds = SpeedHistory()
        ended = speeds.add(self._clock.now_ms(), tracker.totals(progress))
        return progress_row(running, progress, view, speeds.encoded() if ended else None)


def progress_row(running: RunningAttempt, progress: Progress, view: ProgressView, speeds: bytes | None) -> ProgressRow:
    claim = running.claimed.claim
    return ProgressRow(claim.job, claim.attempt, view.fraction, encode_progress(progress), encode_view(view), speeds)
