"""Many small files, hashed: against `find | xargs b3sum`, which writes the same manifest."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks.model import Benchmark, Figures, Ground, Line, Side, Versus
from benchmarks.ours import library
from benchmarks.trees import small_files, warm
from spacedrive_ops import HashCheckJob, HashJob


def source(ground: Ground) -> tuple[Path, int]:
    root, count = ground.shared / "tree", ground.scale.pick(5_000, 50_000)
    if not root.exists():
        small_files(root, count)
    warm(root)
    return root, count


def b3sum(ground: Ground) -> Figures:
    root, count = source(ground)
    start = time.perf_counter()
    with (ground.folder / "manifest").open("wb") as manifest:
        find = subprocess.Popen(["find", root, "-type", "f", "-print0"], stdout=subprocess.PIPE)
        subprocess.run(["xargs", "-0", "b3sum"], stdin=find.stdout, stdout=manifest, check=True)
        find.wait()
    hashed = count / (time.perf_counter() - start)
    start = time.perf_counter()
    subprocess.run(["b3sum", "--check", "--quiet", ground.folder / "manifest"], check=True)
    return {"files_s": hashed, "check_s": count / (time.perf_counter() - start)}


async def ours(ground: Ground) -> Figures:
    root, count = source(ground)
    manifest = ground.folder / "manifest"
    async with library(ground.folder, runs="all") as opened:
        start = time.perf_counter()
        output = await (await opened.jobs.dispatch(HashJob(paths=(root,), manifest=manifest))).wait()
        hashed = count / (time.perf_counter() - start)
        start = time.perf_counter()
        checked = await (await opened.jobs.dispatch(HashCheckJob(manifest=manifest))).wait()
        again = count / (time.perf_counter() - start)
    assert output.files == checked.intact == count
    return {"files_s": hashed, "check_s": again}


BENCHMARK = Benchmark(
    name="hash_small",
    group="files",
    sides=(Side("b3sum", "peer", b3sum), Side("ours", "ours", ours)),
    lines=(
        Line("50,000 files of 4–64 KB hashed into a manifest", "files_s", "/s", "more", Versus(2.0, "b3sum")),
        Line("· and checked with it", "check_s", "/s", "more"),
    ),
)
