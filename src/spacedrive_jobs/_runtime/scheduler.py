"""Claims what may run now, as many jobs as there are free slots, and hands them to the executor."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Final

from spacedrive_jobs._definition.registry import Claimable, Registry
from spacedrive_jobs._model.clock import Clock, Timer
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.lane import Limits
from spacedrive_jobs._runtime.executor import Executor
from spacedrive_jobs._runtime.running import Later, Running, RunningAttempt
from spacedrive_jobs._runtime.settings import Runs
from spacedrive_jobs._runtime.supply import FRESH, ProbedSupply
from spacedrive_jobs._store import reads
from spacedrive_jobs._store.store import Store

TIME_CHECK: Final = 30.0
"""Seconds after which due times are read again: timers stand still while the machine sleeps."""


class Scheduler:
    """A loop that waits for `wake`. `own` holds the jobs of this handle where it runs no others."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        executor: Executor,
        running: Running,
        runner: RunnerId,
        runs: Runs,
        clock: Clock,
        supply: ProbedSupply,
    ) -> None:
        self._store, self._registry, self._executor, self._running = store, registry, executor, running
        self._runner, self._runs, self._clock = runner, runs, clock
        self.supply: ProbedSupply = supply
        self._woken = asyncio.Event()
        self._again: Timer | None = None
        self._claiming = asyncio.Lock()
        self._looks: Timer | None = None
        self._looks_due = False
        self.own: set[JobId] = set()
        self.closed: bool = False

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        if self._runs == "none":
            return
        while True:
            self._woken.clear()
            async with self._claiming:
                await self.run_once()
            await self._woken.wait()

    async def close(self, patience: float) -> None:
        """Claim nothing more. What is being claimed is started first, or its claim would be nobody's; a database that
        is held is waited for at most `patience` seconds."""
        self.closed = True
        try:
            async with asyncio.timeout(patience), self._claiming:
                return
        except TimeoutError:
            return

    async def run_once(self) -> int:
        """Fill the free slots, those first who had one and waited; how many jobs were started."""
        started = 0
        kinds = self._registry.claimable()
        if self._looks_due:
            self._looks_due = False
            if not self.closed and await self._store.read(reads.asks_for_resources):
                await self._look_at_the_machine(again=True)
        await self._give_back(kinds.limits)
        while (free := self._running.free) > 0 and not self.closed and not self._store.no_space:
            only = [job.bytes for job in self.own] if self._runs == "own" else None
            if only is not None and not only:
                break
            claims = await self._store.claim(
                self._runner,
                kinds.versions,
                free,
                suspects=self._running.suspects == 0,
                only=only,
                limits=kinds.limits,
                supply=self.supply,
            )
            for one in claims.jobs:
                self._executor.start(one)
            started += len(claims.jobs)
            if claims.again_at is not None:
                self._wake_at(claims.again_at)
            if len(claims.jobs) < free and not await self._look_at_the_machine():
                break
        if self._runs == "all" and len(self._running) and not self.closed and not self._store.no_space:
            await self._make_room(kinds)
        return started

    async def _look_at_the_machine(self, *, again: bool = False) -> bool:
        """Read what was asked for and not read yet (or all `again`); whether something was read.

        While something waits for resources or holds them, it is read again every few seconds, and what runs without
        its condition is asked to stop."""
        supply = self.supply
        if not (supply.is_wanted or again):
            return False
        running = await self._store.read(reads.running_lanes)
        await supply.look(
            {job: written for job, _, written in running}, [text for _, lane, _ in running for text in lane.resources]
        )
        for job, lane, _ in running:
            if lane.resources and (words := supply.unmet(lane.resources)) is not None:
                self._stop_without_condition(job, words)
        self._look_again_later()
        return True

    def _stop_without_condition(self, job: bytes, words: str) -> None:
        for running in self._running:
            if running.claimed.claim.job.bytes == job and _may_be_suspended(running):
                running.later = Later(words)
                self.suspend(running)

    def _look_again_later(self) -> None:
        if self._looks is not None:
            self._looks.cancel()
        self._looks = self._clock.call_later(FRESH, self._look_is_due)

    def _look_is_due(self) -> None:
        self._looks_due = True
        self.wake()

    async def _give_back(self, limits: Mapping[str, Limits]) -> None:
        """Slots for attempts that waited for something and now go on, ahead of every new claim."""
        wanting = self._running.wanting()[: max(0, self._running.free)]
        if not wanting:
            return
        by_claim = {running.claimed.claim: (running, wanted) for running, wanted in wanting}
        for claim in await self._store.take_back(list(by_claim), limits, self.supply):
            running, wanted = by_claim[claim]
            if not wanted.done():
                self._running.back_at_once(running)
                wanted.set_result(None)

    async def _make_room(self, kinds: Claimable) -> None:
        """Ask the lightest of what runs here to stop for ready jobs of higher priority."""
        lightest = {running.claimed.claim.job.bytes: running for running in self._running if _may_be_suspended(running)}
        if not lightest:
            return
        gained = {job: running.claimed.gained for job, running in lightest.items()}
        pending = sum(running.suspended for running in self._running)
        limit = len(gained) + pending
        asked = await self._store.contenders(kinds.versions, limit, gained, kinds.limits, self.supply)
        for job in asked[pending:]:
            self.suspend(lightest[job])

    def suspend(self, running: RunningAttempt) -> None:
        """Have it go back to the queue at its next check, first in line. Nothing where that would lose its work."""
        if _may_be_suspended(running):
            running.suspended = True
            running.handle.interrupt(Interruption.SUSPEND)

    def _wake_at(self, moment: int) -> None:
        if self._again is not None:
            self._again.cancel()
        self._again = self._clock.call_later(max(0.0, (moment - self._clock.now_ms()) / 1000), self.wake)


def _may_be_suspended(running: RunningAttempt) -> bool:
    """Code that runs, can be resumed, and was not asked to stop for another reason."""
    definition = running.definition
    return (
        running.body is not None
        and definition is not None
        and definition.options.resumable
        and not (running.is_finishing or running.suspended or running.waits or running.forced)
    )


class TimeKeeper:
    """Makes due what has become due, fails what is past its deadline, and (`fires`) dispatches what is scheduled."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        scheduler: Scheduler,
        new_id: Callable[[], bytes],
        dice: random.Random,
        *,
        fires: bool,
    ) -> None:
        self._store, self._clock, self._scheduler = store, clock, scheduler
        self._new_id, self._dice, self._fires = new_id, dice, fires
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
        next_at = await self._store.next_moment(fires=self._fires)
        if next_at is not None and next_at <= self._clock.now_ms():
            await self._store.pass_time(self._new_id, self._dice, fires=self._fires)
            self._scheduler.wake()
            next_at = await self._store.next_moment(fires=self._fires)
        return next_at
