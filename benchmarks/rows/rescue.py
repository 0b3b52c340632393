"""A job whose process is killed with SIGKILL runs again: after a restart, and by a sibling that was there already."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.jobs import hold
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from benchmarks.processes import Actor, actor, until


def lines(witness: Path) -> list[list[int]]:
    """What the job wrote: attempt, process, moment."""
    if not witness.exists():
        return []
    return [[int(word) for word in line.split()] for line in witness.read_text().splitlines()]


async def after_restart(folder: Path) -> float:
    """Seconds from the start of the new process."""
    folder.mkdir()
    witness = folder / "witness"
    async with library(folder) as opened:
        with actor("runner", folder) as first:
            await opened.jobs.dispatch(hold.new(witness))
            until(lambda: len(lines(witness)) == 1)
            first.kill()
        second = Actor("runner", folder)
        until(lambda: len(lines(witness)) == 2)
        second.kill()
    return (lines(witness)[1][2] - second.started_ns) / 1e9


async def by_sibling(folder: Path) -> float:
    """Seconds from the kill."""
    folder.mkdir()
    witness = folder / "witness"
    async with library(folder) as opened:
        with actor("runner", folder) as one, actor("runner", folder) as other:
            await opened.jobs.dispatch(hold.new(witness))
            until(lambda: len(lines(witness)) == 1)
            holder = one if lines(witness)[0][1] == one.pid else other
            killed = time.monotonic_ns()
            holder.kill()
            until(lambda: len(lines(witness)) == 2)
    return (lines(witness)[1][2] - killed) / 1e9


async def ours(ground: Ground) -> Figures:
    numbers = range(ground.scale.pick(1, 5))
    return {
        "restart_s": median([await after_restart(ground.folder / f"restart{number}") for number in numbers]),
        "sibling_s": median([await by_sibling(ground.folder / f"sibling{number}") for number in numbers]),
    }


BENCHMARK = Benchmark(
    name="rescue",
    group="engine",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("killed job runs again after a restart", "restart_s", "s", "less", Limit(0.5)),
        Line("killed job runs again, by a sibling", "sibling_s", "s", "less", Limit(1)),
    ),
)
