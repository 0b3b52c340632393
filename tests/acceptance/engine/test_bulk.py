"""One action for all that a filter means."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spacedrive_jobs import JobContext, JobFilter, JobGone, JobHandle, JobId, JobStatus, Library, job
from spacedrive_jobs.testing import ManualClock, open_library
from tests.waiting import aeventually

go_on = asyncio.Event()


@job(name="bulk.wait")
async def wait(ctx: JobContext, number: int = 0) -> int:
    while not go_on.is_set():
        await ctx.check_interrupt()
        await asyncio.sleep(0)  # waits: for the test
    return number


@job(name="bulk.other")
async def other(ctx: JobContext) -> None:
    raise OSError("broken")


@job(name="bulk.items")
async def items(ctx: JobContext, bad: int, breaks: bool = False) -> None:
    """Beside those that fail one is in order and one is skipped."""
    ctx.item("good")
    ctx.item("there", "skipped", "is there")
    for number in range(bad):
        ctx.item(f"bad {number}", "error", "is bad")
    if breaks:
        raise OSError("broken")


@job(name="bulk.failing_slowly", isolation="async")
async def failing_slowly(ctx: JobContext) -> None:
    ctx.item("bad", "error", "is bad")
    await ctx.checkpoint()
    await go_on.wait()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    global go_on
    go_on = asyncio.Event()


async def _counts(library: Library) -> dict[str, int]:
    return {status.value: count for status, count in (await library.jobs.counts()).items() if count}


async def test_two_hundred_queued_jobs_are_cancelled_by_one_action(tmp_path: Path) -> None:
    """cases.md U4."""
    async with open_library(tmp_path, slots=2) as library:
        await library.jobs.dispatch_many([wait.new(number) for number in range(205)])
        kept = await library.jobs.dispatch(other.new())

        async def two_run() -> bool:
            return (await _counts(library)).get("running") == 2

        await aeventually(two_run)
        assert await library.jobs.cancel_all(JobFilter(kind="bulk.wait"), reason="enough") == 205

        async def all_ended() -> bool:
            return await _counts(library) == {"cancelled": 205, "failed": 1}

        await aeventually(all_ended)
        assert await kept.status() is JobStatus.FAILED
        assert await library.jobs.cancel_all(JobFilter()) == 0
        assert {info.reason for info in (await library.jobs.list(kind="bulk.wait", limit=300)).rows} == {"enough"}


async def test_pause_and_resume_reach_what_runs_and_what_waits(tmp_path: Path) -> None:
    async with open_library(tmp_path, slots=2) as library:
        handles = await library.jobs.dispatch_many([wait.new(number) for number in range(6)])
        assert await library.jobs.pause_all(JobFilter()) == 6
        await asyncio.gather(*(handle.paused() for handle in handles))
        assert await library.jobs.resume_all(JobFilter(ids=[handle.id for handle in handles[:4]])) == 4
        go_on.set()
        assert await asyncio.gather(*(handle.wait(timeout=5) for handle in handles[:4])) == [0, 1, 2, 3]
        assert await _counts(library) == {"completed": 4, "paused": 2}
        assert await library.jobs.resume_all(JobFilter(statuses=[JobStatus.PAUSED])) == 2
        assert await asyncio.gather(*(handle.wait(timeout=5) for handle in handles[4:])) == [4, 5]


async def test_a_count_of_many_is_whole(tmp_path: Path) -> None:
    """Counted in steps of ten thousand, the last of them full, empty, and neither."""
    async with open_library(tmp_path, runs="none") as library:
        for dispatched, total in ((9_999, 9_999), (1, 10_000), (1, 10_001)):
            await library.jobs.dispatch_many([wait.new(number) for number in range(dispatched)])
            assert await library.jobs.count(JobFilter()) == total
        assert await library.jobs.count(JobFilter(kind="bulk.wait", statuses=[JobStatus.QUEUED])) == 10_001
        assert await library.jobs.count(JobFilter(kind="bulk.other")) == 0


async def test_retry_and_clear_by_filter(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        go_on.set()
        old = await library.jobs.dispatch(wait.new(1))
        await old.wait(timeout=5)
        await clock.advance(3600)
        broken = await library.jobs.dispatch_many([other.new(), other.new()])

        async def failed(count: int = 2) -> bool:
            return (await _counts(library)).get("failed") == count

        await aeventually(failed)
        assert await library.jobs.retry_all(JobFilter()) == 2
        await aeventually(lambda: failed(4))
        done_again = (await library.jobs.list(retried=True)).rows
        assert {info.id for info in done_again} == {handle.id for handle in broken}
        others = (await library.jobs.list(retried=False)).rows
        assert len(others) == 3
        assert {info.retry_of for info in others} == {None, *(handle.id for handle in broken)}
        before = (await library.jobs.info(broken[0].id)).created_at - timedelta(minutes=1)
        assert await library.jobs.clear(JobFilter(created_before=before)) == 1
        with pytest.raises(JobGone):
            await old.status()
        assert await library.jobs.clear(JobFilter(created_from=before)) == 4
        assert (await library.jobs.list()).rows == ()
        with pytest.raises(ValueError, match="the filter leaves none of them"):
            await library.jobs.clear(JobFilter(statuses=[JobStatus.RUNNING]))


async def test_what_was_tried_again_is_not_tried_again_once_more(tmp_path: Path) -> None:
    """Twice "all that failed, again" would else be four times as many."""
    async with open_library(tmp_path) as library:
        (first, _) = await library.jobs.dispatch_many([other.new(), other.new()])
        wanted = JobFilter(statuses=[JobStatus.FAILED])

        async def failed(count: int) -> None:
            async def come() -> bool:
                return (await _counts(library)).get("failed") == count

            await aeventually(come)

        for count in (2, 4, 6):
            await failed(count)
            assert await library.jobs.count(JobFilter(statuses=[JobStatus.FAILED], retried=False)) == 2
            assert await library.jobs.count(JobFilter(statuses=[JobStatus.FAILED], retried=True)) == count - 2
            assert await library.jobs.retry_all(wanted) == 2
        await failed(8)
        assert await library.jobs.retry_all(JobFilter(ids=[first.id])) == 1  # by its name it is meant
        await failed(9)
        assert await library.jobs.retry_all(JobFilter(retried=True)) == 6


async def _ended(handles: Sequence[JobHandle[object]]) -> None:
    await asyncio.gather(*(handle.wait(timeout=5) for handle in handles), return_exceptions=True)


async def test_jobs_of_which_items_failed_are_found_among_all(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        jobs = library.jobs
        handles = await jobs.dispatch_many([items.new(n % 3, breaks=n % 2 == 1) for n in range(9)])
        await _ended(handles)
        some = {handle.id for n, handle in enumerate(handles) if n % 3}
        for failed_items, meant in ((True, some), (False, {handle.id for handle in handles} - some)):
            wanted = JobFilter(failed_items=failed_items)
            newest = sorted(meant, key=lambda job: job.bytes, reverse=True)
            assert [info.id for info in (await jobs.list(failed_items=failed_items)).rows] == newest
            assert await jobs.count(wanted) == len(meant)
            assert await jobs.count(replace(wanted, ids=[handle.id for handle in handles[:2]])) == 1
            for status in (JobStatus.COMPLETED, JobStatus.FAILED):
                page = await jobs.list(failed_items=failed_items, statuses=[status], kind="bulk.items")
                ids = {info.id for info in page.rows}
                assert ids == meant & {
                    handle.id for n, handle in enumerate(handles) if n % 2 == (status is JobStatus.FAILED)
                }
                assert await jobs.count(replace(wanted, statuses=[status])) == len(ids)
            assert (await jobs.list(failed_items=failed_items, statuses=[JobStatus.QUEUED])).rows == ()
            assert (await jobs.list(failed_items=failed_items, kind="bulk.other")).rows == ()
            assert await jobs.count(replace(wanted, text="BROKEN")) == (3 if failed_items else 1)


async def test_jobs_of_which_items_failed_come_page_by_page(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        await _ended(await library.jobs.dispatch_many([items.new(n % 2) for n in range(12)]))
        whole = [info.id for info in (await library.jobs.list(failed_items=True)).rows]
        found: list[JobId] = []
        after: str | None = None
        for size in (2, 2, 2):
            page = await library.jobs.list(failed_items=True, limit=2, after=after)
            assert len(page.rows) == size
            found += [info.id for info in page.rows]
            after = page.next
        assert (found, after) == (whole, None)
        with pytest.raises(ValueError):
            await library.jobs.list(failed_items=True, after="no cursor")


async def test_jobs_of_which_items_failed_are_done_again_once(tmp_path: Path) -> None:
    """Completed ones too; and what was done again needs nobody any more."""
    async with open_library(tmp_path) as library:
        jobs = library.jobs
        first = await jobs.dispatch_many(
            [items.new(2), items.new(1, breaks=True), items.new(0, breaks=True), items.new(0)]
        )
        await _ended(first)
        needing = JobFilter(failed_items=True, retried=False)
        assert await jobs.count(needing) == 2
        assert await jobs.retry_all(JobFilter(failed_items=True)) == 2
        await _ended([await jobs.get(info.id) for info in (await jobs.list(retried=False)).rows])
        again = (await jobs.list(failed_items=True, retried=False)).rows
        assert {info.retry_of for info in again} == {handle.id for handle in first[:2]}
        assert {info.id for info in (await jobs.list(failed_items=True, retried=True)).rows} == {
            handle.id for handle in first[:2]
        }
        assert await jobs.retry_all(JobFilter()) == 2  # the failed ones alone, as before
        with pytest.raises(ValueError, match="the filter leaves none of them"):
            await jobs.retry_all(JobFilter(statuses=[JobStatus.COMPLETED]))


async def test_failed_items_of_a_job_that_runs_count_once_they_are_stored(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        handle = await library.jobs.dispatch(failing_slowly.new())

        async def found() -> bool:
            return [info.id for info in (await library.jobs.list(failed_items=True)).rows] == [handle.id]

        await aeventually(found)
        running = JobFilter(failed_items=True, statuses=[JobStatus.RUNNING])
        assert (await library.jobs.count(running), await library.jobs.count(replace(running, retried=False))) == (1, 1)
        assert await library.jobs.count(replace(running, failed_items=False)) == 0
        go_on.set()
        await handle.wait(timeout=5)
        assert await library.jobs.clear(JobFilter(failed_items=True)) == 1
        assert await library.jobs.count(JobFilter(failed_items=True)) == 0


async def test_jobs_from_before_the_clock_went_back_are_meant_too(tmp_path: Path) -> None:
    """And what `retry_all` makes is not tried again by the same call, though its ids are not the newest any more."""
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        await library.jobs.dispatch_many([other.new(), other.new()])

        async def failed(count: int) -> bool:
            return (await _counts(library)).get("failed") == count

        await aeventually(lambda: failed(2))
    behind = ManualClock(datetime.fromtimestamp(clock.now_ms() / 1000, UTC) - timedelta(hours=1))
    async with open_library(tmp_path, clock=behind) as library:
        assert await library.jobs.count(JobFilter()) == 2
        assert await library.jobs.retry_all(JobFilter()) == 2
        await aeventually(lambda: failed(4))
        assert await library.jobs.clear(JobFilter()) == 4


async def test_what_runs_is_never_cleared(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        handle = await library.jobs.dispatch(wait.new(1))
        assert await library.jobs.clear(JobFilter(ids=[handle.id])) == 0
        go_on.set()
        assert await handle.wait(timeout=5) == 1


def test_the_blocking_api_has_it_too(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path, create=True, runs="none") as library:
        library.jobs.dispatch_many([wait.new(1), wait.new(2)])
        assert library.jobs.pause_all(JobFilter()) == 2
        assert library.jobs.resume_all(JobFilter()) == 2
        assert library.jobs.cancel_all(JobFilter()) == 2
        assert library.jobs.retry_all(JobFilter()) == 2
        assert library.jobs.abort_all(JobFilter()) == 2
        assert library.jobs.clear(JobFilter()) == 4
        assert library.jobs.list(failed_items=True).rows == ()
