"""Parents and children: spawned once, waited for without a slot, cancelled and paused together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from spacedrive_jobs import (
    Cancelled,
    Completed,
    Failed,
    JobCancelled,
    JobContext,
    JobFailed,
    JobStatus,
    Library,
    job,
)
from spacedrive_jobs.testing import open_library
from tests.waiting import aeventually

gates: dict[str, asyncio.Event] = {}
ran: list[str] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    gates.clear()
    ran.clear()


@job(name="composition.leaf")
async def leaf(ctx: JobContext, name: str, fail: bool = False) -> str:
    ran.append(name)
    gate = gates.get(name)
    while gate is not None and not gate.is_set():
        await ctx.check_interrupt()
        await asyncio.sleep(0)
    if fail:
        raise ValueError(f"{name} is broken")
    return name.upper()


@job(name="composition.deep")
async def deep(ctx: JobContext, levels: int) -> int:
    if levels == 0:
        return 0
    child = await ctx.spawn_child(deep.new(levels - 1))
    return await child.wait() + 1


@job(name="composition.fan")
async def fan(ctx: JobContext, count: int, settle: bool = False, bad: int = 0) -> int:
    for number in range(count):
        await ctx.spawn_child(leaf.new(f"{number}", fail=number < bad), key=f"leaf {number}")
    if not settle:
        await ctx.wait_for_children()
        return count
    outcomes = await ctx.wait_for_children(on_failure="settle")
    return sum(isinstance(outcome, Completed) for outcome in outcomes.values())


@job(name="composition.flaky_parent", retries=1)
async def flaky_parent(ctx: JobContext) -> str:
    good = await ctx.spawn_child(leaf.new("good"), key="good")
    bad = await ctx.spawn_child(leaf.new("bad", fail=ctx.attempt == 1), key="bad")
    return f"{await good.wait()} {await bad.wait()}"


async def test_fifty_parents_deep_on_one_slot(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=1) as library:
        handle = await library.jobs.dispatch(deep.new(50))
        assert await handle.wait(timeout=30) == 50


async def test_children_are_waited_for_together_with_exact_results(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=2) as library:
        assert await (await library.jobs.dispatch(fan.new(20))).wait(timeout=20) == 20
        assert sorted(ran) == sorted(str(number) for number in range(20))
        assert await (await library.jobs.dispatch(fan.new(7, settle=True, bad=3))).wait(timeout=20) == 4
        handle = await library.jobs.dispatch(fan.new(5, bad=2))
        with pytest.raises(JobFailed, match="2 of 5 children did not complete"):
            await handle.wait(timeout=20)
        kinds = {type(info.status) for info in await library.jobs.children(handle.id)}
        assert kinds == {JobStatus}


async def test_a_parent_that_is_tried_again_spawns_only_the_failed_child_afresh(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        clock = library._engine.clock
        handle = await library.jobs.dispatch(flaky_parent.new())
        await aeventually(lambda: _waits(library, handle.id))
        await clock.advance(2)  # type: ignore[attr-defined]
        assert await handle.wait(timeout=20) == "GOOD BAD"
        assert sorted(ran) == ["bad", "bad", "good"]
        attempts = await library.jobs.attempts(handle.id)
        assert [(one.attempt, one.outcome, one.error_type) for one in attempts] == [(1, "failed", "ValueError")]


async def _waits(library: Library, id_: object) -> bool:
    info = await library.jobs.info(id_)  # type: ignore[arg-type]
    return info.status is JobStatus.QUEUED and info.errors == 1


async def test_cancelling_a_parent_leaves_no_child_that_starts_later(tmp_path: Path) -> None:
    gates["0"] = asyncio.Event()
    async with Library.open(tmp_path, create=True, slots=1) as library:
        handle = await library.jobs.dispatch(fan.new(51))

        async def spawned() -> bool:
            return ran == ["0"] and len(await library.jobs.children(handle.id)) == 51

        await aeventually(spawned)
        await handle.cancel("not needed")
        before = list(ran)
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=10)
        statuses = {info.status for info in await library.jobs.children(handle.id)}
        await aeventually(lambda: _all_ended(library, handle.id))
        assert ran == before
        assert statuses <= {JobStatus.CANCELLED, JobStatus.RUNNING}
        assert {info.status for info in await library.jobs.children(handle.id)} == {JobStatus.CANCELLED}


async def _all_ended(library: Library, id_: object) -> bool:
    children = await library.jobs.children(id_)  # type: ignore[arg-type]
    return all(info.status.is_terminal for info in children)


async def test_a_pause_reaches_the_children_and_a_resume_takes_it_back(tmp_path: Path) -> None:
    gates["0"] = asyncio.Event()
    async with Library.open(tmp_path, create=True, slots=2) as library:
        handle = await library.jobs.dispatch(fan.new(3))
        await aeventually(lambda: _spawned(library, handle.id, 3))
        await handle.pause()
        await handle.paused()

        async def all_rest() -> bool:
            rest = {info.status for info in await library.jobs.children(handle.id)}
            return JobStatus.RUNNING not in rest and JobStatus.QUEUED not in rest

        await aeventually(all_rest)
        gates["0"].set()
        await handle.resume()
        assert await handle.wait(timeout=10) == 3
        assert len(await library.jobs.children(handle.id)) == 3


async def _spawned(library: Library, id_: object, count: int) -> bool:
    return len(await library.jobs.children(id_)) == count  # type: ignore[arg-type]


def test_outcomes_have_their_types() -> None:
    assert {Completed, Failed, Cancelled}
