"""What 100,000 queued jobs cost in memory, in a runner whose slots are all taken."""

from __future__ import annotations

import asyncio

from benchmarks.jobs import occupy, tally
from benchmarks.measure import settled_rss_mb
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import fill, library
from benchmarks.peers import huey_peer

OCCUPIED = 4


async def ours(ground: Ground) -> Figures:
    tally.expect(-1)
    async with library(ground.folder, runs="all", slots=OCCUPIED) as opened:
        for _ in range(OCCUPIED):
            await opened.jobs.dispatch(occupy.new())
        while tally.ran < OCCUPIED:
            await asyncio.sleep(0.001)
        # A first thousand, so that what any dispatch loads and caches is part of the idle figure.
        await fill(opened.jobs, 1_000)
        idle = settled_rss_mb()
        await fill(opened.jobs, ground.scale.pick(20_000, 100_000))
        full = settled_rss_mb()
        tally.gate.set()
    return {"growth_mb": full - idle, "idle_mb": idle}


BENCHMARK = Benchmark(
    name="memory",
    group="engine",
    sides=(Side("ours", "ours", ours), Side("Huey, 20k queued", "peer", huey_peer.memory)),
    lines=(
        Line("RSS with 100k queued minus idle", "growth_mb", "MB", "less", Limit(5)),
        Line("· RSS of an idle runner", "idle_mb", "MB", "less"),
    ),
)
