"""Putting one job before all others: what "First" means to people."""

from __future__ import annotations

from typing import Any

from spacedrive_jobs import MOST_PRIORITY, JobHandle, JobSystem


async def put_before_all(jobs: JobSystem, handle: JobHandle[Any]) -> None:
    """Whatever their priority: it takes one above all that run and wait, so that what runs makes room for it, the
    lowest first, at its next safe point. Raises TransitionRefused if it does not wait, JobNotFound."""
    await handle.put_first()
    own = (await jobs.info(handle.id)).priority
    others = [*await jobs.running(), *(await jobs.waiting(1)).rows]
    highest = max((other.priority for other in others if other.id != handle.id), default=own - 1)
    if highest >= own:
        await handle.set_priority(min(highest + 1, MOST_PRIORITY))
        await handle.put_first()
