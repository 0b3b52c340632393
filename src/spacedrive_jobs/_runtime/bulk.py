"""Bulk operations: what is asked of one job, asked of all that a filter means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from spacedrive_jobs._model.filter import JobFilter
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._store import bulk, control, prune
from spacedrive_jobs._store.control import Asked
from spacedrive_jobs._store.tx import Tx

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

UNFINISHED: Final = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)
UNDONE: Final = (JobStatus.FAILED, JobStatus.CANCELLED)
ENDED: Final = (JobStatus.COMPLETED, *UNDONE)


class Bulk:
    """Of one engine. Each verb's answer is how many jobs it was done to; those that it cannot be done to are left out.

    Jobs dispatched while it works are not looked at.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def pause(self, wanted: JobFilter) -> int:
        return await self._ask(narrowed(wanted, UNFINISHED), control.pause)

    async def resume(self, wanted: JobFilter) -> int:
        return await self._ask(narrowed(wanted, UNFINISHED), control.resume, resumed=True)

    async def cancel(self, wanted: JobFilter, reason: str) -> int:
        return await self._ask(narrowed(wanted, UNFINISHED), lambda tx, job, now: control.cancel(tx, job, now, reason))

    async def abort(self, wanted: JobFilter, reason: str) -> int:
        return await self._ask(narrowed(wanted, UNFINISHED), lambda tx, job, now: control.abort(tx, job, now, reason))

    async def retry(self, wanted: JobFilter) -> int:
        """Not of those that were tried again since, unless they are named by id or asked for; of completed ones, where
        the filter means such with failed items."""
        if wanted.retried is None and wanted.ids is None:
            wanted = replace(wanted, retried=False)
        made: set[JobId] = set()
        async for jobs in self._matching(narrowed(wanted, ENDED if wanted.failed_items else UNDONE)):
            for job in jobs:
                if job not in made:  # after the clock went back, new ones are among those that are still looked at
                    made.add(await self._engine.control.retry(job))
        return len(made)

    async def clear(self, wanted: JobFilter) -> int:
        """Delete ended jobs now, with all that is stored of them."""
        engine = self._engine
        await engine.tidy_library_db()
        count = 0
        async for jobs in self._matching(narrowed(wanted, ENDED)):
            ids = [job.bytes for job in jobs]
            for id_ in ids:
                while await engine.store.write(partial(prune.prune_items_step, job=id_), durable=False):
                    pass
            await engine.store.write(partial(prune.prune_jobs, ids=ids))
            await asyncio.to_thread(engine.delete_logs, ids)
            count += len(ids)
        return count

    async def expired(self) -> int:
        before = self._engine.expired_before()
        return await self._engine.store.read_slowly(lambda connection: prune.count_prunable(connection, before))

    async def prune(self) -> int:
        """Delete what the history has kept for long enough."""
        engine = self._engine
        await engine.tidy_library_db()
        return await engine.prune()

    async def count(self, wanted: JobFilter) -> int:
        """How many jobs it means now."""
        store = self._engine.store
        if wanted.ids is not None:
            return sum([len(jobs) async for jobs in self._matching(wanted)])
        until, after, count = await self._end(), b"", 0
        while True:
            some, after = await store.read_slowly(partial(bulk.count, wanted=wanted, after=after, until=until))
            count += some
            if some < bulk.COUNTED:
                return count

    async def _ask(self, wanted: JobFilter, act: Callable[[Tx, JobId, int], Asked], *, resumed: bool = False) -> int:
        engine = self._engine
        count = 0
        async for jobs in self._matching(wanted):
            now = engine.clock.now_ms()
            changed = await engine.store.write(partial(bulk.each, jobs=jobs, act=act, now=now), urgent=True)
            count += len(changed)
            await engine.control.asked_of(changed, resumed=resumed)
        return count

    async def _matching(self, wanted: JobFilter) -> AsyncIterator[list[JobId]]:
        store = self._engine.store
        if wanted.ids is not None:
            chosen = list(dict.fromkeys(wanted.ids))
            for start in range(0, len(chosen), bulk.STEP):
                yield await store.read_slowly(
                    partial(bulk.chosen, wanted=wanted, jobs=chosen[start : start + bulk.STEP])
                )
            return
        until, after = await self._end(), b""
        while True:
            jobs = await store.read_slowly(partial(bulk.matching, wanted=wanted, after=after, until=until))
            if not jobs:
                return
            after = jobs[-1].bytes
            yield jobs

    async def _end(self) -> bytes:
        """An id above that of every job that is stored, those among them that were dispatched before the clock went
        back."""
        newest = await self._engine.store.read_slowly(bulk.newest)
        return max(self._engine.dispatcher.new_id(), newest + b"\0")


def narrowed(wanted: JobFilter, statuses: tuple[JobStatus, ...]) -> JobFilter:
    """To the statuses that a verb is for; the filter may narrow them further."""
    named = tuple(status for status in wanted.statuses if status in statuses)
    if wanted.statuses and not named:
        *words, last = (status.value for status in statuses)
        raise ValueError(f"this is done to jobs that are {', '.join(words)} or {last}: the filter leaves none of them")
    return replace(wanted, statuses=named or statuses)
