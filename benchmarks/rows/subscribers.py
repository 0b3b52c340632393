"""What being watched costs a job: thousands of subscribers, most of which never take what they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from benchmarks.jobs import talk
from benchmarks.measure import settled_rss_mb
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from spacedrive_jobs import JobHandle, JobSystem, JobUpdate

READING = 10


async def read(updates: AsyncIterator[JobUpdate[float]]) -> None:
    async for _ in updates:
        pass


async def alone(jobs: JobSystem, count: int) -> float:
    return await (await jobs.dispatch(talk.new(count))).wait()


async def watched(jobs: JobSystem, count: int, stuck: int) -> float:
    """The job's own seconds, with `READING` subscribers that read and `stuck` ones that took one update and stopped."""
    handle: JobHandle[float] = await jobs.dispatch(talk.new(count))
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for _ in range(READING):
            tasks.create_task(read(handle.subscribe()))
        held = [handle.subscribe() for _ in range(stuck)]
        for updates in held:
            await anext(updates)
        return await handle.wait()


async def ours(ground: Ground) -> Figures:
    count, stuck = ground.scale.pick(2_000, 10_000), ground.scale.pick(500, 10_000)
    async with library(ground.folder, runs="all") as opened:
        await alone(opened.jobs, count)
        before = settled_rss_mb()
        plain, seen = [], []
        for _ in range(3):
            plain.append(await alone(opened.jobs, count))
            seen.append(await watched(opened.jobs, count, stuck))
        growth = settled_rss_mb() - before
    return {"slower": 100 * (min(seen) / min(plain) - 1), "growth_mb": growth}


BENCHMARK = Benchmark(
    name="subscribers",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("job slower with 10 reading and 10,000 stuck subscribers", "slower", "%", "less", Limit(2)),
        Line("· memory that they leave behind", "growth_mb", "MB", "less", Limit(20)),
    ),
)
