"""`dispatch_many` of 10,000 jobs: made, validated, stored, with handles."""

from __future__ import annotations

from benchmarks.jobs import noop
from benchmarks.measure import rate_of
from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.peers import litequeue_peer, pgqueuer_peer
from benchmarks.raw import sqlite

COUNT = 10_000


async def ours(ground: Ground) -> Figures:
    async with library(ground.folder) as opened:
        jobs = [noop.new(number) for number in range(COUNT)]
        return {"per_second": await rate_of(COUNT, opened.jobs.dispatch_many(jobs))}


BENCHMARK = Benchmark(
    name="dispatch_many",
    group="engine",
    sides=(
        Side("raw", "raw", sqlite.grouped),
        Side("ours", "ours", ours),
        Side("pgqueuer", "peer", pgqueuer_peer.dispatch_many),
        Side("litequeue (not durable)", "peer", litequeue_peer.dispatch_many),
    ),
    lines=(
        Line("dispatch_many of 10,000", "per_second", "/s", "more", Versus(0.2, "raw")),
        Line("· against the best durable peer", "per_second", "/s", "more", Versus(2.0, "pgqueuer")),
    ),
)
