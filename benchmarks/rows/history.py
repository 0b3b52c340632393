"""Listing a long history (1M rows with --full, else 50k)."""

from __future__ import annotations

import asyncio
import time

from benchmarks.jobs import tally
from benchmarks.measure import percentile
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import SLOTS, all_ran, fill, library
from spacedrive_jobs import JobStatus, JobSystem

PAGES = 20


async def pages(jobs: JobSystem, *, kind: str | None = None, statuses: list[JobStatus] | None = None) -> list[float]:
    """Milliseconds of each of the first pages of a hundred rows."""
    taken, after = [], None
    for _ in range(PAGES):
        start = time.perf_counter()
        page = await jobs.list(kind=kind, statuses=statuses, limit=100, after=after)
        taken.append((time.perf_counter() - start) * 1e3)
        after = page.next
        if after is None:
            break
    return taken


async def ours(ground: Ground) -> Figures:
    count = ground.scale.pick(5_000, 50_000, 1_000_000)
    async with library(ground.folder, runs="all", slots=SLOTS) as opened:
        tally.expect(count)
        await fill(opened.jobs, count)
        await asyncio.wait_for(all_ran(opened.jobs), 600)
        return {
            "page_ms": percentile(await pages(opened.jobs), 0.95),
            "kind_ms": percentile(await pages(opened.jobs, kind="bench.noop"), 0.95),
            "failed_ms": percentile(await pages(opened.jobs, statuses=[JobStatus.FAILED]), 0.95),
        }


BENCHMARK = Benchmark(
    name="history",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("history: a page of 100, p95", "page_ms", "ms", "less", Limit(20)),
        Line("history: a page of one kind, p95", "kind_ms", "ms", "less", Limit(20)),
        Line("history: the failed ones, of which there are none", "failed_ms", "ms", "less", Limit(20)),
    ),
    seconds=900,
)
