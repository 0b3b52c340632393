"""How fast a queue that is already full is worked off, against the same with little queued."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.jobs import tally
from benchmarks.measure import rate_of
from benchmarks.model import Benchmark, Figures, Ground, Line, Scale, Side, Versus
from benchmarks.ours import SLOTS, fill, library
from benchmarks.peers import huey_peer, pgqueuer_peer

COUNTED = 20_000


async def first_of(folder: Path, depth: int) -> float:
    """The rate of the first `COUNTED` jobs, where `depth` are queued when the runner opens the library."""
    folder.mkdir()
    async with library(folder) as opened:
        await fill(opened.jobs, depth, chunk=10_000)
    count = min(COUNTED, depth)
    tally.expect(count)
    async with library(folder, runs="all", slots=SLOTS):
        return await rate_of(count, asyncio.wait_for(tally.reached.wait(), 120))


async def ours(ground: Ground) -> Figures:
    figures = {
        "shallow": await first_of(ground.folder / "shallow", ground.scale.pick(5_000, COUNTED)),
        "per_second": await first_of(ground.folder / "deep", ground.scale.pick(30_000, 100_000)),
    }
    if ground.scale == Scale.FULL:
        figures["million"] = await first_of(ground.folder / "million", 1_000_000)
    return figures


BENCHMARK = Benchmark(
    name="drain",
    group="engine",
    sides=(
        Side("ours", "ours", ours),
        Side("Huey, 5,000 queued", "peer", huey_peer.drain),
        Side("pgqueuer, batches of 300", "peer", pgqueuer_peer.drain),
    ),
    lines=(
        Line("drain, 20k queued", "shallow", "/s", "more"),
        Line("drain, 100k queued", "per_second", "/s", "more", Versus(0.9, "ours", "shallow")),
        Line("drain, 1M queued (--full)", "million", "/s", "more", Versus(0.85, "ours", "shallow")),
    ),
)
