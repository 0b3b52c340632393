"""Pick-up by a runner in another process that has been idle (ten minutes with --full), and what idling costs it."""

from __future__ import annotations

import asyncio
import time

from benchmarks.jobs import stamp
from benchmarks.measure import cpu_seconds, percentile
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from benchmarks.processes import actor


async def ours(ground: Ground) -> Figures:
    idle = ground.scale.pick(4, 15, 600)
    waits: list[float] = []
    with actor("runner", ground.folder) as runner:
        async with library(ground.folder) as opened:
            await (await opened.jobs.dispatch(stamp.new(time.monotonic_ns()))).wait()
            await asyncio.sleep(1)
            used = cpu_seconds(runner.pid)
            await asyncio.sleep(idle)
            used = cpu_seconds(runner.pid) - used
            for _ in range(ground.scale.pick(50, 200)):
                handle = await opened.jobs.dispatch(stamp.new(time.monotonic_ns()))
                waits.append(await handle.wait() / 1e6)
                await asyncio.sleep(0.02)
    return {
        "first_ms": waits[0],
        "p50_ms": percentile(waits, 0.5),
        "p95_ms": percentile(waits, 0.95),
        "idle_cpu": 100 * used / idle,
    }


BENCHMARK = Benchmark(
    name="pickup_other",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("pick-up from another process, p50", "p50_ms", "ms", "less", Limit(4)),
        Line("pick-up from another process, p95", "p95_ms", "ms", "less", Limit(10)),
        Line("· the first one after idling", "first_ms", "ms", "less", Limit(10)),
        Line("processor time of an idle runner", "idle_cpu", "%", "less", Limit(0.5)),
    ),
    seconds=900,
)
