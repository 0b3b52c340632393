"""A parent with every kind of await point, importable by processes that are killed at each of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from spacedrive_jobs import Completed, JobContext, JobStatus, Library, job


@job(name="family.child")
async def child(ctx: JobContext, number: int) -> int:
    return number * number


@job(name="family.parent")
async def parent(ctx: JobContext[int], mark: Path) -> int:
    first = await ctx.spawn_child(child.new(1), key="first")
    once = await ctx.step("once", append, mark)
    second = await ctx.spawn_child(child.new(2))
    total = await first.wait() + await second.wait()
    await ctx.checkpoint(total)
    third = await ctx.spawn_child(child.new(3), key="third", after=[first, second])
    await ctx.sleep(0.02, key="nap")
    await ctx.wait_for_children()
    return total + await third.wait() + once


@job(name="family.crowd")
async def crowd(ctx: JobContext, count: int) -> int:
    """Its children are spawned many at once, as a fan-out is."""
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        await asyncio.gather(*(ctx.spawn_child(child.new(number), key=f"{number}") for number in numbers))
    outcomes = await ctx.wait_for_children(on_failure="settle")
    outputs = [outcome.output for outcome in outcomes.values() if isinstance(outcome, Completed)]
    assert len(outputs) == len(set(outputs)) == count
    return sum(int(str(output)) for output in outputs)


@job(name="family.begun")
class Begun:
    """Begins something and stays; what was begun is tidied up."""

    mark: Path

    async def run(self, ctx: JobContext) -> None:
        self.mark.touch()
        await ctx.sleep(3600, key="nap")

    async def on_cancel(self, ctx: JobContext) -> None:
        append(self.mark)


@job(name="family.doomed")
async def doomed(ctx: JobContext, mark: Path) -> None:
    """Takes its process with it, each time, once its child has begun."""
    await ctx.spawn_child(Begun(mark=mark), key="child")
    while not mark.exists():
        await asyncio.sleep(0.01)  # waits: for its child
    os.kill(os.getpid(), signal.SIGKILL)


async def die(path: str, mark: str) -> None:
    async with Library.open(path, create=True) as library:
        if not (await library.jobs.list(kind="family.doomed")).rows:
            await library.jobs.dispatch(doomed.new(Path(mark)))
        await asyncio.Event().wait()


def append(mark: Path) -> int:
    """A step that leaves a trace each time it runs."""
    descriptor = os.open(mark, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, b"x")
    os.close(descriptor)
    return 1


async def run_to_the_end(path: str, mark: str) -> None:
    async with Library.open(path, create=True, slots=1) as library:
        if not (await library.jobs.list(kind="family.parent")).rows:
            await library.jobs.dispatch(parent.new(Path(mark)))
        while True:
            counts = await library.jobs.counts()
            if not (counts[JobStatus.QUEUED] + counts[JobStatus.RUNNING]):
                return
            await asyncio.sleep(0.005)  # waits: for jobs of whichever process


@job(name="family.unique", unique=("name",))
async def unique(ctx: JobContext, name: str, by: int) -> int:
    return by


async def race(path: str, name: str, dispatchers: int) -> None:
    """Dispatch one unique job from many tasks at once; print the id that each of them got."""
    async with Library.open(path, runs="none") as library:
        print("ready", flush=True)
        sys.stdin.readline()
        handles = await asyncio.gather(*(library.jobs.dispatch(unique.new(name, by)) for by in range(dispatchers)))
        print(" ".join(str(handle.id) for handle in handles), flush=True)


def main() -> None:
    asyncio.run(run_to_the_end(*sys.argv[1:]))
