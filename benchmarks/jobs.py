"""The jobs that are measured, and what they leave behind in the process that ran them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from benchmarks.measure import microseconds_each
from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, interrupt_requested, job


@dataclass(slots=True)
class Tally:
    """What ran in this process."""

    ran: int = 0
    expected: int = -1
    first_ns: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def expect(self, count: int) -> None:
        self.ran, self.expected, self.first_ns = 0, count, 0
        self.reached = asyncio.Event()


tally = Tally()


@job(name="bench.noop")
async def noop(ctx: JobContext, number: int) -> None:
    """Nothing but count, and note when the first one ran."""
    if not tally.ran:
        tally.first_ns = time.monotonic_ns()
    tally.ran += 1
    if tally.ran == tally.expected:
        tally.reached.set()


@job(name="bench.stamp")
async def stamp(ctx: JobContext, sent_ns: int) -> int:
    """Nanoseconds from the dispatch to here: the monotonic clock is one for all processes of a machine."""
    return time.monotonic_ns() - sent_ns


@job(name="bench.begin_and_end")
async def begin_and_end(ctx: JobContext, between: float) -> tuple[int, int]:
    """The moments (monotonic ns) of its first and its last line; what it does between takes `between` seconds."""
    began = time.monotonic_ns()
    await asyncio.sleep(between)
    return began, time.monotonic_ns()


@job(name="bench.hash_steps", checkpoint_interval=timedelta(seconds=1))
async def hash_steps(ctx: JobContext[int], count: int) -> tuple[float, float]:
    """What a file job does, without a disk: blocks hashed in the pool, each reported.

    Gives the seconds it took, and those of the processor that went into hashing alone.
    """
    block = bytes(32_000_000)
    start, hashing = time.perf_counter(), 0.0
    for number in range(count):
        hashing += await ctx.run_in_pool(hash_block, block)
        done = number + 1
        size = Bytes(done * len(block), count * len(block))
        ctx.progress(GenericProgress(phase="hashing", items=Count(done, count), bytes=size))
        await ctx.checkpoint(done)
    return time.perf_counter() - start, hashing


def hash_block(block: bytes) -> float:
    """Seconds of the processor."""
    start = time.thread_time()
    hashlib.sha256(block).digest()
    return time.thread_time() - start


@job(name="bench.background")
async def background(ctx: JobContext) -> None:
    """Work that nobody waits for, and that can be interrupted every 5 ms."""
    for _ in range(1_000):
        await ctx.check_interrupt()
        await asyncio.sleep(0.005)


@job(name="bench.stamp_isolated", isolation="process")
async def stamp_isolated(ctx: JobContext, sent_ns: int) -> int:
    return time.monotonic_ns() - sent_ns


@job(name="bench.hold")
async def hold(ctx: JobContext, witness: Path) -> None:
    """Write down who runs it and when; the first attempt then stays for ever."""
    with witness.open("a") as file:
        file.write(f"{ctx.attempt} {os.getpid()} {time.monotonic_ns()}\n")
    if ctx.attempt == 1:
        await asyncio.sleep(3600)


@job(name="bench.occupy")
async def occupy(ctx: JobContext) -> None:
    """Keep a slot until the gate opens."""
    tally.ran += 1
    await tally.gate.wait()


@job(name="bench.checkpoints")
async def checkpoints(ctx: JobContext[int], count: int) -> tuple[int, int]:
    """Durable checkpoints, one after the other; gives the first and the last moment."""
    start = time.monotonic_ns()
    for number in range(count):
        await ctx.checkpoint(number)
    return start, time.monotonic_ns()


@dataclass
class Cursor:
    """A state of about a kilobyte once encoded."""

    position: int
    path: str = "p" * 960


@dataclass(frozen=True)
class VerbCosts:
    """Microseconds of one call each."""

    checkpoint: float
    progress: float
    check_interrupt: float
    interrupt_requested: float
    item: float


@job(name="bench.verbs", checkpoint_interval=timedelta(hours=1))
async def verbs(ctx: JobContext[Cursor], count: int) -> VerbCosts:
    """What each verb costs its caller, inside the interval of the checkpoint."""
    cursor = Cursor(0)
    await ctx.checkpoint(cursor)
    start = time.perf_counter()
    for _ in range(count):
        await ctx.checkpoint(cursor)
    checkpoint = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(count):
        await ctx.check_interrupt()
    check = time.perf_counter() - start
    value = Count(1, 2)
    costs = VerbCosts(
        checkpoint=checkpoint / count * 1e6,
        progress=microseconds_each(count, lambda: ctx.progress(value)),
        check_interrupt=check / count * 1e6,
        interrupt_requested=microseconds_each(count, interrupt_requested),
        item=microseconds_each(count, lambda: ctx.item(b"a/file/of/usual/length.jpg")),
    )
    await ctx.save_state(cursor)
    return costs


@job(name="bench.pool_calls")
async def pool_calls(ctx: JobContext, count: int) -> float:
    """Calls of nothing in the pool, one at a time; gives how many a second."""
    start = time.perf_counter()
    for _ in range(count):
        await ctx.run_in_pool(int)
    return count / (time.perf_counter() - start)


@job(name="bench.write_on")
async def write_on(ctx: JobContext[int], target: Path) -> None:
    """Write 64 KiB blocks until told to stop."""
    block = b"b" * 65536
    number = 0
    with target.open("wb", buffering=0) as file:
        while True:
            await ctx.run_in_pool(file.write, block)
            number += 1
            if number % 256 == 0:
                file.seek(0)
            await ctx.checkpoint(number)


@job(name="bench.spin", isolation="process")
async def spin(ctx: JobContext, witness: Path) -> None:
    """Never come back: only an abort ends it."""
    witness.touch()
    while True:
        pass


@job(name="bench.talk")
async def talk(ctx: JobContext, count: int) -> float:
    """Report after each of many small steps; gives the seconds it took."""
    await asyncio.sleep(0.2)
    start = time.perf_counter()
    for number in range(count):
        sum(range(20_000))
        ctx.progress(Count(number, count))
        await asyncio.sleep(0)
    return time.perf_counter() - start
