"""Jobs that do nothing, from their dispatch until their ends are stored, in one process, synchronous=FULL."""

from __future__ import annotations

import asyncio

from benchmarks.jobs import tally
from benchmarks.measure import rate_of, written_bytes
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.ours import SLOTS, all_ran, fill, library
from benchmarks.peers import huey_peer, litequeue_peer, persist_peer, pgqueuer_peer
from spacedrive_jobs import JobSystem


async def ours(ground: Ground) -> Figures:
    count = ground.scale.pick(5_000, 20_000)

    async with library(ground.folder, runs="all", slots=SLOTS) as opened:
        tally.expect(count)
        written = written_bytes()
        per_second = await rate_of(count, asyncio.wait_for(whole(opened.jobs, count), 120))
    # Read after the library is closed: by then SQLite has moved its log into the database, which is written too.
    return {"per_second": per_second, "kb_per_job": (written_bytes() - written) / 1024 / count}


async def whole(jobs: JobSystem, count: int) -> None:
    await fill(jobs, count)
    await all_ran(jobs)


BENCHMARK = Benchmark(
    name="end_to_end",
    group="engine",
    sides=(
        Side("ours", "ours", ours),
        Side("Huey", "peer", huey_peer.end_to_end),
        Side("persist-queue", "peer", persist_peer.end_to_end),
        Side("pgqueuer", "peer", pgqueuer_peer.end_to_end),
        Side("pgqueuer, batches of 300", "other", pgqueuer_peer.end_to_end_large_batches),
        Side("litequeue (not durable)", "peer", litequeue_peer.end_to_end),
    ),
    lines=(
        Line("end-to-end no-op jobs", "per_second", "/s", "more", Versus(2.5, "best peer")),
        Line("· against Huey", "per_second", "/s", "more", Versus(10, "Huey")),
        Line("· against pgqueuer tuned", "per_second", "/s", "more", Versus(2.5, "pgqueuer, batches of 300")),
        Line("written to disk per no-op job", "kb_per_job", "KB", "less", Limit(4)),
    ),
)
