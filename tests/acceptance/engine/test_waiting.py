"""What waits, in the order in which it will run; and a schedule's rule as plain values, as a form has it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import CatchUp, JobContext, Library, job


@job(name="waiting.note")
async def note(ctx: JobContext, text: str) -> None:
    return None


async def test_what_waits_stands_in_the_order_of_its_start(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        jobs = library.jobs
        first = await jobs.dispatch(note.new("first"))
        await jobs.dispatch(note.new("held"), after=[first], priority=90)
        await jobs.dispatch(note.new("low"), priority=-10)
        last = await jobs.dispatch(note.new("last"))
        await jobs.dispatch(note.new("urgent"), priority=20)
        paused = await jobs.dispatch(note.new("paused"))
        await paused.pause()

        async def order(limit: int = 100) -> list[object]:
            return [info.arguments["text"] for info in (await jobs.waiting(limit)).rows]  # type: ignore[index]  # plain

        assert await order() == ["urgent", "first", "last", "low", "held"]
        assert await order(2) == ["urgent", "first"]
        await last.put_first()
        assert await order() == ["urgent", "last", "first", "low", "held"]


async def every_two_hours(library: Library) -> None:
    await library.jobs.schedule(note.new("x"), id="one").every(hours=2).dispatch()


async def by_cron(library: Library) -> None:
    await library.jobs.schedule(note.new("x"), id="one").cron("0 3 * * *", tz="Europe/Berlin").dispatch()


async def each_second_week(library: Library) -> None:
    chain = library.jobs.schedule(note.new("x"), id="one")
    await chain.calendar(weeks=2, at=time(21, 5), tz="Europe/Berlin").dispatch()


async def each_third_day(library: Library) -> None:
    await library.jobs.schedule(note.new("x"), id="one").calendar(days=3, tz="UTC").dispatch()


async def each_month(library: Library) -> None:
    await library.jobs.schedule(note.new("x"), id="one").calendar(months=1, at=time(3), tz="UTC").dispatch()


async def once(library: Library) -> None:
    await library.jobs.schedule(note.new("x"), id="one").at(datetime(2100, 1, 2, 3, 4, tzinfo=UTC)).dispatch()


@pytest.mark.parametrize(
    ("make", "when"),
    [
        (every_two_hours, {"rule": "every", "seconds": 7200}),
        (by_cron, {"rule": "cron", "expression": "0 3 * * *", "tz": "Europe/Berlin"}),
        (each_second_week, {"rule": "calendar", "unit": "weeks", "count": 2, "at": "21:05", "tz": "Europe/Berlin"}),
        (each_third_day, {"rule": "calendar", "unit": "days", "count": 3, "at": "00:00", "tz": "UTC"}),
        (each_month, {"rule": "calendar", "unit": "months", "count": 1, "at": "03:00", "tz": "UTC"}),
        (once, {"rule": "once", "at": "2100-01-02T03:04:00+00:00"}),
    ],
)
async def test_a_rule_is_told_as_plain_values(
    tmp_path: Path, make: Callable[[Library], Coroutine[Any, Any, None]], when: dict[str, object]
) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        await make(library)
        (info,) = await library.jobs.schedules()
    assert info.when == when
    assert (info.catch_up, info.jitter, info.priority) == (None, 0, 0)


async def test_what_else_a_schedule_was_told_is_told_again(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        chain = library.jobs.schedule(note.new("x"), misfire=CatchUp(7), jitter=timedelta(minutes=2), priority=3)
        await chain.every(hours=1).dispatch()
        (info,) = await library.jobs.schedules()
    assert (info.catch_up, info.jitter, info.priority) == (7, 120, 3)
