"""One large file, hashed: against b3sum on the same cores."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.trees import big_file, warm
from spacedrive_ops import HashJob

MIB = 1 << 20
TIMES = 3
"""The quickest counts: the first also loads the code."""


def source(ground: Ground) -> tuple[Path, float]:
    """The file, and its size in GB."""
    path, size = ground.shared / "big.bin", ground.scale.pick(256, 1024) * MIB
    if not path.exists():
        big_file(path, size)
    warm(path)
    return path, size / 1e9


def b3sum(ground: Ground) -> Figures:
    path, size = source(ground)
    best = 0.0
    for _ in range(TIMES):
        start = time.perf_counter()
        subprocess.run(["b3sum", path], stdout=subprocess.DEVNULL, check=True)
        best = max(best, size / (time.perf_counter() - start))
    return {"gb_s": best}


async def ours(ground: Ground) -> Figures:
    path, size = source(ground)
    best = 0.0
    async with library(ground.folder, runs="all") as opened:
        for number in range(TIMES):
            start = time.perf_counter()
            job = HashJob(paths=(path,), manifest=ground.folder / f"manifest {number}")
            await (await opened.jobs.dispatch(job)).wait()
            best = max(best, size / (time.perf_counter() - start))
    return {"gb_s": best}


BENCHMARK = Benchmark(
    name="hash_big",
    group="files",
    sides=(Side("b3sum", "peer", b3sum), Side("ours", "ours", ours)),
    lines=(Line("1 GB hashed, dispatch to manifest", "gb_s", "GB/s", "more", Versus(0.95, "b3sum")),),
)
