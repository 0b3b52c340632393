"""What the verbs of the context cost the code that calls them, where nothing has to be written."""

from __future__ import annotations

from dataclasses import asdict

from benchmarks.jobs import verbs
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library


async def ours(ground: Ground) -> Figures:
    async with library(ground.folder, runs="all") as opened:
        handle = await opened.jobs.dispatch(verbs.new(ground.scale.pick(5_000, 50_000)))
        return asdict(await handle.wait())


BENCHMARK = Benchmark(
    name="verbs",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("checkpoint inside its interval, state of 1 KB", "checkpoint", "µs", "less", Limit(5)),
        Line("progress call", "progress", "µs", "less", Limit(1.5)),
        Line("check_interrupt", "check_interrupt", "µs", "less", Limit(1)),
        Line("interrupt_requested in pool code", "interrupt_requested", "µs", "less", Limit(1)),
        Line("· item call", "item", "µs", "less"),
    ),
)
