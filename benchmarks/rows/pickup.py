"""From the call of dispatch to the first line of the job, on an idle runner, in one process."""

from __future__ import annotations

import asyncio
import time

from benchmarks.jobs import stamp
from benchmarks.measure import percentile
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from benchmarks.peers import huey_peer, pgqueuer_peer


async def ours(ground: Ground) -> Figures:
    waits: list[float] = []
    async with library(ground.folder, runs="all") as opened:
        for _ in range(ground.scale.pick(50, 300)):
            handle = await opened.jobs.dispatch(stamp.new(time.monotonic_ns()))
            waits.append(await handle.wait() / 1e6)
            await asyncio.sleep(0.01)
    return {"p50_ms": percentile(waits, 0.5), "p95_ms": percentile(waits, 0.95)}


BENCHMARK = Benchmark(
    name="pickup",
    group="engine",
    sides=(
        Side("ours", "ours", ours),
        Side("Huey", "peer", huey_peer.pickup),
        Side("pgqueuer", "peer", pgqueuer_peer.pickup),
    ),
    lines=(
        Line("pick-up in one process, p50", "p50_ms", "ms", "less", Limit(1.3)),
        Line("pick-up in one process, p95", "p95_ms", "ms", "less", Limit(2)),
    ),
)
