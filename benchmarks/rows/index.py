"""A first index of a tree, and one again of the same, against `find -printf` over it; and questions to the index."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks.measure import percentile, rss_mb
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.trees import small_files
from spacedrive_ops import IndexerJob, LibraryIndex

FIELDS = "%i %n %m %s %T@ %C@ %y %p\\n"
ASKED = 50


def source(ground: Ground) -> Path:
    root = ground.shared / "tree"
    if not root.exists():
        small_files(root, ground.scale.pick(20_000, 200_000, 1_000_000), smallest=1, largest=64)
    find(root)
    return root


def find(root: Path) -> float:
    """Seconds to walk the tree and print of each entry what we store; warm from the second time on."""
    start = time.perf_counter()
    subprocess.run(["find", root, "-printf", FIELDS], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def found(ground: Ground) -> Figures:
    root = source(ground)
    seconds = find(root)
    return {"first_s": seconds, "again_s": seconds}


async def ours(ground: Ground) -> Figures:
    root = source(ground)
    async with library(ground.folder, runs="all") as opened:
        start = time.perf_counter()
        await (await opened.jobs.dispatch(IndexerJob(root=root))).wait()
        first = time.perf_counter() - start
        resident = rss_mb()
        start = time.perf_counter()
        await (await opened.jobs.dispatch(IndexerJob(root=root))).wait()
        again = time.perf_counter() - start
        index, searches, largest = LibraryIndex(opened.db), list[float](), list[float]()
        for number in range(ASKED):
            start = time.perf_counter()
            assert await index.search(f"{number * 37:07d}")
            searches.append((time.perf_counter() - start) * 1e3)
            start = time.perf_counter()
            await index.largest(limit=100)
            largest.append((time.perf_counter() - start) * 1e3)
    return {
        "first_s": first,
        "again_s": again,
        "rss_mb": resident,
        "search_ms": percentile(searches, 0.95),
        "largest_ms": percentile(largest, 0.95),
    }


BENCHMARK = Benchmark(
    name="index",
    group="files",
    sides=(Side("find -printf", "peer", found), Side("ours", "ours", ours)),
    lines=(
        Line(
            "first index, durable, with folder paths, ids and search",
            "first_s",
            "s",
            "less",
            Versus(3.2, "find -printf"),
        ),
        Line("again, unchanged: full check", "again_s", "s", "less", Versus(1.5, "find -printf")),
        Line("· RSS after the first", "rss_mb", "MB", "less", Limit(150)),
        Line("search by name, p95", "search_ms", "ms", "less", Limit(20)),
        Line("the 100 largest, p95", "largest_ms", "ms", "less", Limit(20)),
    ),
    seconds=300.0,
)
