"""The job manager page over ten thousand waiting jobs: its first paint, and one list of its API."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from benchmarks.browser import chromium, served, signed_in
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import fill, library

LISTS: Final = 30


async def queue(folder: Path, jobs: int) -> None:
    async with library(folder) as opened:
        await opened.jobs.pause_queue(None)
        await fill(opened.jobs, jobs)


def ours(ground: Ground) -> Figures:
    asyncio.run(queue(ground.folder, ground.scale.pick(2_000, 10_000)))
    with served(ground.folder, "--page-only") as server, chromium() as browser:
        page = signed_in(browser, server.url)
        page.goto(
            f"{server.url}/"
        )  # once before: the server's first answers are slower, and what is measured is the page
        page.goto(f"{server.url}/")
        page.wait_for_selector("[data-job]")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        shown = page.evaluate("performance.now()")
        listed = list_seconds(server.client)
    return {"paint": painted, "shown": shown, "list": listed * 1e3}


def list_seconds(client: httpx.Client) -> float:
    """Of one list of a hundred jobs, over a connection that is there."""

    def once() -> float:
        start = time.perf_counter()
        client.get("/api/jobs?limit=100")
        return time.perf_counter() - start

    return median(once() for _ in range(LISTS))


BENCHMARK = Benchmark(
    name="page",
    group="page",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("the page over 10,000 jobs: first paint", "paint", "ms", "less", Limit(500)),
        Line("its jobs are shown", "shown", "ms", "less"),
        Line("JSON list of 100 jobs", "list", "ms", "less", Limit(5)),
    ),
)
