"""The job manager page over ten thousand waiting jobs: its first paint, and one list of its API."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.browser import TOKEN, chromium, served, signed_in
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import fill, library

LISTS: Final = 100
FULL: Final = 50_000
"""Bytes that a hundred jobs have at least."""


async def queue(folder: Path, jobs: int) -> None:
    async with library(folder) as opened:
        await opened.jobs.pause_queue(None)
        await fill(opened.jobs, jobs)


def ours(ground: Ground) -> Figures:
    asyncio.run(queue(ground.folder, ground.scale.pick(2_000, 10_000)))
    with served(ground.folder, "--page-only") as server:
        listed = list_seconds(server.url)
        with chromium() as browser:
            page = signed_in(browser, server.url)
            page.goto(f"{server.url}/")  # once before: what is measured is the page, not the server's first answers
            page.goto(f"{server.url}/")
            page.wait_for_selector("[data-job]")
            painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            shown = page.evaluate("performance.now()")
            beside = list_seconds(server.url)
    return {"paint": painted, "shown": shown, "list": listed * 1e3, "beside": beside * 1e3}


def list_seconds(url: str) -> float:
    """Of one list of a hundred jobs, over a connection that is there, until its last byte has come.

    The client is the standard library's, which takes a third of a millisecond; httpx takes more than one.
    """
    connection = HTTPConnection(url.removeprefix("http://"), timeout=30)

    def once() -> float:
        start = time.perf_counter()
        connection.request("GET", "/api/jobs?limit=100", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        body = answer.read()
        taken = time.perf_counter() - start
        assert answer.status == HTTPStatus.OK, body
        assert len(body) > FULL
        return taken

    with closing(connection):
        return median(once() for _ in range(LISTS))


BENCHMARK = Benchmark(
    name="page",
    group="page",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("the page over 10,000 jobs: first paint", "paint", "ms", "less", Limit(500)),
        Line("its jobs are shown", "shown", "ms", "less"),
        Line("JSON list of 100 jobs", "list", "ms", "less", Limit(5)),
        Line("· beside a page that has just been opened", "beside", "ms", "less"),
    ),
)
