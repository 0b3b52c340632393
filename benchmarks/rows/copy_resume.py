"""A copy that was paused well into it goes on: how fast it gets past what is done. And the same copy given again."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.measure import rate_of
from benchmarks.model import Benchmark, Figures, Ground, Limit, Line, Side, Versus
from benchmarks.our_copies import copied
from benchmarks.ours import library
from benchmarks.peers import copy_tools
from benchmarks.trees import small_files, warm
from spacedrive_jobs import JobHandle, ProgressChanged
from spacedrive_ops import FileCopyJob

PAUSE_AT = 0.6


def files(ground: Ground) -> int:
    return ground.scale.pick(20_000, 50_000, 200_000)


def source(ground: Ground) -> Path:
    root = ground.shared / "tree"
    if not root.exists():
        small_files(root, files(ground), smallest=64, largest=1024)
    warm(root)
    return root


async def pause_late(handle: JobHandle[object]) -> None:
    """Pause at three fifths."""
    async for update in handle.subscribe():
        match update:
            case ProgressChanged(view=view) if (view.fraction or 0) >= PAUSE_AT:
                await handle.pause()
                break
            case _:
                pass
    await handle.paused()


async def ours(ground: Ground) -> Figures:
    tree = source(ground)
    job = FileCopyJob(sources=(tree,), destination=ground.folder / "copy")
    async with library(ground.folder, runs="all") as opened:
        start = time.perf_counter()
        handle = await opened.jobs.dispatch(job)
        await pause_late(handle)
        first = time.perf_counter() - start
        done = (await opened.jobs.info(handle.id)).view.items_done or 0
        start = time.perf_counter()
        await handle.resume()
        await handle.wait()
        second = time.perf_counter() - start
        total = (await opened.jobs.info(handle.id)).view.items_done or 0
        # What the second attempt still had to copy took as long as it did in the first one; where that estimate is all
        # of its time, the whole second attempt is counted: a lower bound.
        skipping = second - (total - done) * first / max(1, done)
        if skipping < second / 10:
            skipping = second
    return {"per_second": done / skipping, "done_share": 100 * done / max(1, total), "resumed_s": second}


async def ours_again(ground: Ground) -> Figures:
    """The whole copy as a new job onto a destination that is complete, keeping what is there."""
    tree = source(ground)
    await copied(tree, ground.folder)
    job = FileCopyJob(sources=(tree,), destination=ground.folder, on_conflict="skip")
    (ground.folder / "copy").rename(ground.folder / tree.name)
    async with library(ground.folder, runs="all") as opened:
        return {"again": await rate_of(files(ground), (await opened.jobs.dispatch(job)).wait())}


def rsync_again(ground: Ground) -> Figures:
    tree, target = source(ground), ground.folder / "copy"
    copy_tools.rsync(tree, target)
    return {"again": files(ground) / copy_tools.rsync(tree, target)}


BENCHMARK = Benchmark(
    name="copy_resume",
    group="copy",
    sides=(
        Side("ours", "ours", ours),
        Side("ours, again", "ours", ours_again),
        Side("rsync", "peer", rsync_again),
    ),
    lines=(
        Line("copy resume: past what is done", "per_second", "files/s", "more", Limit(50_000)),
        Line("· done when it was paused", "done_share", "%", "more"),
        Line("the same copy as a new job, all there", "again", "files/s", "more", Versus(1.0, "rsync")),
    ),
)
