"""Statistics by the public API: what jobs came to, told to whoever asks, whatever became of their rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spacedrive_jobs import (
    Durations,
    JobContext,
    JobFilter,
    JobStatistics,
    JobStatus,
    Library,
    job,
    total_by_kind,
)
from spacedrive_jobs.testing import ManualClock, open_library
from tests.event_log import as_told, told_by_events
from tests.waiting import aeventually

attempts: dict[int, int] = {}


@job(name="statistics.copy", retries=2, backoff=timedelta(milliseconds=1))
async def copy(ctx: JobContext, number: int, errors: int) -> None:
    """Fails as often as it is told to."""
    ctx.increment_bytes(1000)
    ctx.increment_items(3)
    attempts[number] = attempts.get(number, 0) + 1
    if attempts[number] <= errors:
        raise OSError(f"error {attempts[number]}")


@job(name="statistics.quick")
async def quick(ctx: JobContext, number: int) -> None:
    ctx.increment_items(number)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    attempts.clear()


async def _all_ended(library: Library) -> None:
    async def ended() -> bool:
        return not await library.jobs.load()

    await aeventually(ended)


async def test_failures_and_retries_are_told_and_outlive_the_history(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        await library.jobs.dispatch_many([copy.new(0, 0), copy.new(1, 1), copy.new(2, 9)])
        await library.jobs.dispatch_many([quick.new(number) for number in range(300)])
        await _all_ended(library)
        records = await library.jobs.statistics()
        told, by_kind = told_by_events(library.path / "jobs.db"), {one.kind: one for one in total_by_kind(records)}
        assert as_told(records) == told
        copies = by_kind["statistics.copy"]
        assert (copies.completed, copies.failed, copies.cancelled) == (2, 1, 0)
        assert (copies.attempts, copies.errors, copies.retries) == (1 + 2 + 3, 1 + 3, 1 + 2)
        assert copies.items == 3 * 3, "what an attempt that failed had not stored is repeated, and counted once"
        assert by_kind["statistics.quick"].items == sum(range(300))
        assert by_kind["statistics.quick"].items_per_second is not None
        assert await library.jobs.clear(JobFilter()) == 303
        assert await library.jobs.statistics() == records
    async with open_library(tmp_path, runs="none") as library:
        assert await library.jobs.statistics() == records
        assert [one.kind for one in await library.jobs.statistics(kind="statistics.copy")] == ["statistics.copy"]
        assert await library.jobs.statistics(until=datetime(2020, 1, 1, tzinfo=UTC)) == []
        assert await library.jobs.statistics(since=datetime(2020, 1, 1, tzinfo=UTC)) == records
        with pytest.raises(ValueError, match="time zone"):
            await library.jobs.statistics(since=datetime(2020, 1, 1))


async def test_old_hours_become_days_while_a_library_is_open(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path, clock=clock) as library:
        for _ in range(2):
            await (await library.jobs.dispatch(quick.new(1))).wait()
            await clock.advance(3600)
        assert len(await library.jobs.statistics()) == 2
    await clock.advance(20 * 86400)
    async with open_library(tmp_path, clock=clock) as library:

        async def one_day() -> list[JobStatistics]:
            found = await library.jobs.statistics()
            return found if len(found) == 1 else []

        (day,) = await aeventually(one_day)
        assert day.end - day.start == timedelta(days=1)
        assert day.completed == 2


def test_the_same_without_asyncio(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path / "library", create=True) as library:
        library.jobs.dispatch(quick.new(5)).wait()
        (one,) = library.jobs.statistics(kind="statistics.quick")
        assert (one.completed, one.items) == (1, 5)
        assert library.jobs.load() == []


async def test_the_load_tells_what_waits_and_for_how_long(tmp_path: Path) -> None:
    async with open_library(tmp_path, runs="none") as library:
        first = await library.jobs.dispatch(quick.new(0))
        paused = await library.jobs.dispatch(quick.new(1))
        await library.jobs.dispatch(copy.new(0, 0))
        await paused.pause()
        loads = {load.kind: load for load in await library.jobs.load()}
        quick_load = loads["statistics.quick"]
        assert (quick_load.queued, quick_load.running, quick_load.paused, quick_load.unhandled) == (1, 0, 1, 0)
        assert quick_load.oldest_queued == (await library.jobs.info(first.id)).created_at
        assert loads["statistics.copy"].queued == (await library.jobs.counts())[JobStatus.QUEUED] - 1


def test_quantiles_of_a_histogram() -> None:
    assert Durations().quantile(0.5) is None
    assert Durations().mean is None
    one = Durations(((0.001, 50), (1.0, 45), (4.0, 5)), 65.0)
    assert one.count == 100
    assert one.mean == 0.65
    assert 0 < (one.quantile(0.25) or 0) <= 0.001
    assert 1 / 2**0.5 < (one.quantile(0.9) or 0) <= 1.0
    assert one.quantile(1) == 4.0
    both = one + Durations(((1.0, 5), (8.0, 1)), 13.0)
    assert both == Durations(((0.001, 50), (1.0, 50), (4.0, 5), (8.0, 1)), 78.0)
    with pytest.raises(ValueError, match="share"):
        one.quantile(95)


def test_statistics_of_different_kinds_do_not_add_up() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    one = JobStatistics(kind="a", start=start, end=start)
    with pytest.raises(ValueError, match="one kind"):
        _ = one + JobStatistics(kind="b", start=start, end=start)
