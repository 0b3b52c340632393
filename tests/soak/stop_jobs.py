"""The jobs of the stop storm: one that writes a file slowly, one that holds the GIL."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from spacedrive_jobs import BlockingJobContext, JobContext, job


@job(name="stop.write")
async def slow_write(ctx: JobContext[int], target: Path, pieces: int, log: Path) -> int:
    """Write `pieces` lines to a partial of this attempt, then rename it, under its claim."""
    partial = target.with_name(f".{target.name}.{ctx.attempt}")
    with partial.open("w", encoding="ascii") as file:
        for piece in range(pieces):
            file.write(f"attempt {ctx.attempt} piece {piece}\n")
            file.flush()
            with log.open("a", encoding="ascii") as lines:
                lines.write(f"{ctx.attempt} {piece}\n")
            await asyncio.sleep(0.02)  # waits: the work of this job
    ctx.check_claim()
    os.rename(partial, target)
    return ctx.attempt


@job(name="stop.thread")
def slow_write_in_thread(ctx: BlockingJobContext, target: Path, pieces: int, log: Path) -> int:
    partial = target.with_name(f".{target.name}.{ctx.attempt}")
    with partial.open("w", encoding="ascii") as file:
        for piece in range(pieces):
            file.write(f"attempt {ctx.attempt} piece {piece}\n")
            file.flush()
            with log.open("a", encoding="ascii") as lines:
                lines.write(f"{ctx.attempt} {piece}\n")
            time.sleep(0.02)  # noqa: TID251 - the work of this job
    ctx.check_claim()
    os.rename(partial, target)
    return ctx.attempt


@job(name="stop.gil")
async def hold_the_gil(ctx: JobContext, seconds: float, log: Path) -> int:
    """One call into C that never lets another Python thread run, for about `seconds`."""
    with log.open("a", encoding="ascii") as lines:
        lines.write(f"begin {ctx.attempt} {os.getpid()}\n")
    end = time.monotonic() + seconds
    size = 200_000
    while time.monotonic() < end:
        pow(3, size)  # a big power holds the GIL until it is done
        size = min(size * 2, 12_000_000)
    with log.open("a", encoding="ascii") as lines:
        lines.write(f"end {ctx.attempt} {os.getpid()}\n")
    return ctx.attempt
