"""The job manager page over ten thousand waiting jobs: its first paint, its scrolling, and one list of its API."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from benchmarks.browser import chromium, served, signed_in
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import fill, library

STEPS: Final = 120
STEP: Final = 400
"""Pixels that one turn of the wheel scrolls."""
LISTS: Final = 30


async def queue(folder: Path, jobs: int) -> None:
    async with library(folder) as opened:
        await opened.jobs.pause_queue(None)
        await fill(opened.jobs, jobs)


def ours(ground: Ground) -> Figures:
    asyncio.run(queue(ground.folder, ground.scale.pick(2_000, 10_000)))
    trace = ground.folder.parent / "trace.json"
    with served(ground.folder, "--page-only") as server, chromium() as browser:
        page = signed_in(browser, server.url)
        page.goto(
            f"{server.url}/"
        )  # once before: the server's first answers are slower, and what is measured is the page
        page.goto(f"{server.url}/")
        page.wait_for_selector("[data-job]")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        shown = page.evaluate("performance.now()")
        page.goto(f"{server.url}/waiting")
        page.wait_for_selector("[data-job]")
        browser.start_tracing(page=page, path=trace, categories=["toplevel", "devtools.timeline"])
        for _ in range(STEPS):
            page.mouse.wheel(0, STEP)
            page.evaluate("() => new Promise(requestAnimationFrame)")
        browser.stop_tracing()
        listed = list_seconds(server.client)
    task, computed = longest_task(trace)
    return {"paint": painted, "shown": shown, "list": listed * 1e3, "task": task, "computed": computed}


def list_seconds(client: httpx.Client) -> float:
    """Of one list of a hundred jobs, over a connection that is there."""

    def once() -> float:
        start = time.perf_counter()
        client.get("/api/jobs?limit=100")
        return time.perf_counter() - start

    return median(once() for _ in range(LISTS))


def longest_task(trace: Path) -> tuple[float, float]:
    """Milliseconds, on the page's main thread: by the clock, and of the processor's time."""
    events = json.loads(trace.read_text())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        event
        for event in events
        if event.get("ph") == "X" and event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in mains
    ]
    by_clock = max(float(task["dur"]) for task in tasks)
    computed = max(float(task.get("tdur", 0)) for task in tasks)
    return by_clock / 1e3, computed / 1e3


BENCHMARK = Benchmark(
    name="page",
    group="page",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("the page over 10,000 jobs: first paint", "paint", "ms", "less", Limit(500)),
        Line("its jobs are shown", "shown", "ms", "less"),
        Line("scrolling 10,000 rows: longest task of the main thread", "task", "ms", "less", Limit(32)),
        Line("· of which it computed, without what other programs took", "computed", "ms", "less"),
        Line("JSON list of 100 jobs", "list", "ms", "less", Limit(5)),
    ),
)
