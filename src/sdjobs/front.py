"""Putting one job before all others: what "First" means to people."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from spacedrive_jobs import MOST_PRIORITY, JobHandle, JobInfo, JobNotFound, JobSystem, Priority, TransitionRefused


async def put_before_all(jobs: JobSystem, handle: JobHandle[Any]) -> None:
    """Whatever their priority and however long they waited: it takes one above all that run and wait, so that what runs
    makes room for it, the lowest first, at its next safe point. Raises TransitionRefused if it does not wait,
    JobNotFound."""
    await handle.put_first()
    running = [other for other in await jobs.running() if other.id != handle.id]
    waiting = [other for other in (await jobs.waiting(2)).rows if other.id != handle.id]
    if not running and not waiting:
        return
    # What waits gains weight up to HIGH, and would come before a priority that is one above its own alone.
    above = max(Priority.HIGH, *(other.priority for other in [*running, *waiting])) + 1
    if above > MOST_PRIORITY:
        await _lower(jobs, running)
        above = MOST_PRIORITY
    if (await jobs.info(handle.id)).priority < above:
        await handle.set_priority(above)


async def _lower(jobs: JobSystem, running: list[JobInfo]) -> None:
    """Nothing is above the highest priority there is: what runs with it takes the one below. What waits with it need
    not: of one priority, what was put first comes first."""
    for other in running:
        if other.priority == MOST_PRIORITY:
            with suppress(TransitionRefused, JobNotFound):  # it has ended meanwhile
                await jobs.handle_of(other.id).set_priority(MOST_PRIORITY - 1)
