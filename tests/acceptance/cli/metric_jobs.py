"""Jobs that fail, come back, and are killed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from spacedrive_jobs import JobContext, job


@job(name="metric.flaky", retries=2, backoff=timedelta(milliseconds=1))
async def flaky(ctx: JobContext, number: int) -> None:
    """Every third fails once, every tenth for good."""
    ctx.increment_bytes(100)
    ctx.increment_items()
    if number % 10 == 9 or (number % 3 == 0 and ctx.attempt == 1):
        raise OSError("not this time")


@job(name="metric.stays")
async def stays(ctx: JobContext[int], gate: Path) -> None:
    """Until the gate is there."""
    await ctx.save_state(ctx.attempt)
    while not gate.exists():
        await ctx.check_interrupt()
        await asyncio.sleep(0.01)  # waits: for the test
