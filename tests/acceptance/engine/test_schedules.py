"""Schedules: fired once over all processes, with policies for what was missed and what overlaps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from spacedrive_jobs import CatchUp, JobContext, JobStatus, Library, ScheduleNotFound, job
from spacedrive_jobs._runtime.scheduling import forgotten
from spacedrive_jobs.testing import ManualClock, open_library
from tests.waiting import aeventually

hold = asyncio.Event()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    global hold
    hold = asyncio.Event()
    hold.set()


@job(name="schedule.clean_up")
async def clean_up(ctx: JobContext, days: int = 30) -> int:
    while not hold.is_set():
        await ctx.check_interrupt()
        await asyncio.sleep(0)
    return days


async def completed(library: Library, count: int) -> bool:
    return (await library.jobs.counts())[JobStatus.COMPLETED] == count


async def rests(library: Library) -> None:
    async def none_left() -> bool:
        counts = await library.jobs.counts()
        return not (counts[JobStatus.QUEUED] or counts[JobStatus.RUNNING])

    await aeventually(none_left)


async def test_the_chain_of_the_spec_fires_at_its_start_and_then_at_each_interval(tmp_path: Path) -> None:
    clock = ManualClock()
    start = datetime(2026, 1, 1, 1, tzinfo=UTC)
    async with open_library(tmp_path, clock=clock) as library:
        schedule = await library.jobs.schedule(clean_up.new()).every(hours=6).starting_at(start).dispatch()
        assert await schedule.next_runs(2) == [start, start + timedelta(hours=6)]
        for expected in (0, 1, 1, 2):
            await aeventually(lambda expected=expected: completed(library, expected))  # type: ignore[misc]
            await clock.advance(3600 if expected == 0 else 3 * 3600)
        await rests(library)
        (info,) = await library.jobs.schedules()
        assert (info.id, info.rule, info.paused) == ("schedule.clean_up", "every 6 hours", False)
        shown = (await library.jobs.list()).rows
        assert {str(one.action) for one in shown} == {"{'who': 'schedule schedule.clean_up', 'why': '', 'input': None}"}


async def test_it_survives_five_restarts_as_one_and_keeps_its_next_run(tmp_path: Path) -> None:
    clock = ManualClock()
    due = set[datetime]()
    for _ in range(5):
        async with open_library(tmp_path, clock=clock) as library:
            await library.jobs.schedule(clean_up.new()).every(hours=6).dispatch()
            (info,) = await library.jobs.schedules()
            assert info.next_run is not None
            due.add(info.next_run)
        await clock.advance(600)
    assert due == {datetime(2026, 1, 1, 6, tzinfo=UTC)}
    async with open_library(tmp_path, clock=clock) as library:
        with pytest.raises(ValueError, match="give this one an id of its own"):
            await library.jobs.schedule(clean_up.new(7)).every(hours=6).dispatch()
        await library.jobs.schedule(clean_up.new(7), id="weekly").calendar(weeks=1, at=time(3), tz="UTC").dispatch()
        assert [info.id for info in await library.jobs.schedules()] == ["schedule.clean_up", "weekly"]


@pytest.mark.parametrize(("misfire", "runs"), [("once", 1), ("skip", 0), (CatchUp(5), 5), (CatchUp(500), 144)])
async def test_after_twelve_hours_down_the_policy_decides(tmp_path: Path, misfire: object, runs: int) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        chain = library.jobs.schedule(clean_up.new(), misfire=misfire)  # type: ignore[arg-type]
        await chain.every(minutes=5).dispatch()
    await clock.advance(12 * 3600 + 150)
    async with open_library(tmp_path, clock=clock) as library:
        await aeventually(lambda: completed(library, runs))

        async def goes_on() -> bool:
            (info,) = await library.jobs.schedules()
            return info.next_run == datetime(2026, 1, 1, 12, 5, tzinfo=UTC)

        await aeventually(goes_on)
        history = await library.jobs.get_schedule("schedule.clean_up").runs()
        missed = sum(run.count for run in history if run.outcome == "missed")
        assert missed + runs == 144


@pytest.mark.parametrize(
    ("overlap", "jobs", "statuses"),
    [
        ("skip", 1, {JobStatus.RUNNING: 1}),
        ("queue", 3, {JobStatus.RUNNING: 1, JobStatus.QUEUED: 2}),
    ],
)
async def test_while_the_run_before_is_unfinished(
    tmp_path: Path, overlap: str, jobs: int, statuses: dict[JobStatus, int]
) -> None:
    hold.clear()
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        await library.jobs.schedule(clean_up.new(), overlap=overlap).every(hours=1).dispatch()  # type: ignore[arg-type]
        for number in range(3):
            await clock.advance(3600)
            schedule = library.jobs.get_schedule("schedule.clean_up")

            async def noted(number: int = number) -> bool:
                return len(await schedule.runs()) == number + 1  # noqa: B023 - called in this turn

            await aeventually(noted)

        async def as_expected() -> bool:
            counts = await library.jobs.counts()
            return {status: counts[status] for status in statuses} == statuses

        await aeventually(as_expected)
        assert sum((await library.jobs.counts()).values()) == jobs
        hold.set()
        await rests(library)


async def test_a_replacement_cancels_the_run_before(tmp_path: Path) -> None:
    hold.clear()
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        await library.jobs.schedule(clean_up.new(), overlap="replace").every(hours=1).dispatch()
        await clock.advance(3600)

        async def first_runs() -> bool:
            return (await library.jobs.counts())[JobStatus.RUNNING] == 1

        await aeventually(first_runs)
        await clock.advance(3600)

        async def replaced() -> bool:
            counts = await library.jobs.counts()
            return (counts[JobStatus.CANCELLED], counts[JobStatus.RUNNING]) == (1, 1)

        await aeventually(replaced)
        hold.set()
        await rests(library)


async def fired(library: Library, times: int) -> bool:
    """Raises AssertionError where one was fired twice."""
    count = sum((await library.jobs.counts()).values())
    assert count <= times
    return count == times


async def test_two_libraries_on_one_folder_fire_each_time_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as one, open_library(tmp_path, clock=clock) as other:
        await one.jobs.schedule(clean_up.new(), overlap="queue").every(minutes=1).dispatch()
        for times in range(1, 21):
            await clock.advance(60)
            # Else a time that nobody has looked at yet would be missed with the next, and both made up for by one job.
            await aeventually(partial(fired, other, times))
        await aeventually(lambda: completed(other, 20))
        assert await fired(other, 20)


async def test_paused_resumed_run_by_hand_backfilled_and_removed(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        schedule = await library.jobs.schedule(clean_up.new(3)).cron("0 3 * * *", tz="UTC").dispatch()
        await schedule.pause()
        await clock.advance(48 * 3600)
        assert (await schedule.info()).next_run is None
        assert await (await schedule.run_now()).wait(timeout=5) == 3
        await schedule.resume()
        assert (await schedule.info()).next_run == datetime(2026, 1, 3, 3, tzinfo=UTC)
        since = datetime(2025, 12, 1, tzinfo=UTC)
        handles = await schedule.backfill(since, since + timedelta(days=4))
        assert len(handles) == 4
        await asyncio.gather(*(handle.wait(timeout=5) for handle in handles))
        await schedule.remove()
        with pytest.raises(ScheduleNotFound):
            await schedule.info()
        assert await library.jobs.schedules() == []


async def test_once_and_with_jitter(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        when = datetime(2026, 1, 1, 2, tzinfo=UTC)
        chain = library.jobs.schedule(clean_up.new(), id="once", jitter=timedelta(minutes=10))
        await chain.at(when).dispatch()
        (info,) = await library.jobs.schedules()
        assert info.next_run is not None
        assert when <= info.next_run <= when + timedelta(minutes=10)
        await clock.advance(3 * 3600)
        await aeventually(lambda: completed(library, 1))
        (info,) = await library.jobs.schedules()
        assert info.next_run is None


async def test_what_cannot_be_is_refused_and_a_forgotten_dispatch_is_told(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        chains = [library.jobs.schedule(clean_up.new())]
        with pytest.raises(ValueError, match="at most once a second"):
            chains[0].every()
        with pytest.raises(ValueError, match="no cron rule"):
            chains[0].cron("at three")
        with pytest.raises(ValueError, match="no time zone"):
            chains[0].cron("0 3 * * *", tz="Europe/Atlantis")
        with pytest.raises(ValueError, match="has no time zone"):
            chains[0].at(datetime(2026, 1, 1))
        with pytest.warns(ResourceWarning, match="never dispatched"):
            library.jobs.schedule(clean_up.new()).every(hours=1)
        forgotten.clear()  # or the test kit would fail this test


def test_the_blocking_api_has_it_all(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path, create=True) as library:
        schedule = library.jobs.schedule(clean_up.new(2)).every(hours=6).dispatch()
        assert schedule.run_now().wait(timeout=5) == 2
        assert len(schedule.next_runs(3)) == 3
        assert [info.id for info in library.jobs.schedules()] == [schedule.id]


END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
BEYOND: dict[str, Callable[[Any], Any]] = {
    "a moment after 9999": lambda chain: chain.at(END.replace(tzinfo=timezone(timedelta(hours=-14)))),
    "a moment before 1": lambda chain: chain.at(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    "starts at the end": lambda chain: chain.every(seconds=1.5).starting_at(END),
    "second run after 9999": lambda chain: chain.every(days=36_500).starting_at(datetime(9990, 1, 1, tzinfo=UTC)),
    "an interval of ages": lambda chain: chain.every(days=999_999_999),
    "an interval that Python cannot count": lambda chain: chain.every(days=1e15),
    "months of ages": lambda chain: chain.calendar(months=1_000_000),
    "days of ages": lambda chain: chain.calendar(days=10**15),
}


@pytest.mark.parametrize("rule", BEYOND.values(), ids=BEYOND)
async def test_a_rule_whose_times_no_calendar_has_is_refused(tmp_path: Path, rule: Callable[[Any], Any]) -> None:
    async with open_library(tmp_path, clock=ManualClock()) as library:
        with pytest.raises(ValueError, match=r"9999"):
            await rule(library.jobs.schedule(clean_up.new())).dispatch()
        assert await library.jobs.schedules() == []


async def test_so_is_a_jitter(tmp_path: Path) -> None:
    async with open_library(tmp_path, clock=ManualClock()) as library:
        chain = library.jobs.schedule(clean_up.new(), jitter=timedelta(days=99_999_999))
        with pytest.raises(ValueError, match="the jitter is too long"):
            await chain.calendar(days=1, at=time(3), tz="UTC").dispatch()
        late = library.jobs.schedule(clean_up.new(), jitter=timedelta(days=365))
        with pytest.raises(ValueError, match="the jitter is too long"):
            await late.at(datetime(9999, 12, 1, tzinfo=UTC)).dispatch()
        assert await library.jobs.schedules() == []


@pytest.mark.parametrize("id_", ["", ".", "..", "a/b", "/", "a\0b", "a\x1b[2Jb", "x" * 201, "\udc80"])
async def test_an_id_that_has_no_address_is_refused_and_a_stored_one_can_be_removed(tmp_path: Path, id_: str) -> None:
    async with open_library(tmp_path, clock=ManualClock(), runs="none") as library:
        with pytest.raises(ValueError, match="of a schedule"):
            library.jobs.schedule(clean_up.new(), id=id_)
        if id_ != "\udc80":  # no text that SQLite could have stored
            await library.jobs.schedule(clean_up.new(), id="odd").every(hours=6).dispatch()
            with apsw.Connection(str(library.path / "jobs.db")) as database:
                database.execute("UPDATE schedules SET id = ?", (id_,))
            database.close()
            (info,) = await library.jobs.schedules()
            await library.jobs.get_schedule(info.id).remove()
        assert await library.jobs.schedules() == []


async def test_a_rule_ends_with_the_calendar(tmp_path: Path) -> None:
    async with open_library(tmp_path, clock=ManualClock()) as library:
        first = datetime(9990, 1, 1, tzinfo=UTC)
        schedule = await library.jobs.schedule(clean_up.new()).every(days=3_000).starting_at(first).dispatch()
        assert await schedule.next_runs(5) == [first, first + timedelta(days=3_000)]


@pytest.mark.parametrize(
    ("column", "stored", "words"),
    [
        ("trigger", b'{"type":"at","when":253402351199000}', "once, at a time before the year 1 or after 9999"),
        ("trigger", b'{"type":"moon","phase":"full"}', "a rule that this version cannot read"),
        ("trigger", b'{"type":"cron","expression":"0 3 * * *","tz":"Moon/Crater"}', "a rule that this version"),
        ("next_at", 10**17, "every 6 hours, next at a time before the year 1 or after 9999"),
        ("next_at", -(10**17), "every 6 hours, next at a time before the year 1 or after 9999"),
    ],
)
async def test_one_odd_row_hides_no_other(tmp_path: Path, column: str, stored: bytes | int, words: str) -> None:
    """As an older version, or another program, may have left it."""
    async with open_library(tmp_path, clock=ManualClock(), runs="none") as library:
        await library.jobs.schedule(clean_up.new(), id="odd").every(hours=6).dispatch()
        await library.jobs.schedule(clean_up.new(), id="right").every(hours=1).dispatch()
        with apsw.Connection(str(library.path / "jobs.db")) as database:
            database.execute(f"UPDATE schedules SET {column} = ? WHERE id = 'odd'", (stored,))
        database.close()
        odd, right = await library.jobs.schedules()
        assert odd.rule.startswith(words)
        assert (odd.id, odd.next_run is None or column == "trigger") == ("odd", True)
        assert right.next_run == datetime(2026, 1, 1, 1, tzinfo=UTC)
        await library.jobs.get_schedule("odd").next_runs()
        await library.jobs.get_schedule("odd").remove()
        assert [info.id for info in await library.jobs.schedules()] == ["right"]


async def test_a_due_rule_that_cannot_be_read_rests_and_the_others_fire(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        await library.jobs.schedule(clean_up.new(), id="odd").every(hours=1).dispatch()
        await library.jobs.schedule(clean_up.new(), id="right").every(hours=1).dispatch()
        with apsw.Connection(str(library.path / "jobs.db")) as database:
            database.set_busy_timeout(10_000)  # the library is writing too
            database.execute("UPDATE schedules SET trigger = x'7b7d' WHERE id = 'odd'")
        database.close()
        await clock.advance(3600)
        await aeventually(lambda: completed(library, 1))
        odd, right = await library.jobs.schedules()
        assert (odd.paused, right.paused) == (True, False)
