"""How many run at once, which go first, and which make room."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from spacedrive_jobs import JobContext, JobHandle, JobStatus, Library, Priority, Rate, job
from spacedrive_jobs.testing import ManualClock, open_library
from tests.waiting import aeventually

running: Counter[str] = Counter()
most: Counter[str] = Counter()
order: list[str] = []
hold = asyncio.Event()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    global hold
    running.clear()
    most.clear()
    order.clear()
    hold = asyncio.Event()


async def work(ctx: JobContext, name: str) -> None:
    order.append(name)
    running[name] += 1
    most[name] = max(most[name], running[name])
    try:
        while not hold.is_set():
            await ctx.checkpoint()
            await asyncio.sleep(0.001)  # waits: the test lets it go
    finally:
        running[name] -= 1


@job(name="limits.transcode", max_concurrent=2)
async def transcode(ctx: JobContext, number: int) -> None:
    await work(ctx, "transcode")


@job(name="limits.copy", max_per_key=1, limit_key="volume")
async def copy(ctx: JobContext, volume: str) -> None:
    await work(ctx, volume)


@job(name="limits.call", rate_limit=Rate(3, timedelta(minutes=1)))
async def call(ctx: JobContext) -> None:
    order.append("call")


@job(name="limits.free")
async def free(ctx: JobContext, name: str = "free") -> None:
    await work(ctx, name)


@job(name="limits.parent", max_concurrent=1)
async def family(ctx: JobContext, levels: int) -> int:
    if not levels:
        return 0
    child = await ctx.spawn_child(family.new(levels - 1))
    return await child.wait() + 1


async def count(library: Library, status: JobStatus) -> int:
    return (await library.jobs.counts())[status]


async def test_a_kind_keeps_to_its_limit_and_others_go_on(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=8) as library:
        handles = await library.jobs.dispatch_many(transcode.new(number) for number in range(7))
        other = await library.jobs.dispatch(free.new())
        await aeventually(lambda: _sum_is(3))
        reasons = {(await library.jobs.info(handle.id)).reason for handle in handles}
        assert "2 of its kind run already, and no more than 2 may at a time" in reasons
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in [*handles, other]))
        assert most["transcode"] == 2


async def _sum_is(number: int) -> bool:
    return sum(running.values()) == number


async def test_one_a_key(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=8) as library:
        handles = await library.jobs.dispatch_many(copy.new(volume) for volume in ("a", "a", "b", "a", "c", "b"))
        await aeventually(lambda: _sum_is(3))
        assert running == Counter(a=1, b=1, c=1)
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in handles))
        assert set(most.values()) == {1}


async def test_a_rate_lets_so_many_start_in_a_span(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock, slots=8) as library:
        handles = await library.jobs.dispatch_many(call.new() for _ in range(7))
        for expected in (3, 6, 7):
            await aeventually(lambda expected=expected: _started(expected))  # type: ignore[misc]
            waiting = (await library.jobs.list(statuses=[JobStatus.QUEUED])).rows
            assert len(waiting) == 7 - expected
            await clock.advance(61)
        await asyncio.gather(*(handle.wait(timeout=10) for handle in handles))


async def _started(number: int) -> bool:
    return len(order) == number


async def test_a_parent_that_waits_gives_its_place_to_its_own_kind(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=1) as library:
        assert await (await library.jobs.dispatch(family.new(10))).wait(timeout=10) == 10


async def test_two_parents_that_want_their_places_back_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=8) as library:
        handles = await library.jobs.dispatch_many(family.new(3) for _ in range(6))
        assert await asyncio.gather(*(handle.wait(timeout=20) for handle in handles)) == [3] * 6


async def test_a_higher_job_suspends_the_lowest_and_that_one_comes_back(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=2) as library:
        low = await library.jobs.dispatch(free.new("low"), priority=Priority.LOW)
        normal = await library.jobs.dispatch(free.new("normal"))
        await aeventually(lambda: _sum_is(2))
        high = await library.jobs.dispatch(free.new("high"), priority=Priority.HIGH)
        await aeventually(lambda: _is_running("high"))
        assert running == Counter(normal=1, high=1, low=0)
        info = await library.jobs.info(low.id)
        assert (info.status, info.errors, info.crashes) == (JobStatus.QUEUED, 0, 0)
        assert "made room" in info.reason
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in (low, normal, high)))
        assert order == ["low", "normal", "high", "low"]


async def _is_running(name: str) -> bool:
    return running[name] == 1


async def test_nothing_is_suspended_for_a_job_that_could_not_start_then(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=3) as library:
        two = await library.jobs.dispatch_many([transcode.new(1), transcode.new(2)], priority=Priority.HIGH)
        low = await library.jobs.dispatch(free.new("low"), priority=Priority.LOW)
        await aeventually(lambda: _sum_is(3))
        more = await library.jobs.dispatch(transcode.new(3), priority=Priority.HIGH)
        first = await library.jobs.dispatch(transcode.new(4), priority=Priority.CRITICAL)
        await aeventually(lambda: _started(4))  # one of its own kind made room, not the low one
        assert await low.status() is JobStatus.RUNNING
        assert (await library.jobs.info(low.id)).attempt == 1
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in (*two, low, more, first)))
        assert most["transcode"] == 2


async def test_what_waits_long_enough_comes_before_newer_work(tmp_path: Path) -> None:
    clock = ManualClock()
    hold.set()
    async with open_library(tmp_path, clock=clock, runs="none") as library:
        await library.jobs.dispatch(free.new("old and low"), priority=Priority.LOW)
        await clock.advance(15 * 60)
        await library.jobs.dispatch(free.new("new and normal"))
        await library.jobs.dispatch(free.new("new and high"), priority=Priority.HIGH)
        await library.jobs.dispatch(free.new("critical"), priority=Priority.CRITICAL)
    async with open_library(tmp_path, clock=clock, slots=1) as library:
        await aeventually(lambda: _started(4))
    assert order == ["critical", "new and high", "old and low", "new and normal"]


async def test_a_paused_queue_starts_nothing_and_stops_what_runs(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=4) as library:
        jobs = library.jobs
        handle: JobHandle[None] = await jobs.dispatch(free.new())
        await aeventually(lambda: _sum_is(1))
        await jobs.pause_queue(reason="the disk is being changed")
        await aeventually(lambda: _sum_is(0))
        other = await jobs.dispatch(transcode.new(1))
        info = await jobs.info(other.id)
        assert (info.status, info.reason) == (JobStatus.QUEUED, "the queue is paused: the disk is being changed")
        assert await jobs.paused_queues() == {None: "the queue is paused: the disk is being changed"}
    async with Library.open(tmp_path, slots=4) as library:
        jobs = library.jobs
        await jobs.pause_queue("limits.transcode")
        await jobs.resume_queue()
        await aeventually(lambda: _sum_is(1))
        assert await jobs.handle_of(other.id).status() is JobStatus.QUEUED
        await jobs.resume_queue("limits.transcode")
        hold.set()
        await asyncio.gather(*(jobs.handle_of(one.id).wait(timeout=10) for one in (handle, other)))


async def test_priority_reaches_the_children_and_first_is_first(tmp_path: Path) -> None:
    hold.set()
    async with Library.open(tmp_path, create=True, runs="none") as library:
        handles = await library.jobs.dispatch_many(free.new(name) for name in ("a", "b", "c"))
        await handles[2].put_first()
        await handles[1].set_priority(Priority.HIGH)
        assert (await library.jobs.info(handles[1].id)).priority == Priority.HIGH
    async with Library.open(tmp_path, slots=1) as library:
        await aeventually(lambda: _started(3))
    assert order == ["b", "c", "a"]
