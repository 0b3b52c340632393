"""Looking at many jobs: by text, those that run, how far they are, and every change after a number."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from spacedrive_jobs import Count, JobContext, JobFilter, JobStatus, Library, QuietChanges, job
from tests.waiting import aeventually


@job(name="looking.note")
async def note(ctx: JobContext, text: str, fails: str = "") -> None:
    if fails:
        raise ValueError(fails)


@job(name="looking.path")
async def path_job(ctx: JobContext, path: Path) -> None:
    return None


@job(name="looking.gate")
async def gate(ctx: JobContext, path: Path) -> None:
    ctx.progress(Count(1, 2))
    while not path.exists():
        await ctx.check_interrupt()
        await asyncio.sleep(0.005)  # waits: a file gives no signal


async def all_ended(library: Library, count: int) -> None:
    async def looked() -> bool:
        counts = await library.jobs.counts()
        return sum(count for status, count in counts.items() if status.is_terminal) == count

    await aeventually(looked)


async def test_a_text_is_looked_for_in_arguments_reasons_and_errors(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        jobs = library.jobs
        await jobs.dispatch(note.new("Summer in Nice"))
        await jobs.dispatch(note.new("x", fails="no room for the SUMMER"))
        await jobs.dispatch(note.new("Stra\u00dfe 100%_"))
        await jobs.dispatch(path_job.new(Path("/photos/caf\udce9/summer.jpg")))
        await all_ended(library, 4)

        async def found(text: str) -> int:
            listed = len((await jobs.list(text=text)).rows)
            assert await jobs.count(JobFilter(text=text)) == listed
            return listed

        assert await found("summer") == 3
        assert await found("SUMMER IN") == 1
        assert await found("looking.note") == 3
        assert await found("stra\u00dfe 100%_") == 1
        assert await found("100__") == 0
        assert await found("' OR 1=1 --") == 0
        assert await jobs.count(JobFilter(text="summer", statuses=[JobStatus.FAILED])) == 1
        assert (await jobs.list(text="summer", statuses=[JobStatus.QUEUED])).rows == ()
        assert await jobs.clear(JobFilter(text="summer")) == 3
        assert await jobs.count(JobFilter()) == 1


async def test_what_runs_and_how_far_it_is(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await library.jobs.dispatch(gate.new(tmp_path / "gate"))

        async def moved() -> bool:
            views = await library.jobs.running_views()
            return first.id in views and views[first.id][1].items_total == 2

        await aeventually(moved)
        second = await library.jobs.dispatch(gate.new(tmp_path / "gate"), after=[first])
        assert [info.id for info in await library.jobs.running()] == [first.id]
        (tmp_path / "gate").touch()
        await second.wait()
        assert await library.jobs.running() == []
        assert await library.jobs.running_views() == {}


async def test_reading_on_after_a_number(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        jobs = library.jobs
        assert await jobs.last_change() == 0
        await (await jobs.dispatch(note.new("a"))).wait()
        events = await jobs.changes_after(0)
        assert [event.status.value for event in events] == ["queued", "running", "completed"]
        assert await jobs.last_change() == events[-1].seq
        assert await jobs.changes_after(events[0].seq, limit=1) == events[1:2]
        following = jobs.changes(after=events[0].seq)
        assert [await anext(following), await anext(following)] == events[1:]


async def test_what_no_event_tells_of_is_counted_whoever_does_it(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        for number in range(3):
            await (await library.jobs.dispatch(note.new(str(number)))).wait()
        assert await library.jobs.quiet_changes() == QuietChanges(0, 0)
        async with Library.open(tmp_path / "library", runs="none") as other:
            assert await other.jobs.clear(JobFilter(text="1")) == 1
            assert await library.jobs.quiet_changes() == QuietChanges(1, 0)
            await other.jobs.pause_queue("looking.note")
            waiting = [await other.jobs.dispatch(note.new(str(number))) for number in range(2)]
            assert await library.jobs.quiet_changes() == QuietChanges(1, 0)
            await waiting[1].put_first()
            await waiting[0].set_priority(5)
        assert await library.jobs.clear(JobFilter()) == 2
        assert await library.jobs.quiet_changes() == QuietChanges(3, 2)


async def test_waiting_for_the_next_change(tmp_path: Path) -> None:
    """Here and in another process, as the second opening stands for; a wait without one ends."""
    async with Library.open(tmp_path / "library", create=True) as library:
        assert await library.jobs.changes_after(0, wait=0.01) == []
        async with Library.open(tmp_path / "library", runs="none") as other:
            async with asyncio.TaskGroup() as group, asyncio.timeout(10):
                waits = group.create_task(library.jobs.changes_after(0, wait=9))
                elsewhere = group.create_task(other.jobs.changes_after(0, wait=9))
                await library.jobs.dispatch(note.new("b"))
            assert waits.result()[0].status is JobStatus.QUEUED
            assert elsewhere.result()[0] == waits.result()[0]


async def test_a_library_has_an_id_that_stays(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "one", create=True) as library:
        id_ = library.id
    async with Library.open(tmp_path / "one") as library, Library.open(tmp_path / "two", create=True) as other:
        assert isinstance(id_, UUID)
        assert library.id == id_ != other.id


def test_the_blocking_twins(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path / "library", create=True) as library:
        library.jobs.dispatch(note.new("a holiday")).wait()
        assert len(library.jobs.list(text="HOLIDAY").rows) == library.jobs.count(JobFilter(text="holiday")) == 1
        assert library.jobs.running() == []
        assert library.jobs.running_views() == {}
        assert library.jobs.changes_after(0)[-1].seq == library.jobs.last_change() == 3
        assert library.jobs.quiet_changes().deletions == 0
        assert library.jobs.counts_by_kind()["looking.note"][JobStatus.COMPLETED] == 1
        assert isinstance(library.id, UUID)


@pytest.mark.parametrize("statuses", [[JobStatus.RUNNING], [JobStatus.FAILED], []])
async def test_pages_are_whole_whatever_half_is_read(tmp_path: Path, statuses: list[JobStatus]) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        await library.jobs.dispatch_many([note.new(str(number)) for number in range(5)])
        rows = (await library.jobs.list(statuses=statuses)).rows
        assert len(rows) == (0 if statuses else 5)
