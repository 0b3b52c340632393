"""Attempts in a child process that is warm, and calls in the pool."""

from __future__ import annotations

import time

from benchmarks.jobs import pool_calls, stamp, stamp_isolated
from benchmarks.measure import percentile
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.raw import machine


async def ours(ground: Ground) -> Figures:
    async with library(ground.folder, runs="all") as opened:
        isolated: list[float] = []
        plain: list[float] = []
        for _ in range(ground.scale.pick(20, 60)):
            handle = await opened.jobs.dispatch(stamp_isolated.new(time.monotonic_ns()))
            isolated.append(await handle.wait() / 1e6)
            handle = await opened.jobs.dispatch(stamp.new(time.monotonic_ns()))
            plain.append(await handle.wait() / 1e6)
        warm = percentile(isolated[5:], 0.5)
        calls = await (await opened.jobs.dispatch(pool_calls.new(ground.scale.pick(2_000, 10_000)))).wait()
    return {
        "cold_ms": isolated[0],
        "pickup_ms": warm,
        "start_ms": warm - percentile(plain, 0.5),
        "per_second": calls,
    }


BENCHMARK = Benchmark(
    name="children",
    group="engine",
    sides=(
        Side("pipe", "raw", machine.pipe_round_trips),
        Side("ours", "ours", ours),
        Side("run_in_executor", "raw", machine.executor_round_trips),
    ),
    lines=(
        Line("process-isolated attempt, warm: start beyond an async one's", "start_ms", "ms", "less", Limit(5)),
        Line("· from dispatch to its first line", "pickup_ms", "ms", "less"),
        Line("· the same, cold", "cold_ms", "ms", "less"),
        Line("run_in_pool, one at a time", "per_second", "/s", "more", Versus(0.6, "pipe")),
        Line("· against asyncio's run_in_executor", "per_second", "/s", "more", Versus(0.9, "run_in_executor")),
    ),
)
