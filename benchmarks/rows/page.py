"""The job manager page over ten thousand waiting jobs: its first paint, and one list of its API."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import fill, library

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TOKEN: Final = "token-of-the-benchmark-of-the-page"
LISTS: Final = 30


async def queue(folder: Path, jobs: int) -> None:
    async with library(folder) as opened:
        await opened.jobs.pause_queue(None)
        await fill(opened.jobs, jobs)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    words = [
        "--import",
        "benchmarks.jobs",
        "--library",
        str(folder / "library"),
        "serve",
        "--port",
        "0",
        "--page-only",
        "--json",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "sdjobs", *words, "--token", TOKEN], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()


def ours(ground: Ground) -> Figures:
    from playwright.sync_api import sync_playwright

    asyncio.run(queue(ground.folder, ground.scale.pick(2_000, 10_000)))
    with served(ground.folder) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.request.post(f"{url}/api/login", data={"token": TOKEN}, headers={"Origin": url})
        page = context.new_page()
        page.goto(f"{url}/")  # once before: the server's first answers are slower, and what is measured is the page
        page.goto(f"{url}/")
        page.wait_for_selector("[data-job]")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        shown = page.evaluate("performance.now()")
        browser.close()
        listed = list_seconds(url)
    return {"paint": painted, "shown": shown, "list": listed * 1e3}


def list_seconds(url: str) -> float:
    """Of one list of a hundred jobs, over a connection that is there."""
    import httpx

    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:

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
