"""From a line of a job's code, in a worker process, until an open page shows in its DOM what that line led to.

Two clocks are joined. The job reads the monotonic clock, which all processes of a machine share. The page reads its
own `performance.now()` in a MutationObserver; how far the two are apart is found by asking the page for its time
between two readings of ours: of many such looks the shortest, which is wrong by no more than half of what it took.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.browser import Served, chromium, served, signed_in
from benchmarks.measure import percentile, rest
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.processes import actor

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOKS: Final = 100
QUIET: Final = (1.5, 2.0)
"""Seconds between two events that have nothing to do with each other: twice the pace of the page's lists, or more."""
BUSY: Final = (0.02, 0.4)
"""Between two events of a library in which something happens all the time."""

OBSERVE: Final = """() => {
  window.shown = {};
  const look = () => {
    const now = performance.now();
    for (const one of document.querySelectorAll("[data-job][data-status]"))
      window.shown[`${one.dataset.job} ${one.dataset.status}`] ??= now;
  };
  new MutationObserver(look).observe(document.body, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-status", "data-job"],
  });
}"""


def ours(ground: Ground) -> Figures:
    dice = random.Random(5)
    with (
        actor("runner", ground.folder),  # first: it makes the library
        served(ground.folder, "--page-only") as server,
        chromium() as browser,
    ):
        page = signed_in(browser, server.url)
        page.goto(f"{server.url}/")
        page.wait_for_selector("text=Nothing runs now.")
        page.evaluate(OBSERVE)
        ahead, doubt = clocks(page)
        quiet = waits(server, page, ahead, [dice.uniform(*QUIET) for _ in range(ground.scale.pick(12, 60))])
        busy = waits(server, page, ahead, [dice.uniform(*BUSY) for _ in range(ground.scale.pick(24, 120))])
    return {
        "quiet_p50": percentile(quiet, 0.5),
        "quiet_p95": percentile(quiet, 0.95),
        "busy_p50": percentile(busy, 0.5),
        "busy_p95": percentile(busy, 0.95),
        "doubt": doubt,
    }


def clocks(page: Page) -> tuple[float, float]:
    """Milliseconds: how far the monotonic clock is ahead of the page's, and by how much that may be wrong."""
    found: list[tuple[float, float]] = []
    for _ in range(LOOKS):
        before = time.monotonic_ns() / 1e6
        theirs = float(page.evaluate("performance.now()"))
        after = time.monotonic_ns() / 1e6
        found.append(((after - before) / 2, (before + after) / 2 - theirs))
    doubt, ahead = min(found)
    return ahead, doubt


def waits(server: Served, page: Page, ahead: float, pauses: list[float]) -> list[float]:
    """Milliseconds from the first and the last line of each job to the page. A job takes every other pause."""
    jobs: list[str] = []
    for between, after in zip(pauses[::2], pauses[1::2], strict=True):
        jobs.append(server.dispatch("bench.begin_and_end", between=between))
        rest(between + after)  # nobody asks meanwhile: what is asked is work for the server that is measured
    page.wait_for_function("job => `${job} completed` in window.shown", arg=jobs[-1], timeout=30_000)
    shown: dict[str, float] = page.evaluate("window.shown")
    found: list[float] = []
    for job in jobs:
        moments: Any = server.get(f"jobs/{job}")["output"]
        for status, moment in zip(("running", "completed"), moments, strict=True):
            if (at := shown.get(f"{job} {status}")) is not None:
                found.append(at + ahead - moment / 1e6)
    return found


BENCHMARK = Benchmark(
    name="page_events",
    group="page",
    sides=(Side("ours", "ours", ours),),
    lines=(
        Line("from a job's line to the page's DOM, p50", "quiet_p50", "ms", "less"),
        Line("from a job's line to the page's DOM, p95", "quiet_p95", "ms", "less", Limit(100)),
        Line("· while something happens all the time, p50", "busy_p50", "ms", "less"),
        Line("· while something happens all the time, p95", "busy_p95", "ms", "less"),
        Line("· by how much the two clocks may be apart", "doubt", "ms", "less"),
    ),
    seconds=300,
)
