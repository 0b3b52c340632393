"""Durable dispatch, one at a time: each call returns when the job would survive a power cut."""

from __future__ import annotations

from benchmarks.jobs import noop
from benchmarks.measure import rate_of
from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.peers import huey_peer, litequeue_peer, persist_peer, pgqueuer_peer
from benchmarks.raw import sqlite


async def ours(ground: Ground) -> Figures:
    count = ground.scale.pick(1_000, 5_000)
    async with library(ground.folder) as opened:

        async def dispatch() -> None:
            for number in range(count):
                await opened.jobs.dispatch(noop.new(number))

        return {"per_second": await rate_of(count, dispatch())}


BENCHMARK = Benchmark(
    name="dispatch_one",
    group="engine",
    sides=(
        Side("one-row commits", "raw", sqlite.one_row_commits),
        Side("ours", "ours", ours),
        Side("one producer and a writer thread", "raw", sqlite.producers(1, 300, 2_000)),
        Side("Huey", "peer", huey_peer.dispatch_one),
        Side("persist-queue", "peer", persist_peer.dispatch_one),
        Side("pgqueuer", "peer", pgqueuer_peer.dispatch_one),
        Side("litequeue (not durable)", "peer", litequeue_peer.dispatch_one),
    ),
    lines=(
        Line("durable dispatch, one at a time", "per_second", "/s", "more", Versus(0.55, "one-row commits")),
        Line(
            "· of what a writer thread allows",
            "per_second",
            "/s",
            "more",
            Versus(1.0, "one producer and a writer thread"),
        ),
    ),
)
