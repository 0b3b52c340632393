"""Jobs whose pace a test sets: those with a `gate` go on only as far as the number in that file says."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, job

NASTY = "a\x1b[2J\x1b[Hb\rc\nd\x9b31m\u202ee\x07"
"""Clears the screen, goes home, overwrites, breaks the line, colours, turns round, rings."""


@dataclass(frozen=True)
class Counted:
    steps: int


@job(name="example.steps")
class Steps:
    """Count steps, with a checkpoint after each."""

    total: int
    gate: Path | None = None
    bad: int = 0
    mode: Literal["plain", "fancy"] = "plain"
    note: str | None = None

    async def run(self, ctx: JobContext[int]) -> Counted:
        done = await ctx.load_state(default=0)
        ctx.log(f"attempt {ctx.attempt} starts at {done}")
        while done < self.total:
            ctx.progress(self._progress(done))
            await self._until_allowed(ctx, done)
            done += 1
            if done <= self.bad:
                ctx.item(f"/steps/{done}", "error", "a bad step")
            else:
                ctx.item(f"/steps/{done}")
            await ctx.checkpoint(done)
        ctx.progress(self._progress(done))
        return Counted(done)

    def _progress(self, done: int) -> GenericProgress:
        return GenericProgress(
            phase="counting",
            current_path=Path(f"/steps/{done}"),
            items=Count(done, self.total),
            bytes=Bytes(done * 1000, self.total * 1000),
        )

    async def _until_allowed(self, ctx: JobContext[int], done: int) -> None:
        while self.gate is not None and int(self.gate.read_text() or 0) <= done:
            await ctx.check_interrupt()
            await asyncio.sleep(0.005)  # waits: a file gives no signal


@job(name="example.stubborn", resumable=False)
class Stubborn:
    """Cannot be paused."""

    gate: Path

    async def run(self, ctx: JobContext[None]) -> None:
        while not self.gate.read_text():
            await ctx.check_interrupt()
            await asyncio.sleep(0.005)  # waits: a file gives no signal


@job(name="example.blocking")
class Blocking:
    """Holds up the event loop until its gate opens."""

    gate: Path

    async def run(self, ctx: JobContext[None]) -> None:
        self.gate.with_suffix(".reached").touch()
        while not self.gate.read_text():
            time.sleep(0.005)  # noqa: TID251 - waits: the mistake that this job shows


@job(name="example.failing")
async def failing(ctx: JobContext[None], message: str = "it broke") -> None:
    """Fail."""
    raise ValueError(message)


@job(name="example.nasty")
async def nasty(ctx: JobContext[None], text: str = NASTY) -> str:
    """Say what must never act on a terminal, wherever a job can say something."""
    ctx.progress(GenericProgress(phase=text, message=text, current_path=Path(text), items=Count(1, 2)))
    ctx.add_warning(text)
    ctx.add_non_critical_error(text)
    ctx.log(text)
    ctx.item(text, "error", text)
    await ctx.checkpoint()
    return text


@job(name="example.nasty_failure")
async def nasty_failure(ctx: JobContext[None]) -> None:
    """Fail with a message that must never act on a terminal."""
    raise ValueError(NASTY)


@job(name="example.asking")
class Asking:
    """Asks which way, and has two children."""

    async def run(self, ctx: JobContext[None]) -> str:
        await ctx.spawn_child(Steps(total=1))
        await ctx.spawn_child(Steps(total=2))
        await ctx.wait_for_children()
        return await ctx.ask("Which way?", key="way", choices=("left", "right"))
