"""Twins that are one job, jobs that cover others, ended jobs that are done again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from spacedrive_jobs import (
    Action,
    JobCancelled,
    JobContext,
    JobFailed,
    JobHandle,
    JobStatus,
    Library,
    NotUnique,
    TransitionRefused,
    Unique,
    job,
)
from tests.waiting import aeventually

ran: list[str] = []
hold = asyncio.Event()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    global hold
    ran.clear()
    hold = asyncio.Event()


@job(name="unique.scan", unique=("root",))
async def scan(ctx: JobContext, root: Path, deep: bool = False, fail: bool = False) -> str:
    ran.append(str(root))
    while not hold.is_set():
        await ctx.check_interrupt()
        await asyncio.sleep(0)
    if fail:
        raise OSError("no such drive")
    return str(root)


@job(name="unique.index")
class Index:
    root: Path

    def covers(self, other: Index) -> bool:
        return other.root.is_relative_to(self.root)

    async def run(self, ctx: JobContext) -> str:
        ran.append(str(self.root))
        while not hold.is_set():
            await ctx.check_interrupt()
            await asyncio.sleep(0)
        return str(self.root)


@job(name="unique.resumes")
async def resumes(ctx: JobContext[int], until: int) -> int:
    state = await ctx.load_state(default=0)
    await ctx.step("once", note, f"step {state}")
    for number in range(state, until):
        ctx.item(f"{number}")
        ctx.keep(b"key", b"%d" % number)
        await ctx.checkpoint(number + 1)
        if number == 2 and ctx.retry_of is None:
            raise OSError("a bad sector")
    kept = await ctx.kept(b"key")
    ran.append(f"from {state}, kept {kept!r}, retry {ctx.retry_of is not None}")
    return until


async def note(text: str) -> None:
    ran.append(text)


async def ended(handle: JobHandle[object]) -> bool:
    return (await handle.status()).is_terminal


async def test_a_twin_gives_the_live_job_whatever_its_other_arguments(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        first = await jobs.dispatch(scan.new(Path("/a")))
        assert (await jobs.dispatch(scan.new(Path("/a"), deep=True))).id == first.id
        assert (await jobs.dispatch(scan.new(Path("/b")))).id != first.id
        many = await jobs.dispatch_many([scan.new(Path("/a")), scan.new(Path("/c")), scan.new(Path("/c"))])
        assert many[0].id == first.id
        assert many[1].id == many[2].id
        with pytest.raises(NotUnique, match=rf"{first.id.short} is like it and"):
            await jobs.dispatch(scan.new(Path("/a")), unique=Unique(("root",), "reject"))
        assert (await jobs.dispatch(scan.new(Path("/a"), deep=True), unique=("root", "deep"))).id != first.id
        hold.set()
        assert await first.wait(timeout=10) == "/a"


@pytest.mark.parametrize("how", ["completed", "failed", "cancelled", "cancelled while queued", "aborted"])
async def test_every_end_frees_the_key(tmp_path: Path, how: str) -> None:
    async with Library.open(tmp_path, create=True, runs="none" if "queued" in how else "all") as library:
        jobs = library.jobs
        first = await jobs.dispatch(scan.new(Path("/a"), fail=how == "failed"))
        if how == "aborted":
            await first.abort()
        elif how.startswith("cancelled"):
            await first.cancel()
        else:
            hold.set()
        await aeventually(lambda: ended(first))
        assert (await jobs.dispatch(scan.new(Path("/a")))).id != first.id


async def test_a_replacement_starts_when_the_code_of_the_old_one_has_stopped(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        old = await jobs.dispatch(scan.new(Path("/a")))
        await aeventually(lambda: _ran(1))
        new = await jobs.dispatch(scan.new(Path("/a"), deep=True), unique=Unique(("root",), "replace"))
        newest = await jobs.dispatch(scan.new(Path("/a")), unique=Unique(("root",), "replace"))
        assert len({old.id, new.id, newest.id}) == 3
        for handle in (old, new):
            with pytest.raises(JobCancelled, match=r"replaced by unique\.scan"):
                await handle.wait(timeout=10)
        hold.set()
        assert await newest.wait(timeout=10) == "/a"


async def _ran(count: int) -> bool:
    return len(ran) == count


async def test_what_a_live_job_covers_attaches_to_it(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        whole = await jobs.dispatch(Index(root=Path("/photos")))
        parts = await asyncio.gather(*(jobs.dispatch(Index(root=Path(f"/photos/{number}"))) for number in range(50)))
        assert {part.id for part in parts} == {whole.id}
        other = await jobs.dispatch(Index(root=Path("/music")))
        same = await asyncio.gather(*(jobs.dispatch(Index(root=Path("/films"))) for _ in range(8)))
        assert len({handle.id for handle in same}) == 1
        hold.set()
        await asyncio.gather(*(handle.wait(timeout=10) for handle in (whole, other, *same)))
        assert sorted(ran) == ["/films", "/music", "/photos"]
        assert (await jobs.dispatch(Index(root=Path("/photos/1")))).id != whole.id


async def test_a_retry_starts_from_the_checkpoint_and_remembers_steps_and_rows(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        jobs = library.jobs
        action = Action(who="ann", why="spring clean", input={"folder": "/a"})
        old = await jobs.dispatch(resumes.new(5), action=action)
        with pytest.raises(TransitionRefused, match="has not ended"):
            await old.retry()
        with pytest.raises(JobFailed):
            await old.wait(timeout=10)
        again = await old.retry()
        assert await again.wait(timeout=10) == 5
        assert ran == ["step 0", "from 3, kept b'4', retry True"]
        info = await jobs.info(again.id)
        assert (info.retry_of, info.action) == (
            old.id,
            {"who": "ann", "why": "spring clean", "input": {"folder": "/a"}},
        )
        with pytest.raises(TransitionRefused, match="has completed"):
            await again.retry()


async def test_two_retries_of_one_job_are_one(tmp_path: Path) -> None:
    hold.set()
    async with Library.open(tmp_path, create=True) as library:
        old = await library.jobs.dispatch(scan.new(Path("/a"), fail=True))
        await aeventually(lambda: ended(old))
        hold.clear()
        first, second = await asyncio.gather(old.retry(), old.retry())
        assert first.id == second.id
        await aeventually(lambda: _ran(2))
        assert await first.status() is JobStatus.RUNNING
