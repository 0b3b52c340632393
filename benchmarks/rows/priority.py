"""A user's job while 100,000 background jobs wait and every slot has one of them: from dispatch to its first line.

The background jobs look at the interruption every 5 ms: what is measured is the wait for one of them to yield, and the
start in its place.
"""

from __future__ import annotations

import asyncio
import time

from benchmarks.jobs import background, stamp
from benchmarks.measure import percentile
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from spacedrive_jobs import JobStatus, Priority

CHUNK = 5_000


async def ours(ground: Ground) -> Figures:
    waits: list[float] = []
    async with library(ground.folder, runs="all", slots=4) as opened:
        jobs = opened.jobs
        for _ in range(ground.scale.pick(10_000, 100_000) // CHUNK):
            await jobs.dispatch_many([background.new() for _ in range(CHUNK)], priority=Priority.LOW)
        while (await jobs.counts())[JobStatus.RUNNING] < 4:
            await asyncio.sleep(0.01)
        for _ in range(ground.scale.pick(20, 60)):
            handle = await jobs.dispatch(stamp.new(time.monotonic_ns()), priority=Priority.HIGH)
            waits.append(await handle.wait() / 1e6)
            await asyncio.sleep(0.05)
        await jobs.pause_queue()
    return {"p50_ms": percentile(waits, 0.5), "p95_ms": percentile(waits, 0.95), "max_ms": max(waits)}


BENCHMARK = Benchmark(
    name="priority",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("a user's job under 100k of background work, all slots taken, p50", "p50_ms", "ms", "less"),
        Line("· p95", "p95_ms", "ms", "less"),
        Line("· the slowest", "max_ms", "ms", "less", Limit(100)),
    ),
)
