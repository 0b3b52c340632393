"""From the start of a new process to its first job, on a queue that is full (1M with --full, else 100k)."""

from __future__ import annotations

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import fill, library
from benchmarks.processes import Actor


async def ours(ground: Ground) -> Figures:
    async with library(ground.folder) as opened:
        await fill(opened.jobs, ground.scale.pick(20_000, 100_000, 1_000_000), chunk=10_000)
    seconds, resident = [], []
    for _ in range(3):
        started = Actor("first_job", ground.folder)
        answer = started.answer()
        started.kill()
        seconds.append((answer["first_ns"] - started.started_ns) / 1e9)
        resident.append(answer["rss_mb"])
    # The first one also waits for a cold cache of the interpreter; a user's start is like the middle one.
    return {"seconds": sorted(seconds)[1], "rss_mb": max(resident)}


BENCHMARK = Benchmark(
    name="first_job",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("first job after process start, interpreter and imports included", "seconds", "s", "less", Limit(0.3)),
        Line("RSS of that process after a second of work", "rss_mb", "MB", "less", Limit(80)),
    ),
    seconds=600,
)
