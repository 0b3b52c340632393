"""What is put first comes before all that waits, and what runs makes room for it, however old the others are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sdjobs.front import put_before_all
from spacedrive_jobs import MOST_PRIORITY, JobContext, JobHandle, JobStatus, Library, Priority, job
from spacedrive_jobs.testing import ManualClock, open_library
from tests.waiting import aeventually

order: list[str] = []
let_go: set[str] = set()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    order.clear()
    let_go.clear()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def library(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Library]:
    async with open_library(tmp_path, clock=clock, slots=1) as library:
        yield library
        let_go.add("*")


@job(name="first.waits")
async def waits(ctx: JobContext, name: str) -> None:
    order.append(name)
    while not let_go & {name, "*"}:
        await ctx.checkpoint()
        await asyncio.sleep(0.001)  # waits: the test lets it go


async def dispatch(library: Library, name: str, priority: int = Priority.NORMAL) -> JobHandle[None]:
    return await library.jobs.dispatch(waits.new(name), priority=priority)


async def runs(handle: JobHandle[None]) -> None:
    async def is_running() -> bool:
        return await handle.status() is JobStatus.RUNNING

    await aeventually(is_running)


async def restarted(library: Library, clock: ManualClock, handle: JobHandle[None], minutes: int) -> None:
    """Claimed again so many minutes after it was dispatched, as by a process that comes later."""
    await library.jobs.pause_queue()

    async def is_queued() -> bool:
        return await handle.status() is JobStatus.QUEUED

    await aeventually(is_queued)
    await clock.advance(minutes * 60)
    await library.jobs.resume_queue()
    await runs(handle)


@pytest.mark.parametrize("minutes", [1, 5, 60])
async def test_what_was_claimed_long_after_its_dispatch_makes_room(
    library: Library, clock: ManualClock, minutes: int
) -> None:
    old = await dispatch(library, "old")
    await runs(old)
    await restarted(library, clock, old, minutes)
    new = await dispatch(library, "new")
    await put_before_all(library.jobs, new)
    await runs(new)
    await clock.advance(60 * 60)
    assert await old.status() is JobStatus.QUEUED
    let_go.add("new")
    await new.wait(timeout=10)
    await runs(old)


async def test_what_waited_longer_with_a_lower_priority_comes_after(library: Library, clock: ManualClock) -> None:
    await library.jobs.pause_queue()
    await dispatch(library, "old", -1)
    await clock.advance(60 * 60)
    await put_before_all(library.jobs, await dispatch(library, "new"))
    let_go.add("*")
    await library.jobs.resume_queue()
    await aeventually(lambda: started(2))
    assert order == ["new", "old"]


async def started(count: int) -> bool:
    return len(order) == count


async def test_the_newest_comes_first_however_often_at_the_highest_priority_too(library: Library) -> None:
    first = await dispatch(library, "0", MOST_PRIORITY)
    await runs(first)
    handles = [first]
    for number in range(1, 5):
        handles.append(await dispatch(library, str(number)))
        await put_before_all(library.jobs, handles[-1])
        await runs(handles[-1])
    assert {(await library.jobs.info(handle.id)).priority for handle in handles} == {MOST_PRIORITY - 1, MOST_PRIORITY}
    let_go.add("*")
    await asyncio.gather(*(handle.wait(timeout=10) for handle in handles))
    assert order == ["0", "1", "2", "3", "4", "3", "2", "1", "0"]


async def test_what_ran_long_has_not_waited_and_leaves_the_slot_to_what_it_made_room_for(
    library: Library, clock: ManualClock
) -> None:
    long = await dispatch(library, "long")
    await runs(long)
    await clock.advance(60 * 60)
    higher = await dispatch(library, "higher", 5)
    await runs(higher)
    assert order == ["long", "higher"]


async def test_a_priority_that_was_lowered_while_it_ran_counts(library: Library) -> None:
    lowered = await dispatch(library, "lowered", Priority.CRITICAL)
    await runs(lowered)
    await lowered.set_priority(Priority.LOW)
    normal = await dispatch(library, "normal")
    await runs(normal)
