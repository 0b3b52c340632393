"""Durable checkpoints: one job after another of its own, and a hundred jobs at once."""

from __future__ import annotations

from benchmarks.jobs import checkpoints
from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.raw import sqlite

JOBS = 100


async def together(ground: Ground, jobs: int, each: int) -> float:
    """Checkpoints a second, from the first job's start to the last one's end."""
    async with library(ground.folder, runs="all", slots=jobs) as opened:
        handles = await opened.jobs.dispatch_many([checkpoints.new(each) for _ in range(jobs)])
        spans = [await handle.wait() for handle in handles]
    return jobs * each / (max(end for _, end in spans) - min(start for start, _ in spans)) * 1e9


async def ours(ground: Ground) -> Figures:
    return {
        "one": await together(ground, 1, ground.scale.pick(1_000, 5_000)),
        "many": await together(ground, JOBS, ground.scale.pick(50, 400)),
    }


def one_row_commits(ground: Ground) -> Figures:
    return {"one": sqlite.one_row_commits(ground)["per_second"]}


async def writer_thread(ground: Ground) -> Figures:
    return {"many": (await sqlite.producers(200, 50, 250)(ground))["per_second"]}


BENCHMARK = Benchmark(
    name="checkpoints",
    group="engine",
    sides=(
        Side("one-row commits", "raw", one_row_commits),
        Side("ours", "ours", ours),
        Side("200 producers and a writer thread", "raw", writer_thread),
    ),
    lines=(
        Line("durable checkpoints in one job", "one", "/s", "more", Versus(0.55, "one-row commits")),
        Line(
            "durable checkpoints over 100 jobs", "many", "/s", "more", Versus(0.4, "200 producers and a writer thread")
        ),
    ),
)
