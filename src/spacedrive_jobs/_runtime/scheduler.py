"""Claims what may run now, as many jobs as there are free slots, and hands them to the executor."""

from __future__ import annotations

import asyncio
from typing import Final

from spacedrive_jobs._definition.registry import Registry
from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._runtime.executor import Executor
from spacedrive_jobs._runtime.running import Running
from spacedrive_jobs._runtime.settings import Runs
from spacedrive_jobs._store.queue import Handled
from spacedrive_jobs._store.store import Store

TIME_CHECK: Final = 30.0
"""Seconds after which due times are read again: timers stand still while the machine sleeps."""


class Scheduler:
    """A loop that waits for `wake`. `own` holds the jobs of this handle where it runs no others."""

    def __init__(
        self, store: Store, registry: Registry, executor: Executor, running: Running, runner: RunnerId, runs: Runs
    ) -> None:
        self._store, self._registry, self._executor, self._running = store, registry, executor, running
        self._runner, self._runs = runner, runs
        self._woken = asyncio.Event()
        self.own: set[JobId] = set()
        self.closed = False

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        if self._runs == "none":
            return
        while True:
            self._woken.clear()
            await self.run_once()
            await self._woken.wait()

    async def run_once(self) -> int:
        """Fill the free slots; how many jobs were started."""
        started = 0
        while (free := self._running.free) > 0 and not self.closed and not self._store.no_space:
            only = [job.bytes for job in self.own] if self._runs == "own" else None
            if only is not None and not only:
                break
            suspects = self._running.suspects == 0
            claimed = await self._store.claim(self._runner, self._handled(), free, suspects=suspects, only=only)
            for one in claimed:
                self._executor.start(one)
            started += len(claimed)
            if len(claimed) < free:
                break
        return started

    def _handled(self) -> Handled:
        return {
            name: (definition.oldest_version, definition.version)
            for definition in self._registry.all()
            for name in (definition.kind, *definition.aliases)
        }


class TimeKeeper:
    """Makes due what has become due, and fails what is past its deadline."""

    def __init__(self, store: Store, clock: Clock, scheduler: Scheduler) -> None:
        self._store, self._clock, self._scheduler = store, clock, scheduler
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """A due time was stored, maybe an earlier one."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._changed.clear()
            next_at = await self.run_once()
            delay = (
                TIME_CHECK if next_at is None else min(TIME_CHECK, max(0.0, (next_at - self._clock.now_ms()) / 1000))
            )
            timer = self._clock.call_later(delay, self._changed.set)
            try:
                await self._changed.wait()
            finally:
                timer.cancel()

    async def run_once(self) -> int | None:
        """Let time act on the queue, if it has something to do; the next moment at which it will (ms)."""
        next_at = await self._store.next_moment()
        if next_at is not None and next_at <= self._clock.now_ms():
            await self._store.pass_time()
            self._scheduler.wake()
            next_at = await self._store.next_moment()
        return next_at
