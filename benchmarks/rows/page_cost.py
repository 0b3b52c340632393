"""What an open page costs the jobs that run: the same work with a page that shows it and with none, by turns.

The cost is what the process that runs the job uses of the processor beyond the job's own work, which is the same in
each turn. The clock beside it also counts what the browser itself takes of two processors, and what others do.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.browser import Served, chromium, served, signed_in
from benchmarks.measure import busy_seconds, rest
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from benchmarks.processes import actor, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATIENCE: Final = 120.0
"""Seconds that one turn may take."""
TRIAL: Final = 20
"""Steps of the turn that says how many steps take so long."""


class Turn(NamedTuple):
    """Seconds: of the job by the clock, of the processor for its work alone, and for all else that its process did."""

    clock: float
    work: float
    beside: float


def together(ground: Ground) -> Figures:
    """`sdjobs serve` as it is started by default: jobs and page in one process."""
    asyncio.run(make(ground.folder))
    with served(ground.folder) as server, chromium() as browser:
        return compared(ground, server, browser, server.pid, "")


def apart(ground: Ground) -> Figures:
    """A worker in a process of its own beside `sdjobs serve --page-only`."""
    with (
        actor("runner", ground.folder) as runner,
        served(ground.folder, "--page-only") as server,
        chromium() as browser,
    ):
        return compared(ground, server, browser, runner.pid, "apart_")


async def make(folder: Path) -> None:
    async with library(folder):
        pass


def compared(ground: Ground, server: Served, browser: Browser, worker: int, name: str) -> Figures:
    """Per cent more with a page. The browser stays open throughout; only the page comes and goes."""
    seconds = ground.scale.pick(4, 12)  # in a shorter turn the noise is more than what is looked for
    count = max(1, round(TRIAL * seconds / turn(server, worker, TRIAL).clock))
    pairs: list[tuple[Turn, Turn]] = []
    for number in range(ground.scale.pick(2, 4)):
        if number % 2:  # each comes first as often as the other: a machine may grow slower
            alone = turn(server, worker, count)
            pairs.append((watched_turn(server, browser, worker, count), alone))
        else:
            pairs.append((watched_turn(server, browser, worker, count), turn(server, worker, count)))
    clock = median(watched.clock / alone.clock for watched, alone in pairs)
    processor = median((watched.beside - alone.beside) / (alone.work + alone.beside) for watched, alone in pairs)
    return {f"{name}clock": 100 * (clock - 1), f"{name}processor": 100 * processor}


def turn(server: Served, worker: int, count: int) -> Turn:
    """One job, from its first line to after its end."""
    used = busy_seconds(worker)
    job = server.dispatch("bench.hash_steps", count=count)
    until(lambda: ended(server, job), seconds=PATIENCE)
    used = busy_seconds(worker) - used
    clock, work = server.get(f"jobs/{job}")["output"]
    return Turn(clock, work, used - work)


def watched_turn(server: Served, browser: Browser, worker: int, count: int) -> Turn:
    page = signed_in(browser, server.url)
    page.goto(f"{server.url}/")
    page.wait_for_selector("text=Nothing runs now.")
    rest(1)  # what the page looks at when it is opened belongs to no job
    taken = turn(server, worker, count)
    page.context.close()
    rest(1)
    return taken


def ended(server: Served, job: str) -> bool:
    """Asked twice a second, with a page and without."""
    rest(0.5)
    return bool(server.get(f"jobs/{job}")["status"] == "completed")


BENCHMARK = Benchmark(
    name="page_cost",
    group="page",
    sides=(Side("one process", "ours", together), Side("two processes", "ours", apart)),
    lines=(
        Line("an open page: more processor time, jobs in the same process", "processor", "%", "less", Limit(1)),
        Line("· by the clock", "clock", "%", "less"),
        Line("· more processor time of a worker beside the server", "apart_processor", "%", "less", Limit(1)),
        Line("· by the clock", "apart_clock", "%", "less"),
    ),
    seconds=400,
)
