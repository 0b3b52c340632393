"""Into the queue and out of it."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.transition import Crash, NewJob, Retry
from spacedrive_jobs._store import reads
from spacedrive_jobs._store.sql import query
from tests.contract.conftest import KIND, Bench


async def test_higher_priority_first_then_order_of_arrival(bench: Bench) -> None:
    low, first, second, high = (
        await bench.put(priority=-1),
        await bench.put(),
        await bench.put(),
        await bench.put(priority=5),
    )
    claimed = await bench.claim()
    assert [one.claim.job for one in claimed] == [high, first, second, low]
    assert all(one.claim.attempt == 1 for one in claimed)


async def test_order_does_not_follow_a_clock_that_was_set_back(bench: Bench) -> None:
    first = await bench.put()
    bench.clock._wall_ms -= 3_600_000  # pyright: ignore[reportPrivateUsage]
    second = await bench.put()
    assert [one.claim.job for one in await bench.claim()] == [first, second]


async def test_no_more_than_asked_for_and_nothing_twice(bench: Bench) -> None:
    for _ in range(5):
        await bench.put()
    first, second = await asyncio.gather(bench.claim(3), bench.claim(3, runner=bench.other))
    assert len(first) == 3
    assert len(second) == 2
    assert not {one.claim.job for one in first} & {one.claim.job for one in second}


async def test_unknown_kinds_and_other_versions_are_left_alone(bench: Bench) -> None:
    unknown, newer = await bench.put(kind="unknown"), await bench.put(version=2)
    assert await bench.claim() == []
    assert await bench.status(unknown) == await bench.status(newer) == "queued"
    older = (await bench.store.claim(bench.runner, {KIND: (2, 3)}, 9, suspects=True, only=None)).jobs
    assert [one.claim.job for one in older] == [newer]


async def test_many_waiting_jobs_of_an_unknown_kind_cost_a_claim_nothing(bench: Bench) -> None:
    for _ in range(3):
        await bench.put(kind="unknown")
    wanted = await bench.put()
    assert [one.claim.job for one in await bench.claim(1)] == [wanted]


async def test_of_jobs_whose_process_died_one_at_a_time_is_taken(bench: Bench) -> None:
    for _ in range(3):
        await bench.put()
    for one in await bench.claim():
        await bench.store.apply(Crash(claim=one.claim, at=1, reason="died", max_crashes=3))
    fresh = await bench.put()
    assert [one.claim.job for one in await bench.claim(suspects=False)] == [fresh]
    assert len(await bench.claim(suspects=True)) == 1


async def test_a_retry_waits_for_its_time(bench: Bench) -> None:
    claimed = await bench.running()
    due = bench.clock.now_ms() + 5_000
    await bench.store.apply(Retry(claim=claimed.claim, at=bench.clock.now_ms(), due_at=due, reason="again"))
    assert await bench.store.next_moment() == due
    await bench.store.pass_time(lambda: os.urandom(16), random.Random(0), fires=True)
    assert await bench.claim() == []
    await bench.clock.advance(5)
    await bench.store.pass_time(lambda: os.urandom(16), random.Random(0), fires=True)
    (again,) = await bench.claim()
    assert (again.claim.attempt, again.errors) == (2, 1)


async def test_waiting_past_the_deadline_fails(bench: Bench) -> None:
    job = await bench.put(deadline=bench.clock.now_ms() + 1_000)
    await bench.store.pass_time(lambda: os.urandom(16), random.Random(0), fires=True)
    assert await bench.status(job) == "queued"
    await bench.clock.advance(1)
    await bench.store.pass_time(lambda: os.urandom(16), random.Random(0), fires=True)
    row = await bench.row(job)
    assert row.status.value == "failed"
    assert "deadline" in row.error_message


async def test_all_of_a_dispatch_or_nothing(bench: Bench) -> None:
    job = await bench.put()
    twin = NewJob(job.bytes, KIND, 1, b"", True, 0, 1)
    fresh = NewJob(bench._ids.next_bytes(1), KIND, 1, b"", True, 0, 1)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(Exception, match="UNIQUE"):
        await bench.store.enqueue([fresh, twin])
    counts = await bench.store.read(reads.count_jobs)
    assert sum(counts.values()) == 1


async def test_one_failing_write_takes_no_other_with_it(bench: Bench) -> None:
    job = await bench.put()
    twin = NewJob(job.bytes, KIND, 1, b"", True, 0, 1)
    results = await asyncio.gather(bench.put(), bench.store.enqueue([twin]), bench.put(), return_exceptions=True)
    assert [isinstance(result, JobId) for result in results] == [True, False, True]
    assert len(await bench.claim()) == 3


HOT = {
    "ready_levels": (),
    "ready_levels_suspect": (),
    "ready_jobs": ("k", 1, "", 0, 5),
    "ready_jobs_suspect": ("k", 1, "", 0, 5),
    "waiting_on": (b"",),
    "find_unique": (b"",),
    "unfinished_children": (b"",),
    "next_due": (1,),
    "read_expired": (1,),
    "read_requests": (b"",),
    "running_of_runner": (b"",),
    "read_checkpoint": (b"",),
    "events_of_job": (b"", 0),
    "events_after": (0, 10),
    "list_notes": (b"", 0, 5),
    "prunable": (1, 5),
}


@pytest.mark.parametrize("name", HOT)
async def test_hot_queries_use_an_index(bench: Bench, name: str) -> None:
    """A scan of a constant row, of a recursive table or along a partial index is no scan of a table."""
    connection = bench.open_directly()
    plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {query(name)}", HOT[name])]
    scans = [
        line
        for line in plan
        if line.startswith("SCAN") and "USING" not in line and line.split()[1] in ("jobs", "job_history", "job_events")
    ]
    assert not scans, plan
    connection.close()
