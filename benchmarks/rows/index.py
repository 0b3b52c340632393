"""A first index of a tree, and one again of the same, against `find -printf` over it; and questions to the index."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import percentile, rss_mb
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.trees import small_files
from spacedrive_jobs import Library
from spacedrive_ops import IndexerJob, LibraryIndex

FIELDS = "%i %n %m %s %T@ %C@ %y %p\\n"
ASKED = 50
A_FOLDER = 20
"""As in the tree that the targets were set for: 10,000 folders for 200,000 files."""


def source(ground: Ground) -> Path:
    root = ground.shared / "tree"
    if not root.exists():
        small_files(root, ground.scale.pick(20_000, 200_000, 1_000_000), smallest=1, largest=64, a_folder=A_FOLDER)
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
    return {"first_s": seconds, "again_s": seconds, "walk_s": seconds}


def walked(root: Path) -> Figures:
    """The walk alone, in a process as the job starts it: everything is read and compared with nothing."""
    program = (
        "import os, sys, time\n"
        "from spacedrive_ops.indexer.rules import Judge, Rules\n"
        "from spacedrive_ops.indexer.walk import Setting, Walk\n"
        "start = time.perf_counter()\n"
        "setting = Setting(location=1, root_path=os.fsencode(sys.argv[1]), starts=((b'', 1),),\n"
        "    fresh=True, enters='all', excluded=frozenset(), closed={})\n"
        "walk = Walk(setting, Judge(Rules()), lambda *_: walk.give({}, {}, 2))\n"
        "while not walk.done:\n"
        "    walk.step().packed()\n"
        "print(time.perf_counter() - start)\n"
        "pages = int(open('/proc/self/statm').read().split()[1])\n"
        "print(pages * os.sysconf('SC_PAGE_SIZE') / 1e6)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, root], capture_output=True, text=True, check=True)
    seconds, resident = map(float, done.stdout.split())
    return {"walk_s": seconds, "walk_mb": resident}


async def ours(ground: Ground) -> Figures:
    root = source(ground)
    async with library(ground.folder, runs="all") as opened:
        first = await index(opened, root)
        resident = rss_mb()
        again = await index(opened, root)
        quick = await index(opened, root, quick=True)
        touch_some(root)
        changed = await index(opened, root)
        asked = await questions(LibraryIndex(opened.db))
    return {
        "first_s": first,
        "again_s": again,
        "quick_s": quick,
        "changed_s": changed,
        "rss_mb": resident,
        **asked,
        **walked(root),
    }


async def index(opened: Library, root: Path, *, quick: bool = False) -> float:
    start = time.perf_counter()
    await (await opened.jobs.dispatch(IndexerJob(root=root, quick=quick))).wait()
    return time.perf_counter() - start


def touch_some(root: Path) -> None:
    """One file of a hundred, anywhere, gets another time; the next side finds it as it is then."""
    files = sorted(root.glob("*/*/*"))
    for path in random.Random(3).sample(files, len(files) // 100):
        os.utime(path)


async def questions(asked: LibraryIndex) -> Figures:
    searches, largest = list[float](), list[float]()
    for number in range(ASKED):
        start = time.perf_counter()
        assert await asked.search(f"{number * 37:07d}")
        searches.append((time.perf_counter() - start) * 1e3)
        start = time.perf_counter()
        await asked.largest(limit=100)
        largest.append((time.perf_counter() - start) * 1e3)
    return {"search_ms": percentile(searches, 0.95), "largest_ms": percentile(largest, 0.95)}


BENCHMARK = Benchmark(
    name="index",
    group="files",
    sides=(
        Side("find -printf", "peer", found),
        Side("ours", "ours", ours),
    ),
    lines=(
        Line(
            "first index, durable, with folder paths, ids and search",
            "first_s",
            "s",
            "less",
            Versus(3.2, "find -printf"),
        ),
        Line("· RSS after it", "rss_mb", "MB", "less", Limit(150)),
        Line("· the walk alone", "walk_s", "s", "less", Versus(1.4, "find -printf")),
        Line("· RSS of the process that walks", "walk_mb", "MB", "less", Limit(80)),
        Line("again, unchanged: full check", "again_s", "s", "less", Versus(1.5, "find -printf")),
        Line(
            "again: quick check, which misses edits in place",
            "quick_s",
            "s",
            "less",
            Versus(0.2, "find -printf", "again_s"),
        ),
        Line("again, 1 % of the files changed", "changed_s", "s", "less", Versus(1.25, "ours", "again_s")),
        Line("search by name, p95", "search_ms", "ms", "less", Limit(20)),
        Line("the 100 largest, p95", "largest_ms", "ms", "less", Limit(20)),
    ),
    seconds=600.0,
)
