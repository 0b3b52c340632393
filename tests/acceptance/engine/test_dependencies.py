"""Jobs that wait for jobs: by handle, by kind, within a scope; and circles, which are refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from spacedrive_jobs import (
    DependencyCycle,
    JobCancelled,
    JobContext,
    JobFailed,
    JobHandle,
    JobId,
    JobNotFound,
    JobStatus,
    Library,
    job,
)
from tests.waiting import aeventually

order: list[str] = []
gate = asyncio.Event()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    global gate
    order.clear()
    gate = asyncio.Event()


@job(name="dependency.index", scope="root")
async def index(ctx: JobContext, root: Path, fail: bool = False) -> None:
    while not gate.is_set():
        await ctx.check_interrupt()
        await asyncio.sleep(0)
    order.append(f"index {root}")
    if fail:
        raise OSError("broken drive")


@job(name="dependency.thumbnails", depends_on=index, scope="root")
async def thumbnails(ctx: JobContext, root: Path) -> None:
    order.append(f"thumbnails {root}")


@job(name="dependency.strict", depends_on=["dependency.index"], on_failure="cancel")
async def strict(ctx: JobContext) -> None:
    order.append("strict")


@job(name="dependency.note")
async def note(ctx: JobContext, text: str) -> None:
    order.append(text)


@job(name="dependency.parent")
async def parent(ctx: JobContext, root: Path) -> None:
    """Is of no kind that its child depends on, and spawns a child after the child before."""
    first = await ctx.spawn_child(note.new("first"), key="1")
    await ctx.spawn_child(note.new("second"), key="2", after=[first])
    await ctx.wait_for_children()


@job(name="dependency.self")
async def waits_for_its_parent(ctx: JobContext, child: bool = False) -> None:
    if not child:
        me: JobHandle[object] = ctx.library.jobs.handle_of(ctx.id)
        await ctx.spawn_child(waits_for_its_parent.new(child=True), after=[me])


async def reason(library: Library, handle: JobHandle[None]) -> str:
    return (await library.jobs.info(handle.id)).reason


async def test_by_kind_it_waits_for_what_is_unfinished_at_dispatch_in_its_scope(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=8) as library:
        jobs = library.jobs
        photos = await jobs.dispatch(index.new(Path("/photos")))
        inside = await jobs.dispatch(thumbnails.new(Path("/photos/2024")))
        elsewhere = await jobs.dispatch(thumbnails.new(Path("/music")))
        around = await jobs.dispatch(thumbnails.new(Path("/")))
        similar = await jobs.dispatch(thumbnails.new(Path("/photos2")))
        await elsewhere.wait(timeout=10)
        await similar.wait(timeout=10)
        assert await reason(library, inside) == f"waits for dependency.index {photos.id.short}"
        later = await jobs.dispatch(index.new(Path("/photos/2024")))
        gate.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in (photos, inside, around, later)))
        assert order.index("index /photos") < order.index("thumbnails /photos/2024")
        assert order.index("index /photos") < order.index("thumbnails /")


async def test_if_what_it_waits_for_fails_it_runs_or_is_cancelled_as_its_kind_says(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        broken = await jobs.dispatch(index.new(Path("/a"), fail=True))
        runs = await jobs.dispatch(thumbnails.new(Path("/a")))
        cancelled = await jobs.dispatch(strict.new())
        gate.set()
        await runs.wait(timeout=10)
        with pytest.raises(JobCancelled, match=rf"dependency\.index {broken.id.short} failed"):
            await cancelled.wait(timeout=10)
        with pytest.raises(JobFailed):
            await broken.wait(timeout=10)


async def test_after_a_handle_chains_end_with_their_first_failure(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        first = await jobs.dispatch(index.new(Path("/a"), fail=True))
        second = await jobs.dispatch(note.new("second"), after=[first])
        third = await jobs.dispatch(note.new("third"), after=[second])
        anyway = await jobs.dispatch(note.new("anyway"), after=[third], on_failure="run")
        assert (await jobs.info(third.id)).status is JobStatus.QUEUED
        gate.set()
        await anyway.wait(timeout=10)
        assert order == ["index /a", "anyway"]
        for handle in (second, third):
            with pytest.raises(JobCancelled):
                await handle.wait(timeout=10)
        with pytest.raises(JobCancelled):  # it had failed before
            await (await jobs.dispatch(note.new("late"), after=[first])).wait(timeout=10)
        await (await jobs.dispatch(note.new("fine"), after=[anyway])).wait(timeout=10)
        with pytest.raises(JobNotFound):
            await jobs.dispatch(note.new("x"), after=[jobs.handle_of(_unknown())])


def _unknown() -> JobId:
    return JobId.parse("00000000-0000-7000-8000-000000000000")


async def test_a_chain_of_ten_thousand_ends_without_recursion(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        last: JobHandle[None] = await jobs.dispatch(index.new(Path("/a"), fail=True))
        first = last
        for _ in range(2_000):
            last = await jobs.dispatch(note.new("x"), after=[last])
        await first.cancel("no")
        with pytest.raises(JobCancelled):
            await last.wait(timeout=20)
        assert order == []


async def test_a_waiting_job_is_paused_resumed_and_cancelled_like_any_other(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        blocker = await jobs.dispatch(index.new(Path("/a")))
        held, gone = await jobs.dispatch_many([note.new("held"), note.new("gone")], after=[blocker])
        await held.pause()
        await gone.cancel()
        gate.set()
        await blocker.wait(timeout=10)
        assert await held.status() is JobStatus.PAUSED
        await held.resume()
        await held.wait(timeout=10)
        assert order == ["index /a", "held"]


async def test_children_wait_for_each_other_but_never_for_an_ancestor(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, slots=1) as library:
        await (await library.jobs.dispatch(parent.new(Path("/a")))).wait(timeout=10)
        assert order == ["first", "second"]
        circle = await library.jobs.dispatch(waits_for_its_parent.new())
        with pytest.raises(JobFailed, match="neither would ever run") as failed:
            await circle.wait(timeout=10)
        assert failed.value.error_type == DependencyCycle.__name__


async def test_a_library_that_runs_only_its_own_runs_what_they_wait_for(tmp_path: Path) -> None:
    gate.set()
    async with Library.open(tmp_path, create=True, runs="none") as other:
        first = await other.jobs.dispatch(note.new("not mine"))
    async with Library.open(tmp_path, runs="own") as library:
        mine = await library.jobs.dispatch(note.new("mine"), after=[library.jobs.handle_of(first.id)])
        await aeventually(lambda: _ended(library, mine))
        assert order == ["not mine", "mine"]


async def _ended(library: Library, handle: JobHandle[None]) -> bool:
    return (await handle.status()).is_terminal
