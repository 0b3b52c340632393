"""Jobs for the page's tests and pictures: they go as far, as fast and as wrong as they are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, job

HOSTILE = "<img src=x onerror=\"document.title='harmed'\">'\"&lt;\x1b[2J\u202egnp.exe"
"""What a file may be called, and a message may say."""

STEP = 0.25
"""Seconds between two steps of a slow job."""


@job(name="page.copy", max_concurrent=2, priority=5)
class SlowCopy:
    """Copy, as slowly as it is told, without touching a file."""

    sources: tuple[Path, ...]
    destination: Path
    files: int = 4_000
    begin: int = 0
    each: int = 3_400_000
    step: int = 9

    async def run(self, ctx: JobContext[int]) -> int:
        phases = (("listing", 0.05), ("copying", 0.85), ("comparing", 0.1))
        for done in range(await ctx.load_state(default=self.begin), self.files, self.step):
            ctx.progress(
                GenericProgress(
                    phase="copying",
                    phases=phases,
                    items=Count(done, self.files),
                    bytes=Bytes(done * self.each, self.files * self.each),
                    current_path=self.sources[0] / f"2026-{done % 12 + 1:02}" / f"IMG_{done:04}.jpg",
                )
            )
            ctx.log(f"IMG_{done:04}.jpg is on the disk")
            await ctx.checkpoint(done)
            await asyncio.sleep(STEP)  # waits: what makes it slow
        return self.files


@job(name="page.waits", max_concurrent=1)
class Waits:
    """Wait for the scanner."""

    gate: Path
    number: int = 0

    async def run(self, ctx: JobContext[None]) -> int:
        ctx.progress(Count(1, 4))
        while not self.gate.exists():
            await ctx.check_interrupt()
            await asyncio.sleep(0.02)  # waits: a file gives no signal
        return self.number


@job(name="page.quick")
async def quick(ctx: JobContext[None], number: int = 0, text: str = "") -> int:
    """Look after one folder."""
    return number


@job(name="page.fails")
async def fails(ctx: JobContext[None], sources: tuple[Path, ...], destination: Path, message: str) -> None:
    """Fail."""
    ctx.log("about to fail")
    raise OSError(message)


@job(name="page.mended")
async def mended(ctx: JobContext[None], needs: Path) -> None:
    """Read a card, once it is there."""
    if not needs.exists():
        raise OSError("the card is not there")


@job(name="page.items")
async def items(ctx: JobContext[None], good: int = 40, bad: int = 3) -> int:
    """Some items, some of which fail at the first try."""
    again = await ctx.failed_before()
    for failed in again:
        ctx.item(failed.item)
    if again:
        return len(again)
    for number in range(good):
        ctx.item(f"/photos/IMG_{number:04}.jpg")
    for number in range(bad):
        ctx.item(f"/photos/broken_{number}.jpg", "error", "the picture ends in its middle")
    return good + bad


@job(name="page.logs")
async def logs(ctx: JobContext[None], lines: int = 50) -> None:
    """Read the card of a camera."""
    for number in range(lines):
        ctx.log(f"line {number} is {'odd' if number % 2 else 'even'}")


@job(name="page.asks")
async def asks(ctx: JobContext[None]) -> str:
    """Ask, and do nothing meanwhile."""
    return await ctx.ask("Which of the two?", key="which", choices=("this", "that"))


@job(name="page.mail")
async def mail(ctx: JobContext[None], to: str = "", seconds: int = 5, keep: int = 3, only: bool = False) -> None:
    """Write a letter: its arguments are called as those of jobs with files, and mean something else."""


@job(name="page.parent")
async def parent(ctx: JobContext[None]) -> int:
    """Look after all folders."""
    await ctx.spawn_child(quick.new(1), key="one")
    await ctx.spawn_child(quick.new(2), key="two")
    await ctx.wait_for_children()
    return 2


@job(name="page.hostile")
async def hostile(ctx: JobContext[None], text: str = "") -> None:
    """Say something hostile wherever a job can say something, and fail with it."""
    ctx.progress(GenericProgress(phase=HOSTILE, message=HOSTILE, current_path=Path("/") / HOSTILE))
    ctx.add_warning(HOSTILE)
    ctx.log(HOSTILE)
    ctx.item("/" + HOSTILE, "error", HOSTILE)
    await ctx.checkpoint()
    raise ValueError(HOSTILE)
