"""The page's long lists, ten thousand rows each, scrolled from their beginning to their end: what each frame takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from benchmarks.browser import chromium, served, signed_in
from benchmarks.jobs import tally
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import SLOTS, all_ran, fill, library

LISTS: Final = {"waiting": "waiting", "history": "history"}
STEP: Final = 400
"""Pixels that one turn of the wheel scrolls; one turn a frame."""
ROW: Final = 60
"""Pixels; all rows here are of that height."""
CATEGORIES: Final = ("toplevel", "devtools.timeline")
TICK: Final = "() => { const tick = () => requestAnimationFrame(tick); tick(); }"
"""Has the browser make every frame that it can."""


async def much(folder: Path, jobs: int) -> None:
    """As many that have ended as wait."""
    async with library(folder, runs="all", slots=SLOTS) as opened:
        tally.expect(jobs)
        await fill(opened.jobs, jobs)
        await asyncio.wait_for(all_ran(opened.jobs), 600)
        await opened.jobs.pause_queue(None)
        await fill(opened.jobs, jobs)


def ours(ground: Ground) -> Figures:
    jobs = ground.scale.pick(2_000, 10_000)
    asyncio.run(much(ground.folder, jobs))
    figures: dict[str, float] = {}
    with served(ground.folder, "--page-only") as server, chromium() as browser:
        page = signed_in(browser, server.url)
        for name, path in LISTS.items():
            page.goto(f"{server.url}/{path}")
            page.wait_for_selector("[data-job]")
            page.evaluate(TICK)
            trace = ground.folder.parent / f"{name}.json"
            browser.start_tracing(page=page, path=trace, categories=list(CATEGORIES))
            for _ in range(jobs * ROW // STEP):
                page.mouse.wheel(0, STEP)
                page.evaluate("() => new Promise(requestAnimationFrame)")
            browser.stop_tracing()
            figures |= {f"{name} {what}": value for what, value in read(trace).items()}
    return figures


def read(trace: Path) -> Figures:
    """Milliseconds, of the page's main thread: the longest task by the clock, what it computed in the longest, and the
    longest time from one frame to the next."""
    events = json.loads(trace.read_text())["traceEvents"]
    tasks = [event for event in on_main_thread(events) if event["name"].endswith("RunTask")]
    frames = sorted(float(event["ts"]) for event in on_main_thread(events) if event["name"] == "FireAnimationFrame")
    return {
        "task": max(float(task["dur"]) for task in tasks) / 1e3,
        "computed": max(float(task.get("tdur", 0)) for task in tasks) / 1e3,
        "frame": max(after - before for before, after in pairwise(frames)) / 1e3,
    }


def on_main_thread(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What has a beginning and a duration there."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return (event for event in events if event.get("ph") == "X" and (event["pid"], event["tid"]) in mains)


BENCHMARK = Benchmark(
    name="page_scroll",
    group="page",
    sides=(Side("ours", "ours", ours),),
    seconds=300,
    lines=tuple(
        line
        for name in LISTS
        for line in (
            Line(f"scrolling 10,000 rows, {name}: longest frame", f"{name} frame", "ms", "less", Limit(32)),
            Line("· longest task of the main thread", f"{name} task", "ms", "less", Limit(32)),
            Line("· of which it computed, without what other programs took", f"{name} computed", "ms", "less"),
        )
    ),
)
