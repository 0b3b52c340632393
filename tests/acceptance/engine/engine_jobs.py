"""Jobs for the engine's tests; importable, so that they can run in processes of their own."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from spacedrive_jobs import (
    BlockingJobContext,
    Count,
    JobContext,
    JobInterrupted,
    ProgressData,
    interrupt_requested,
    job,
)


class StepProgress(ProgressData):
    step: int
    fraction: float


@job(name="engine.count", isolation="async")
async def count_async(ctx: JobContext[int], until: int) -> int:
    """Count with a checkpoint a step; until it is told to stop, if `until` is large."""
    for number in range(await ctx.load_state(default=0), until):
        ctx.progress(Count(number, until))
        ctx.item(f"item {number}")
        ctx.increment_bytes(10)
        await ctx.checkpoint(number + 1)
    return until


@job(name="engine.count_thread")
def count_thread(ctx: BlockingJobContext[int], until: int) -> int:
    for number in range(ctx.load_state(default=0), until):
        ctx.progress(Count(number, until))
        ctx.item(f"item {number}")
        ctx.increment_bytes(10)
        ctx.checkpoint(number + 1)
    return until


@job(name="engine.count_process", isolation="process")
def count_process(ctx: BlockingJobContext[int], until: int) -> int:
    for number in range(ctx.load_state(default=0), until):
        ctx.progress(Count(number, until))
        ctx.item(f"item {number}")
        ctx.increment_bytes(10)
        ctx.checkpoint(number + 1)
    return until


@job(name="engine.count_process_async", isolation="process")
async def count_process_async(ctx: JobContext[int], until: int) -> int:
    for number in range(await ctx.load_state(default=0), until):
        ctx.progress(Count(number, until))
        ctx.item(f"item {number}")
        ctx.increment_bytes(10)
        await ctx.checkpoint(number + 1)
    return until


COUNTS = {
    "async": count_async,
    "thread": count_thread,
    "process": count_process,
    "process, async": count_process_async,
}


@job(name="engine.raise", isolation="async")
async def raising(ctx: JobContext, what: str) -> None:
    errors: dict[str, BaseException] = {
        "ValueError": ValueError("no such thing"),
        "MemoryError": MemoryError(),
        "SystemExit": SystemExit(3),
        "KeyboardInterrupt": KeyboardInterrupt(),
        "RecursionError": RecursionError("too deep"),
        "BaseException": BaseException("bare"),
        "GeneratorExit": GeneratorExit(),
        "broken str": BrokenText(),
    }
    raise errors[what]


class BrokenText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("even this fails")


@job(name="engine.raise_thread")
def raising_thread(ctx: BlockingJobContext, what: str) -> None:
    raise {"ValueError": ValueError("no such thing"), "SystemExit": SystemExit(3)}[what]


@job(name="engine.flaky", retries=2, backoff=timedelta(seconds=10))
async def flaky(ctx: JobContext[int], failures: int) -> int:
    if ctx.attempt <= failures:
        raise ConnectionError(f"attempt {ctx.attempt}")
    return ctx.attempt


@job(name="engine.cancel_itself")
async def cancelling_itself(ctx: JobContext) -> None:
    raise asyncio.CancelledError


@job(name="engine.swallow")
async def swallowing(ctx: JobContext[int]) -> str:
    try:
        while True:
            await ctx.check_interrupt()
            await asyncio.sleep(0)
    except JobInterrupted:
        return "swallowed"


@job(name="engine.group")
async def grouped(ctx: JobContext[int]) -> None:
    async def loop() -> None:
        while True:
            await ctx.check_interrupt()
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(loop())


@job(name="engine.foreign_await", timeout=timedelta(seconds=1))
async def foreign_await(ctx: JobContext) -> None:
    await asyncio.Event().wait()


@job(name="engine.sleep_thread", timeout=timedelta(seconds=1))
def sleeping_thread(ctx: BlockingJobContext, release: Path) -> None:
    """A blocking call that nothing can interrupt."""
    while not release.exists():
        time.sleep(0.01)  # noqa: TID251 - the blocking call


@job(name="engine.spin_process", isolation="process", timeout=timedelta(seconds=1))
def spinning_process(ctx: BlockingJobContext, mark: Path) -> None:
    mark.write_text(str(os.getpid()), "ascii")
    while True:
        pass


@job(name="engine.die", isolation="process")
def dying(ctx: BlockingJobContext) -> None:
    os._exit(137)


@job(name="engine.polite_thread")
def polite_thread(ctx: BlockingJobContext, started: Path) -> str:
    """Runs pool code that looks whether it should stop."""

    def work() -> str:
        started.touch()
        while not interrupt_requested():
            time.sleep(0.001)  # noqa: TID251 - the work
        return threading.current_thread().name

    return ctx.run_in_pool(work)


@job(name="engine.hooks")
class Hooked:
    """Writes down which hooks ran."""

    log: Path

    async def run(self, ctx: JobContext[int]) -> str:
        self.write(f"run {ctx.attempt}")
        if ctx.attempt >= 3:
            return "done"
        while True:
            await ctx.check_interrupt()
            await asyncio.sleep(0)

    async def on_pause(self, ctx: JobContext[int]) -> None:
        await ctx.check_interrupt()  # does not interrupt here
        self.write("on_pause")

    async def on_resume(self, ctx: JobContext[int]) -> None:
        self.write("on_resume")

    async def on_cancel(self, ctx: JobContext[int]) -> None:
        self.write("on_cancel")

    def write(self, line: str) -> None:
        with self.log.open("a", encoding="ascii") as file:
            file.write(line + "\n")


@job(name="engine.bad_hook")
class BadHook:
    async def run(self, ctx: JobContext[int]) -> None:
        while True:
            await ctx.check_interrupt()
            await asyncio.sleep(0)

    async def on_pause(self, ctx: JobContext[int]) -> None:
        raise OSError("the hook failed")


@job(name="engine.once", resumable=False)
async def once(ctx: JobContext, started: Path) -> None:
    started.touch()
    while True:
        await ctx.check_interrupt()
        await asyncio.sleep(0)


@job(name="engine.late", deadline=timedelta(seconds=5))
async def late(ctx: JobContext) -> None:
    while True:
        await ctx.check_interrupt()
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Big:
    data: str


@job(name="engine.big_output")
async def big_output(ctx: JobContext, size: int) -> Big:
    return Big("x" * size)


@job(name="engine.big_state")
async def big_state(ctx: JobContext[str], size: int) -> None:
    await ctx.checkpoint("x" * size)


@job(name="engine.hostile")
async def hostile(ctx: JobContext[int]) -> int:
    """Everything that a file's name may hold, in every place where text can go."""
    for text in ("caf\udce9", "\x1b[31mred\x1b[0m", "a\nb", "\u202egnp.exe", "x" * 10_000, ""):
        ctx.log(text)
        ctx.add_warning(text)
        ctx.add_non_critical_error(text)
        ctx.item(text or "empty", "error", text or "why")
        ctx.progress(StepProgress(step=1, fraction=0.5))
    return 1


@job(name="engine.warn")
async def warning(ctx: JobContext[int], go_on: Path) -> None:
    ctx.progress(Count(50, 100))
    ctx.add_warning("half way")
    await ctx.checkpoint(50)
    while not go_on.exists():
        await ctx.check_interrupt()
        await asyncio.sleep(0.001)  # waits: the pace of this job


@job(name="engine.marks", checkpoint_interval=timedelta(hours=1))
async def marking(ctx: JobContext[list[int]], hold: Path) -> list[int]:
    """Marks a state, then changes the very object it gave."""
    state = await ctx.load_state(default=[])
    if ctx.attempt > 1:
        return state
    state.append(1)
    ctx.item("one")
    await ctx.checkpoint(state)
    state.append(2)
    ctx.item("two")
    hold.touch()
    while True:
        await ctx.check_interrupt()
        await asyncio.sleep(0)


@job(name="engine.stray")
async def stray(ctx: JobContext[int], log: Path) -> str:
    """Leaves a task behind that goes on using the context."""

    async def sibling() -> None:
        try:
            while True:
                await ctx.check_interrupt()
                await asyncio.sleep(0)
        except BaseException as error:
            log.write_text(type(error).__name__, "ascii")

    stray_tasks.append(asyncio.get_running_loop().create_task(sibling()))
    await asyncio.sleep(0)
    return "ended"


stray_tasks: list[asyncio.Task[None]] = []
