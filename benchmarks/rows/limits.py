"""The machine's raw limits, for reference: nothing is compared with them here."""

from __future__ import annotations

from benchmarks.model import Benchmark, Figures, Ground, Line, Side
from benchmarks.raw import machine, sqlite


async def limits(ground: Ground) -> Figures:
    return {
        "fsync_ms": machine.fsync(ground)["ms"],
        "lives": sqlite.whole_lives(ground)["per_second"],
        "tasks": (await machine.asyncio_tasks(ground))["per_second"],
        "executor": (await machine.executor_round_trips(ground))["per_second"],
        **machine.encoding(ground),
    }


BENCHMARK = Benchmark(
    name="limits",
    group="engine",
    sides=(Side("raw", "raw", limits),),
    lines=(
        Line("raw: fsync of a 4 KiB append", "fsync_ms", "ms", "less"),
        Line("raw: whole life of a row in groups of 100", "lives", "/s", "more"),
        Line("raw: asyncio tasks", "tasks", "/s", "more"),
        Line("raw: run_in_executor, one at a time", "executor", "/s", "more"),
        Line("raw: msgspec encode of ten fields", "encode_us", "µs", "less"),
        Line("raw: msgspec decode of ten fields", "decode_us", "µs", "less"),
    ),
)
