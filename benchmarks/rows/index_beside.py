"""How much of its speed a program keeps that works in the foreground while an index runs."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side
from benchmarks.ours import library
from benchmarks.processes import ROOT
from benchmarks.rows.index import index, source
from spacedrive_jobs import Library

SECONDS = 1.0


def work(seconds: float) -> int:
    """What a program does that needs one processor: how many blocks it hashes."""
    block, done = b"x" * 65536, 0
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        hashlib.sha256(block).digest()
        done += 1
    return done


def _foreground() -> subprocess.Popen[str]:
    program = f"from benchmarks.rows.index_beside import work; print(work({SECONDS}))"
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def _blocks() -> int:
    out, _ = await asyncio.to_thread(_foreground().communicate)
    return int(out)


async def ours(ground: Ground) -> Figures:
    root = source(ground)
    async with library(ground.folder, runs="all") as opened, asyncio.TaskGroup() as group:
        alone = await _blocks()
        indexing = group.create_task(_index_again_and_again(opened, root))
        beside = await _blocks()
        indexing.cancel()
    return {"kept_percent": 100 * beside / alone}


async def _index_again_and_again(opened: Library, root: Path) -> None:
    while True:
        await index(opened, root)


BENCHMARK = Benchmark(
    name="index_beside",
    group="files",
    sides=(Side("ours", "ours", ours),),
    lines=(Line("speed that a program keeps while an index runs", "kept_percent", "%", "more", Limit(90)),),
)
