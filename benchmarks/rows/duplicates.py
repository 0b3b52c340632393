"""Which of many small files hold the same bytes: from the index, against tools that walk the tree themselves.

The walk is what the index has done before; what it and the search take together is shown too.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.trees import FILES_A_FOLDER, small_files, warm
from spacedrive_ops import DuplicatesJob, IndexerJob

COPY_OF = 5
"""Every so many-th file is a copy of another one."""


def source(ground: Ground) -> tuple[Path, int]:
    """The tree, and how many copies it has."""
    root, count = ground.shared / "tree", ground.scale.pick(5_000, 25_000)
    if not root.exists():
        small_files(root, count)
        for number in range(COPY_OF, count, COPY_OF):
            shutil.copyfile(_path(root, number - 1), _path(root, number))
    warm(root)
    return root, len(range(COPY_OF, count, COPY_OF))


def _path(root: Path, number: int) -> Path:
    folder = number // FILES_A_FOLDER
    return root / f"{folder // 100:03d}" / f"{folder % 100:02d}" / f"{number:07d}.bin"


def tool(*command: str) -> Side:
    def measure(ground: Ground) -> Figures:
        root, _ = source(ground)
        start = time.perf_counter()
        subprocess.run([*command, root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return {"find_s": time.perf_counter() - start, "all_s": time.perf_counter() - start}

    return Side(command[0], "peer", measure)


async def ours(ground: Ground) -> Figures:
    root, copies = source(ground)
    async with library(ground.folder, runs="all") as opened:
        start = time.perf_counter()
        await (await opened.jobs.dispatch(IndexerJob(root=root))).wait()
        indexed = time.perf_counter()
        found = await (await opened.jobs.dispatch(DuplicatesJob())).wait()
        end = time.perf_counter()
    assert found.copies == copies
    return {"find_s": end - indexed, "all_s": end - start}


BENCHMARK = Benchmark(
    name="duplicates",
    group="files",
    sides=(
        tool("jdupes", "-q", "-r"),
        tool("fdupes", "-q", "-r"),
        tool("rmlint", "-o", "summary"),
        Side("ours", "ours", ours),
    ),
    lines=(
        Line("duplicates among 25,000 indexed files", "find_s", "s", "less", Versus(1.2, "jdupes")),
        Line("· against fdupes", "find_s", "s", "less", Versus(1.0, "fdupes")),
        Line("· against rmlint", "find_s", "s", "less", Versus(1.0, "rmlint")),
        Line("· with the index made first", "all_s", "s", "less"),
    ),
)
