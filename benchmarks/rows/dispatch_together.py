"""Durable dispatch by 200 tasks at once, each waiting for its own."""

from __future__ import annotations

import asyncio
import time

from benchmarks.jobs import noop
from benchmarks.measure import percentile
from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.raw import sqlite

CALLERS = 200


async def ours(ground: Ground) -> Figures:
    each = ground.scale.pick(30, 150)
    waits: list[float] = []
    async with library(ground.folder) as opened:

        async def call() -> None:
            for number in range(each):
                start = time.perf_counter()
                await opened.jobs.dispatch(noop.new(number))
                waits.append(time.perf_counter() - start)

        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(call())
        seconds = time.perf_counter() - start
    return {"per_second": CALLERS * each / seconds, "p50_ms": percentile(waits, 0.5) * 1e3}


BENCHMARK = Benchmark(
    name="dispatch_together",
    group="engine",
    sides=(
        Side("raw", "raw", sqlite.producers(CALLERS, 50, 250)),
        Side("ours", "ours", ours),
    ),
    lines=(
        Line("durable dispatch, 200 at once", "per_second", "/s", "more", Versus(0.45, "raw")),
        Line("· median wait of one", "p50_ms", "ms", "less"),
    ),
)
