"""Statistics: counted with the end of each job, exactly, and there when its rows are gone."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

import apsw
import msgspec
import pytest

from spacedrive_jobs import JobStatistics, failpoint, total_by_kind
from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.progress import JobMetrics
from spacedrive_jobs._model.statistics import upper_bound
from spacedrive_jobs._model.transition import Cancel, Complete, Crash, Fail, Flush, Pause, Requeue, Retry, Trace
from spacedrive_jobs._store import migrate, prune, reads, rescue, statistics, transitions
from spacedrive_jobs._store.sql import migrations
from spacedrive_jobs._store.store import Store
from spacedrive_jobs._store.tally import HOUR_MS
from spacedrive_jobs._store.tx import Tx
from spacedrive_jobs.testing import ManualClock
from tests.contract.conftest import KIND, Bench
from tests.event_log import as_told, told_by_events

SECOND = 1000
METRICS = msgspec.msgpack.encode(JobMetrics(bytes_processed=700, items_processed=7))


async def read(bench: Bench, since: int = 0, until: int = 1 << 62, kind: str | None = None) -> list[JobStatistics]:
    return await bench.store.read(lambda connection: statistics.read(connection, since, until, kind))


async def total(bench: Bench) -> JobStatistics:
    (one,) = total_by_kind(await read(bench))
    return one


async def test_each_end_is_counted_by_its_outcome(bench: Bench) -> None:
    for _ in range(3):
        claimed = await bench.running()
        await bench.clock.advance(2)
        await bench.store.apply(
            Complete(claim=claimed.claim, at=bench.clock.now_ms(), output=b"\xc0", trace=Trace(metrics=METRICS))
        )
    claimed = await bench.running()
    await bench.store.apply(Fail(claim=claimed.claim, at=bench.clock.now_ms(), error_type="E", error_message="m"))
    claimed = await bench.running()
    await bench.store.apply(Cancel(claim=claimed.claim, at=bench.clock.now_ms(), reason="r"))
    waiting = await bench.put()
    await bench.store.cancel(waiting, "not wanted")
    one = await total(bench)
    assert (one.completed, one.failed, one.cancelled, one.finished) == (3, 1, 2, 6)
    assert (one.attempts, one.errors, one.retries, one.crashes) == (5, 1, 0, 0)
    assert (one.bytes, one.items) == (2100, 21)
    assert one.run.count == one.wait.count == 5, "one never ran"
    assert one.run.total == pytest.approx(6)
    assert as_told([one]) == told_by_events(bench.store.path)


async def test_only_the_time_in_which_it_ran_counts_as_running(bench: Bench) -> None:
    """An error, a pause, a shutdown and a crash lie between; so do hours of waiting."""
    clock = bench.clock
    job = await bench.put()
    await clock.advance(60)
    (claimed,) = await bench.claim()
    await clock.advance(1)
    now = clock.now_ms()
    await bench.store.apply(Retry(claim=claimed.claim, at=now, due_at=now + 5 * SECOND, reason="once more"))
    await clock.advance(3600)
    await bench.store.write(lambda tx: tx.change("promote_due", (clock.now_ms(),)))
    (claimed,) = await bench.claim()
    await clock.advance(2)
    await bench.store.pause(job)
    await clock.advance(3)
    await bench.store.apply(Pause(claim=claimed.claim, at=clock.now_ms()))
    await clock.advance(7200)
    await bench.store.resume(job)
    (claimed,) = await bench.claim()
    await clock.advance(4)
    await bench.store.apply(Crash(claim=claimed.claim, at=clock.now_ms(), reason="died", max_crashes=3))
    await clock.advance(30)
    (claimed,) = await bench.claim()
    await clock.advance(8)
    await bench.store.apply(Requeue(claim=claimed.claim, at=clock.now_ms(), reason="shutdown"))
    await clock.advance(600)
    (claimed,) = await bench.claim()
    await clock.advance(16)
    await bench.store.apply(Complete(claim=claimed.claim, at=clock.now_ms(), output=b"\xc0"))
    one = await total(bench)
    assert one.wait.total == pytest.approx(60)
    assert one.run.total == pytest.approx(1 + 2 + 3 + 4 + 8 + 16)
    assert (one.attempts, one.errors, one.retries, one.crashes) == (5, 1, 1, 1)
    assert as_told([one]) == told_by_events(bench.store.path)
    assert await ran(bench, job) == 34 * SECOND, "a person reads the same"


async def test_of_an_unfinished_job_too_the_time_in_which_it_ran_is_known(bench: Bench) -> None:
    job = await bench.put()
    (claimed,) = await bench.claim()
    await bench.clock.advance(2)
    await bench.store.pause(job)
    assert await ran(bench, job) == 2 * SECOND
    await bench.clock.advance(3)
    await bench.store.apply(Pause(claim=claimed.claim, at=bench.clock.now_ms()))
    await bench.clock.advance(7200)
    assert await ran(bench, job) == 5 * SECOND
    await bench.store.resume(job)
    (claimed,) = await bench.claim()
    await bench.clock.advance(4)
    assert await ran(bench, job) == 9 * SECOND
    await bench.store.apply(Requeue(claim=claimed.claim, at=bench.clock.now_ms(), reason="shutdown"))
    await bench.clock.advance(600)
    await bench.store.abort(job, "not wanted")
    assert await ran(bench, job) == 9 * SECOND
    assert (await total(bench)).run.total == pytest.approx(9)


async def ran(bench: Bench, job: JobId) -> int:
    """How long a job has run until now, as it is told to people."""
    row = await bench.store.read(lambda connection: reads.read_job(connection, job))
    assert row is not None
    return row.ran_ms + (bench.clock.now_ms() - row.claimed_at if row.claimed_at is not None else 0)


async def test_a_poison_job_s_crashes_are_all_counted(bench: Bench) -> None:
    await bench.put()
    for _ in range(3):
        (claimed,) = await bench.claim()
        crash = Crash(claim=claimed.claim, at=bench.clock.now_ms(), reason="died", max_crashes=3)
        await bench.store.apply(crash)
    one = await total(bench)
    assert (one.failed, one.crashes, one.errors, one.attempts) == (1, 3, 0, 3)


async def test_what_a_paused_job_had_done_counts_when_it_is_cancelled(bench: Bench) -> None:
    claimed = await bench.running()
    await bench.store.write(
        lambda tx: tx.change(
            "store_checkpoint",
            {
                "job": claimed.claim.job.bytes,
                "attempt": 1,
                "version": 1,
                "state": b"\xc0",
                "metrics": METRICS,
                "items_seq": 0,
                "notes_seq": 0,
                "state_seq": 1,
                "now": 0,
            },
        )
    )
    await bench.store.pause(claimed.claim.job)
    await bench.store.apply(Pause(claim=claimed.claim, at=bench.clock.now_ms()))
    await bench.store.abort(claimed.claim.job, "not wanted")
    one = await total(bench)
    assert (one.cancelled, one.bytes, one.items) == (1, 700, 7)


async def test_a_lost_claim_counts_nothing(bench: Bench) -> None:
    claimed = await bench.running()
    late = claimed.claim._replace(runner=bench.other)
    assert not await bench.store.apply(Complete(claim=late, at=1, output=b"\xc0"))
    assert await read(bench) == []


async def test_a_commit_that_fails_counts_nothing(bench: Bench) -> None:
    claimed = await bench.running()

    failpoint.arm("transition.applied", failpoint.ACTIONS["raise"])
    with pytest.raises(failpoint.FailpointError):
        await bench.store.apply(Complete(claim=claimed.claim, at=1, output=b"\xc0"))
    failpoint.disarm_all()
    assert await read(bench) == []
    await bench.store.apply(Complete(claim=claimed.claim, at=1, output=b"\xc0"))
    assert (await total(bench)).completed == 1


async def test_a_write_that_fails_takes_its_own_count_back_and_no_other(bench: Bench) -> None:
    """Committed in one group: the failing one is undone alone."""
    whole, broken = await bench.running(), await bench.running()

    def fail(tx: Tx) -> None:
        transitions.apply(tx, Complete(claim=broken.claim, at=1, output=b"\xc0"))
        raise ValueError("after it was counted")

    go_on = threading.Event()
    held = asyncio.create_task(bench.store.write(lambda _: go_on.wait(10)))  # noqa: TID251 - in the test's own hands
    await asyncio.sleep(0)  # waits: until the three are submitted, in this order
    both = [bench.store.apply(Complete(claim=whole.claim, at=1, output=b"\xc0")), bench.store.write(fail)]
    ended = asyncio.gather(*both, return_exceptions=True)
    await asyncio.sleep(0)  # waits: as above
    go_on.set()
    assert await held
    applied, error = await ended
    assert applied is True
    assert isinstance(error, ValueError)
    assert (await total(bench)).completed == 1
    assert await bench.status(broken.claim.job) == "running"


async def test_a_clock_that_went_back_counts_nothing_below_zero(bench: Bench) -> None:
    claimed = await bench.running()
    await bench.store.apply(Complete(claim=claimed.claim, at=bench.clock.now_ms() - 5000, output=b"\xc0"))
    one = await total(bench)
    assert (one.run.total, one.completed) == (0, 1)


async def test_pruning_changes_no_number(bench: Bench) -> None:
    claimed = await bench.running()
    flush = Flush(metrics=METRICS)
    trace = Trace(flush=flush, metrics=METRICS)
    await bench.store.apply(Complete(claim=claimed.claim, at=1, output=b"\xc0", trace=trace))
    before = await read(bench)
    await bench.store.write(lambda tx: prune.prune_jobs(tx, [claimed.claim.job.bytes]))
    assert await read(bench) == before
    assert before[0].bytes == 700


async def test_hours_become_days_and_days_one_record_and_the_sums_stay(bench: Bench) -> None:
    clock = bench.clock
    for _ in range(60):  # an end each seven hours
        claimed = await bench.running()
        await clock.advance(7 * 3600)
        await bench.store.apply(Complete(claim=claimed.claim, at=clock.now_ms(), output=b"\xc0"))
    before = await total(bench)
    assert len(await read(bench)) == 60
    failpoint.arm("statistics.rolled_up", failpoint.ACTIONS["raise"])
    with pytest.raises(failpoint.FailpointError):
        await bench.store.roll_up_statistics()
    failpoint.disarm_all()
    assert len(await read(bench)) == 60
    await bench.store.roll_up_statistics()
    await bench.store.roll_up_statistics()
    records = await read(bench)
    spans = {(one.end - one.start).total_seconds() / 3600 for one in records}
    assert spans == {1, 24}
    after = await total(bench)
    assert (after.completed, after.run, after.wait) == (60, before.run, before.wait)
    newest_day = max(one.end for one in records if (one.end - one.start).days == 1)
    assert (to_datetime(clock.now_ms()) - newest_day).days >= 8
    await clock.advance(500 * 24 * 3600)
    failpoint.arm("statistics.added_up", failpoint.ACTIONS["raise"])
    with pytest.raises(failpoint.FailpointError):
        await bench.store.roll_up_statistics()
    failpoint.disarm_all()
    assert await total(bench) == after
    await bench.store.roll_up_statistics()
    await bench.store.roll_up_statistics()
    (one,) = await read(bench)
    assert replace(one, end=after.end) == after, "of all days, to the end of the last"
    assert await read(bench, since=clock.now_ms() - statistics.DAYS_KEPT) == []


async def test_what_is_before_all_days_grows_and_is_one_record_of_each_kind(bench: Bench) -> None:
    day = 24 * 3600
    for number in range(3):
        claimed = await bench.running()
        await bench.store.apply(Complete(claim=claimed.claim, at=bench.clock.now_ms(), output=b"\xc0"))
        await bench.store.cancel(await bench.put(kind=f"kind-{number}"), "")
        await bench.clock.advance(450 * day)
        await bench.store.roll_up_statistics()
    records = await read(bench)
    assert [(one.kind, one.finished) for one in records] == [(KIND, 3), ("kind-0", 1), ("kind-1", 1), ("kind-2", 1)]
    assert {(one.start, one.end) for one in records} == {(records[0].start, records[0].end)}
    assert (records[0].end - records[0].start).days == 901
    assert [one.finished for one in await read(bench, kind="kind-1")] == [1]


async def test_a_span_and_a_kind_can_be_asked_for(bench: Bench) -> None:
    clock = bench.clock
    start = clock.now_ms() - clock.now_ms() % statistics.DAY_MS + statistics.DAY_MS
    await clock.advance((start - clock.now_ms()) / 1000)
    for _ in range(4):
        claimed = await bench.running()
        await bench.store.apply(Complete(claim=claimed.claim, at=clock.now_ms(), output=b"\xc0"))
        await clock.advance(3600)
    other = await bench.put(kind="another")
    await bench.store.cancel(other, "")
    hour = HOUR_MS
    assert len(await read(bench, kind=KIND)) == 4
    assert [one.kind for one in await read(bench, kind="another")] == ["another"]
    assert len(await read(bench, since=start + hour + 1, until=start + 3 * hour, kind=KIND)) == 2
    assert len(await read(bench, since=start + hour, until=start + 2 * hour, kind=KIND)) == 1
    await clock.advance(9 * 24 * 3600)
    await bench.store.roll_up_statistics()
    assert len(await read(bench, since=start + 5 * hour, until=start + 6 * hour, kind=KIND)) == 1, "the whole day"


async def test_buckets_hold_what_their_bounds_say(bench: Bench) -> None:
    """At every edge of the scale."""
    for length in (0, 1, 2, 3, 4, 5, 8, 9, 1023, 1024, 1025, 1448, 1449, 86_400_000, 1 << 40):
        claimed = await bench.running()
        at = bench.clock.now_ms() + length
        before = {one.run.buckets for one in await read(bench)}
        await bench.store.apply(Complete(claim=claimed.claim, at=at, output=b"\xc0"))
        newest = max(await read(bench), key=lambda one: one.end)
        assert newest.run.buckets not in before
        bounds = [bound for bound, _ in newest.run.buckets]
        fitting = next(upper_bound(number) for number in range(200) if upper_bound(number) * 1000 >= length)
        assert fitting in bounds, length


def old_library(folder: Path) -> apsw.Connection:
    """As the first version left it: a completed, a failed and a running job, one of them with metrics."""
    folder.mkdir(exist_ok=True)
    connection = apsw.Connection(str(folder / "jobs.db"))
    connection.pragma("journal_mode", "wal")
    connection.execute(migrations()[0][1])
    connection.pragma("user_version", 1)
    connection.pragma("application_id", migrate.APPLICATION_ID)
    connection.execute(
        "INSERT INTO library (one, id, created_at, next_position, next_front) VALUES (1, ?, 0, 10, -1)",
        (os.urandom(16),),
    )
    ended = """INSERT INTO job_history (id, kind, version, status, reason, priority, attempt, errors, crashes,
        resumable, lane, tidies, created_at, started_at, finished_at, duration_ms, arguments, output, error_message,
        metrics)
        VALUES (?, 'old', 1, ?, '', 0, ?, ?, 0, 1, '', 0, ?, ?, ?, ?, x'80', ?, ?, ?)"""
    connection.execute(ended, (b"a" * 16, "completed", 2, 1, 1000, 5000, 9000, 4000, b"\xc0", None, METRICS))
    connection.execute(ended, (b"b" * 16, "failed", 1, 1, 1000, 2000, 3000, 1000, None, "broken", None))
    connection.execute(ended, (b"c" * 16, "cancelled", 0, 0, 1000, None, 3000, None, None, None, None))
    connection.execute(
        """INSERT INTO jobs (id, kind, version, status, resumable, priority, position, attempt, runner, created_at,
        changed_at, started_at, arguments)
        VALUES (?, 'contract', 1, 'running', 1, 0, 1, 1, ?, 1000, 7000, 7000, x'80')""",
        (b"d" * 16, b"r" * 16),
    )
    return connection


async def test_a_library_of_the_first_version_keeps_its_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    old_library(folder).close()
    store = Store(folder, ManualClock())
    store.open(create=False, holders=tuple)
    bench = Bench(store, ManualClock())
    try:
        one = await total(bench)
        assert (one.completed, one.failed, one.cancelled) == (1, 1, 1)
        assert (one.attempts, one.errors, one.retries) == (3, 2, 1)
        assert (one.bytes, one.items) == (700, 7)
        assert (one.wait.total, one.run.total, one.run.count) == (5.0, 5.0, 2)
        assert await bench.store.write(_rescue) == 1
        (claimed,) = await bench.claim()
        now = bench.clock.now_ms()
        await bench.store.apply(Complete(claim=claimed.claim, at=now + 1000, output=b"\xc0"))
        contract = next(row for row in await read(bench) if row.kind == KIND)
        assert contract.run.total == pytest.approx((RESCUED_AT - 7000) / 1000 + 1)
    finally:
        store.close(patience=1)


RESCUED_AT = 10_000


def _rescue(tx: Tx) -> int:
    return len(rescue.rescue(tx, RunnerId(b"r" * 16), RESCUED_AT, "gone", crashed=False, max_crashes=3))
