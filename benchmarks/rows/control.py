"""How soon a running job stops: paused, cancelled, aborted."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median

from benchmarks.jobs import spin, write_on
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from spacedrive_jobs import JobCancelled, JobHandle, JobSystem

KILL_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL of an aborted child."""


async def there(path: Path) -> None:
    while not path.exists():
        await asyncio.sleep(0.005)


async def pause_and_cancel(jobs: JobSystem, target: Path) -> tuple[float, float]:
    """Seconds until a writing job has paused; and, resumed, until it has ended by a cancel."""
    handle = await jobs.dispatch(write_on.new(target))
    await there(target)
    await asyncio.sleep(0.1)
    start = time.perf_counter()
    await handle.pause()
    await handle.paused()
    pause = time.perf_counter() - start
    target.unlink()
    await handle.resume()
    await there(target)
    await asyncio.sleep(0.1)
    start = time.perf_counter()
    await handle.cancel()
    await ended(handle)
    return pause, time.perf_counter() - start


async def abort(jobs: JobSystem, witness: Path) -> float:
    """Seconds until a child that never looks up is gone."""
    handle = await jobs.dispatch(spin.new(witness))
    await there(witness)
    start = time.perf_counter()
    await handle.abort()
    await ended(handle)
    return time.perf_counter() - start


async def ended(handle: JobHandle[None]) -> None:
    try:
        await handle.wait()
    except JobCancelled:
        return
    raise RuntimeError("the job completed although it was cancelled")


async def ours(ground: Ground) -> Figures:
    numbers = range(ground.scale.pick(3, 10))
    async with library(ground.folder, runs="all") as opened:
        stops = [await pause_and_cancel(opened.jobs, ground.folder / f"target{number}") for number in numbers]
        aborts = [await abort(opened.jobs, ground.folder / f"witness{number}") for number in numbers[:3]]
    return {
        "pause_s": max(pause for pause, _ in stops),
        "cancel_s": max(cancel for _, cancel in stops),
        "abort_s": median(aborts),
    }


BENCHMARK = Benchmark(
    name="control",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("pause → I/O stopped and stored as paused, slowest", "pause_s", "s", "less", Limit(0.2)),
        Line("cancel → ended, slowest", "cancel_s", "s", "less", Limit(0.2)),
        Line("abort of a spinning child → ended", "abort_s", "s", "less", Limit(KILL_GRACE + 0.2)),
    ),
)
