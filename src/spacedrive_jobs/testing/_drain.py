"""Waiting for a library to come to rest, and looking at what was dispatched."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, TypeVar

from spacedrive_jobs._definition.job import Job, Kind
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.record import JobInfo
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._runtime.library import Library
from spacedrive_jobs.testing._clock import ManualClock

OutT = TypeVar("OutT")

PAUSE: Final = 0.002
STEP: Final = 1.0
HORIZON: Final = 30 * 86_400.0


async def drain(library: Library, *, clock: ManualClock | None = None, timeout: float = 10.0) -> dict[JobStatus, int]:
    """Wait until no job is running and none can start; how many are in each status then.

    With the library's `clock`, time is turned on to each moment for which a job waits (a retry, a sleep), up to 30
    days. A job that waits for an answer, for a pause to end or for a condition is at rest. Raises AssertionError after
    `timeout` real seconds.
    """
    end = time.monotonic() + timeout
    while True:
        await _until_at_rest(library, end, timeout)
        due = [info.due_at for info in await _queued(library) if info.due_at is not None]
        if clock is None or not due:
            return await library.jobs.counts()
        seconds = (min(due).timestamp() * 1000 - clock.now_ms()) / 1000
        if seconds > HORIZON:
            return await library.jobs.counts()
        await clock.advance(max(seconds, STEP))


async def _until_at_rest(library: Library, end: float, timeout: float) -> None:
    still = 0
    while still < 3:  # what starts it may be on its way: a look is not enough
        if time.monotonic() > end:
            raise AssertionError(f"the library has not come to rest in {timeout} s: {await _unrest(library)}")
        still = 0 if await _moves(library) else still + 1
        await asyncio.sleep(PAUSE)


async def _moves(library: Library) -> bool:
    """Code runs, or could start. An attempt that waits says for what."""
    running = await _of(library, JobStatus.RUNNING)
    return any(not info.reason for info in running) or await library.jobs.ready() > 0


async def _queued(library: Library) -> tuple[JobInfo, ...]:
    return await _of(library, JobStatus.QUEUED)


async def _of(library: Library, status: JobStatus) -> tuple[JobInfo, ...]:
    return (await library.jobs.list(statuses=[status], limit=10_000)).rows


async def _unrest(library: Library) -> str:
    rows = await _queued(library) + await _of(library, JobStatus.RUNNING)
    return "; ".join(f"{info.kind} {info.id.short} {info.status.value} {info.reason}".rstrip() for info in rows[:10])


async def dispatched(library: Library, kind: Kind[Any] | str) -> list[JobInfo]:
    """The jobs of a kind, active and ended, oldest first."""
    name = kind if isinstance(kind, str) else registry.definition_of_kind(kind).kind
    rows = (await library.jobs.list(kind=name, limit=10_000)).rows
    return list(reversed(rows))


async def assert_dispatched(library: Library, job: Job[Any, Any], /) -> JobInfo:
    """The newest job of this kind with these arguments. Raises AssertionError, with what there is, if there is none."""
    definition = registry.definition_of(job)
    wanted = definition.arguments_to_plain(definition.encode_arguments(job), definition.version)
    found = await dispatched(library, definition.kind)
    for info in reversed(found):
        if info.arguments == wanted:
            return info
    there = "\n  ".join(str(info.arguments) for info in found) or "none"
    raise AssertionError(f"no {definition.kind} was dispatched with {wanted}; there are:\n  {there}")


async def refute_dispatched(library: Library, job: Job[Any, Any], /) -> None:
    """Raises AssertionError if a job of this kind with these arguments was dispatched."""
    try:
        info = await assert_dispatched(library, job)
    except AssertionError:
        return
    raise AssertionError(f"{info.kind} {info.id.short} was dispatched with {info.arguments}")
