"""Jobs under every kind of limit, each of which writes when it begins, that it is alive, and when it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from spacedrive_jobs import GB, JobContext, Library, job, memory

MEMORY = 10 * GB
NAPS = 4


def say(log: Path, word: str, ctx: JobContext, what: str) -> None:
    line = f"{word} {what} {ctx.id.value.hex} {ctx.attempt} {time.monotonic_ns()}\n"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


async def work(ctx: JobContext, log: Path, what: str, nap: float) -> None:
    say(log, "begin", ctx, what)
    for _ in range(NAPS):
        await asyncio.sleep(nap / NAPS)  # waits: the work of this job
        say(log, "alive", ctx, what)
    say(log, "end", ctx, what)


@job(name="limit.two", max_concurrent=2)
async def two(ctx: JobContext, log: Path, nap: float) -> None:
    await work(ctx, log, "two", nap)


@job(name="limit.keyed", max_per_key=1, limit_key="volume")
async def keyed(ctx: JobContext, log: Path, nap: float, volume: str) -> None:
    await work(ctx, log, f"keyed-{volume}", nap)


@job(name="limit.heavy", requires_resources=[memory(6 * GB)])
async def heavy(ctx: JobContext, log: Path, nap: float) -> None:
    await work(ctx, log, "heavy", nap)


@job(name="limit.light", requires_resources=[memory(3 * GB)])
async def light(ctx: JobContext, log: Path, nap: float) -> None:
    await work(ctx, log, "light", nap)


async def run(library: str) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    async with Library.open(library, slots=6, resources={"memory": MEMORY}):
        await done.wait()


def main() -> None:
    """The program of one runner."""
    asyncio.run(run(sys.argv[1]))
