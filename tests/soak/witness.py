"""What the kill storm's jobs do, and what bears witness to it: lines in a file that no part of the engine writes."""

from __future__ import annotations

import asyncio
import os
import random
import time
from datetime import timedelta
from pathlib import Path

from spacedrive_jobs import BlockingJobContext, JobContext, job

STEPS = 3


def say(log: Path, word: str, ctx: JobContext[int] | BlockingJobContext[int], step: int = 0) -> None:
    """One line, whole or not at all: an append of less than a page."""
    line = f"{word} {ctx.id.value.hex} {ctx.attempt} {os.getpid()} {time.monotonic_ns()} {step}\n"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


@job(name="storm.async", retries=2, backoff=timedelta(milliseconds=20))
async def storm_async(ctx: JobContext[int], log: Path, naps: float) -> int:
    say(log, "begin", ctx)
    try:
        for step in range(await ctx.load_state(default=0), STEPS):
            await asyncio.sleep(naps)  # waits: the work of this job
            if random.random() < 0.01:
                raise RuntimeError("now and then a job fails")
            await ctx.checkpoint(step + 1)
            say(log, "stored", ctx, step + 1)
        return STEPS
    finally:
        say(log, "end", ctx)


@job(name="storm.isolated", isolation="process")
def storm_isolated(ctx: BlockingJobContext[int], log: Path, naps: float) -> int:
    """Deaf for a moment: it looks at nothing while it naps, so that it outlives a killed runner."""
    say(log, "begin", ctx)
    try:
        for step in range(ctx.load_state(default=0), STEPS):
            time.sleep(naps)  # noqa: TID251 - the work of this job
            say(log, "alive", ctx, step)
            ctx.checkpoint(step + 1)
            say(log, "stored", ctx, step + 1)
        return STEPS
    finally:
        say(log, "end", ctx)
