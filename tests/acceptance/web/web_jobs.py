"""Jobs for the tests of the API; what they do is set by the test."""

from __future__ import annotations

import asyncio
from pathlib import Path

from spacedrive_jobs import Count, GenericProgress, JobContext, job

HOSTILE = "<img src=x onerror=alert(1)>\x1b[2J\r\n\u202egnp.exe\x00\udce9"
"""What a file may be called, and a message may say."""


@job(name="web.quick")
async def quick(ctx: JobContext[None], number: int = 0) -> int:
    """Do nothing, and give the number back."""
    return number


@job(name="web.waits")
class Waits:
    """Wait until a file is there."""

    gate: Path
    number: int = 0

    async def run(self, ctx: JobContext[None]) -> int:
        ctx.progress(GenericProgress(phase="waiting", phases=(("waiting", 1.0),), items=Count(1, 4)))
        while not self.gate.exists():
            await ctx.check_interrupt()
            await asyncio.sleep(0.005)  # waits: a file gives no signal
        return self.number


@job(name="web.hostile")
async def hostile(ctx: JobContext[None], text: str = "") -> None:
    """Say something hostile wherever a job can say something, and fail with it."""
    ctx.progress(GenericProgress(phase=HOSTILE, message=HOSTILE, current_path=Path("/" + HOSTILE.replace("\x00", ""))))
    ctx.add_warning(HOSTILE)
    ctx.log(HOSTILE)
    ctx.item(HOSTILE, "error", HOSTILE)
    await ctx.checkpoint()
    raise ValueError(HOSTILE)


@job(name="web.items")
async def items(ctx: JobContext[None], good: int = 5, bad: int = 2) -> int:
    """Some items, some of which fail at the first try."""
    again = await ctx.failed_before()
    if again:
        for failed in again:
            ctx.item(failed.item)
        return len(again)
    for number in range(good):
        ctx.item(f"/good/{number}")
    for number in range(bad):
        ctx.item(f"/bad/{number}", "error", "it is bad")
    return good + bad


@job(name="web.asks")
async def asks(ctx: JobContext[None]) -> str:
    """Ask which way."""
    return await ctx.ask("Which way?", key="way", choices=("left", "right"))


@job(name="web.parent")
async def parent(ctx: JobContext[None]) -> int:
    """Has two children."""
    await ctx.spawn_child(quick.new(1))
    await ctx.spawn_child(quick.new(2))
    await ctx.wait_for_children()
    return 2
