"""How fast a job has been, over pauses and restarts, until its end and no longer than its rows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobFilter, JobId, Library, job
from spacedrive_jobs.testing import ManualClock, open_library
from tests.waiting import aeventually

STEP = 1_000_000


@job(name="speeds.moves")
async def moves(ctx: JobContext[int], steps: int) -> int:
    """Move on, however the library's clock stands."""
    for done in range(await ctx.load_state(default=0), steps):
        ctx.progress(GenericProgress(phase="moving", items=Count(done, steps), bytes=Bytes(done * STEP, steps * STEP)))
        await ctx.checkpoint(done + 1)
        await asyncio.sleep(0.001)  # waits: what makes it go on for as long as the test wants it
    return steps


async def until_known(library: Library, clock: ManualClock, job: JobId, spans: int) -> None:
    """Turn the clock until so many spans are stored."""

    async def known() -> bool:
        await clock.advance(0.4)
        return len(await library.jobs.speeds(job)) >= spans

    await aeventually(known, within=30)


def stored(library: Path) -> int:
    connection = apsw.Connection(str(library / "jobs.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        ((count,),) = connection.execute("SELECT count(*) FROM job_speeds")
        return int(str(count))
    finally:
        connection.close()


async def test_speeds_are_known_from_the_beginning_over_a_pause_and_a_restart(tmp_path: Path) -> None:
    clock, place = ManualClock(), tmp_path / "library"
    async with open_library(place, clock=clock) as library:
        handle = await library.jobs.dispatch(moves.new(1_000_000))
        await until_known(library, clock, handle.id, 5)
        await handle.pause()
        await handle.paused()
        before = await library.jobs.speeds(handle.id)
    await clock.advance(3 * 24 * 3600)
    async with open_library(place, clock=clock) as library:
        assert await library.jobs.speeds(handle.id) == before
        again = library.jobs.handle_of(handle.id)
        await again.resume()
        await until_known(library, clock, handle.id, len(before) + 3)
        after = await library.jobs.speeds(handle.id)
        assert after[: len(before)] == before
        assert (after[len(before)].at - after[len(before) - 1].at).days >= 3
        assert all(one.seconds < 60 for one in after), "the time between two attempts is in none"
        assert all(one.bytes_per_second and one.items_per_second for one in after)
        await again.cancel()
        await asyncio.wait_for(_ended(library, handle.id), 20)
        assert await library.jobs.speeds(handle.id) != [], "a job that has ended was as fast as it was"
        assert stored(place) == 1
        assert await library.jobs.clear(JobFilter()) == 1
        assert stored(place) == 0


async def _ended(library: Library, job: JobId) -> None:
    async def ended() -> bool:
        return (await library.jobs.info(job)).status.is_terminal

    await aeventually(ended, within=20)


async def test_a_job_that_counts_nothing_has_no_speeds(tmp_path: Path) -> None:
    async with open_library(tmp_path / "library") as library:
        handle = await library.jobs.dispatch(silent.new())
        await handle.wait()
        assert await library.jobs.speeds(handle.id) == []
    assert stored(tmp_path / "library") == 0


@job(name="speeds.silent")
async def silent(ctx: JobContext[None]) -> None:
    """Say nothing."""
