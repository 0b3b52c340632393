"""Waiting jobs are put elsewhere in line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from spacedrive_jobs import After, Before, JobNotFound, JobStatus, TransitionRefused, failpoint
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.placement import Placement
from spacedrive_jobs._model.transition import Complete, Retry, Wait
from spacedrive_jobs._store import control, line, migrate, placing
from spacedrive_jobs._store.placing import WINDOW
from spacedrive_jobs._store.sql import migrations, query
from spacedrive_jobs._store.store import Store
from spacedrive_jobs.testing import ManualClock
from tests.contract.conftest import KIND, Bench

BOTH = (JobStatus.QUEUED, JobStatus.PAUSED)


async def place(bench: Bench, jobs: Sequence[JobId], where: Placement) -> None:
    now = bench.clock.now_ms()
    await bench.store.write(lambda tx: placing.place(tx, jobs, where, now))


async def in_line(bench: Bench, limit: int = 100_000) -> list[JobId]:
    """Read part by part."""
    found: list[JobId] = []
    after: str | None = None
    while True:
        page = await bench.store.read(lambda connection, a=after: line.waiting_jobs(connection, BOTH, None, limit, a))  # type: ignore[misc]
        found += [row.id for row in page.rows]
        after = page.next
        if after is None:
            return found
        assert len(page.rows) == limit


async def starts(bench: Bench) -> list[JobId]:
    """One after the other, as a runner with one slot takes them."""
    found: list[JobId] = []
    while claimed := await bench.claim(1):
        found.append(claimed[0].claim.job)
    return found


async def test_before_after_first_and_last(bench: Bench) -> None:
    a, b, c, d = [await bench.put() for _ in range(4)]
    await place(bench, [d], Before(b))
    assert await in_line(bench) == [a, d, b, c]
    await place(bench, [a], After(b))
    assert await in_line(bench) == [d, b, a, c]
    await place(bench, [a], "first")
    assert await in_line(bench) == [a, d, b, c]
    await place(bench, [d], "last")
    assert await in_line(bench) == [a, b, c, d]
    await place(bench, [d], Before(a))
    await place(bench, [a], After(c))
    e = await bench.put()
    assert await in_line(bench) == await starts(bench) == [d, b, c, a, e]


async def test_where_it_is_already_it_stays(bench: Bench) -> None:
    a, b, c = [await bench.put() for _ in range(3)]
    for where in (After(a), Before(c)):
        await place(bench, [b], where)
    assert await starts(bench) == [a, b, c]


async def test_several_keep_the_order_in_which_they_are_given(bench: Bench) -> None:
    a, b, c, d, e = [await bench.put() for _ in range(5)]
    await place(bench, [e, a, c], Before(d))
    assert await in_line(bench) == [b, e, a, c, d]
    await place(bench, [d, b, d], "first")
    assert await in_line(bench) == [d, b, e, a, c]
    await place(bench, [d, e], "last")
    assert await in_line(bench) == [b, a, c, d, e]
    await place(bench, [c, b], After(a))
    assert await in_line(bench) == await starts(bench) == [a, c, b, d, e]


async def test_beside_another_priority_it_takes_that_on_with_its_descendants(bench: Bench) -> None:
    parent = await bench.put(priority=-3)
    child = await bench.put(priority=-3, parent=parent)
    high, higher = await bench.put(priority=4), await bench.put(priority=5)
    await place(bench, [parent], After(high))
    assert [(await bench.row(one)).priority for one in (parent, child, high)] == [4, 4, 4]
    assert await in_line(bench) == await starts(bench) == [higher, child, high, parent]


async def test_first_and_last_are_among_those_of_their_own_priority(bench: Bench) -> None:
    low, low_too, high, high_too = [await bench.put(priority=number) for number in (0, 0, 9, 9)]
    await place(bench, [low_too, high_too], "first")
    assert await in_line(bench) == [high_too, high, low_too, low]
    await place(bench, [high_too], "last")
    assert await starts(bench) == [high, high_too, low_too, low]


async def test_of_jobs_of_one_priority_age_decides_nothing(bench: Bench) -> None:
    """What waits long is weighted more, but never against the order that was made by hand."""
    old = await bench.put()
    await bench.clock.advance(300)
    new, newer = await bench.put(), await bench.put()
    await place(bench, [newer], "first")
    assert await in_line(bench) == [newer, old, new]
    assert [one.claim.job for one in await bench.claim()] == [newer, old, new]


async def test_what_was_put_before_an_aged_job_has_its_weight_too(bench: Bench) -> None:
    old = await bench.put(priority=-5)
    await bench.clock.advance(9 * 60)
    new = await bench.put(priority=-5)
    normal = await bench.put()
    await place(bench, [new], Before(old))
    assert [one.claim.job for one in await bench.claim()] == [new, old, normal]


async def test_what_does_not_wait_any_more_is_refused_and_nothing_is_changed(bench: Bench) -> None:
    running, a, b, c = [await bench.put() for _ in range(4)]
    (claimed,) = await bench.claim(1)
    assert claimed.claim.job == running
    await bench.store.pause(c)
    before = await in_line(bench)
    for jobs, where, said in (
        ([running], "first", f"cannot move job {running.short}: it is running"),
        ([b, running], Before(a), f"cannot move job {running.short}: it is running"),
        ([b], Before(running), f"cannot put another beside job {running.short}: it is running"),
        ([c], "last", f"cannot move job {c.short}: it is paused"),
        ([b], After(c), f"cannot put another beside job {c.short}: it is paused"),
    ):
        with pytest.raises(TransitionRefused) as refused:
            await place(bench, jobs, where)  # type: ignore[arg-type]  # a row of the table
        assert str(refused.value) == said
        assert await in_line(bench) == before
    await bench.store.apply(Complete(claim=claimed.claim, at=1, output=b"\xc0"))
    with pytest.raises(TransitionRefused, match="it is completed"):
        await place(bench, [running], "first")
    with pytest.raises(JobNotFound):
        await place(bench, [a], After(JobId.from_bytes(os.urandom(16))))
    with pytest.raises(ValueError, match="beside itself"):
        await place(bench, [b, a], Before(a))
    assert await in_line(bench) == before


async def test_what_waits_for_a_time_or_is_paused_stands_behind(bench: Bench) -> None:
    retried = await bench.running()
    await bench.store.apply(Retry(claim=retried.claim, at=1, due_at=bench.clock.now_ms() + 9_000, reason="again"))
    first = await bench.put()
    held = await bench.put(priority=9, after=(Wait(first.bytes, "run"),))
    paused, last = await bench.put(priority=5), await bench.put(priority=-1)
    await bench.store.pause(paused)
    wanted = [first, last, held, retried.claim.job, paused]
    for limit in (1, 2, 3, 100):
        assert await in_line(bench, limit) == wanted


async def test_a_move_changes_few_rows_however_often_it_is_made_in_one_place(bench: Bench) -> None:
    """The worst there is: always the last one directly behind the same job, until there is no room; and on."""
    jobs = [await bench.put() for _ in range(200)]
    wanted = list(jobs)
    moved = failpoint.count()
    most = 0
    for _ in range(300):
        last = wanted.pop()
        wanted.insert(4, last)
        before = moved["placing.moved"]
        await place(bench, [last], After(jobs[3]))
        most = max(most, moved["placing.moved"] - before)
    assert most > WINDOW, "there was always room: nothing is shown"
    assert moved["placing.moved"] < 300 * 10
    failpoint.disarm_all()
    assert await in_line(bench) == await starts(bench) == wanted


async def test_what_comes_later_stands_behind_all_that_was_moved(bench: Bench) -> None:
    a, b = await bench.put(), await bench.put()
    wanted = [a, b]
    for _ in range(60):
        await place(bench, [wanted[0]], After(wanted[1]))
        wanted[:2] = wanted[1::-1]
    new = await bench.put()
    assert await starts(bench) == [*wanted, new]


@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_move_that_fails_half_way_has_not_been(bench: Bench, nth: int) -> None:
    jobs = [await bench.put() for _ in range(9)]
    connection = bench.open_directly()
    positions = connection.execute("SELECT id, position, priority FROM jobs").fetchall()
    failpoint.arm("placing.moved", failpoint.at_nth(failpoint.ACTIONS["raise"], nth))
    try:
        with pytest.raises(failpoint.FailpointError):
            await place(bench, [jobs[7], jobs[1], jobs[8], jobs[2], jobs[6]], Before(jobs[4]))
    finally:
        failpoint.disarm_all()
    assert connection.execute("SELECT id, position, priority FROM jobs").fetchall() == positions
    connection.close()
    assert await starts(bench) == jobs


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("place_before", (0, 5, b"")), ("places_after", (0, 5, b"", 9)), ("priority_below", (0,))],
)
async def test_neighbours_are_found_along_the_line(
    bench: Bench, name: str, parameters: tuple[int | bytes, ...]
) -> None:
    connection = bench.open_directly()
    (plan,) = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {query(name)}", parameters)]
    assert plan.startswith("SEARCH jobs USING"), plan
    assert "position" in plan or name == "priority_below", plan
    connection.close()


async def test_a_library_of_before_keeps_its_order(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "jobs.db"))
    connection.pragma("journal_mode", "wal")
    connection.create_scalar_function("bucket", lambda *_: 0)
    connection.create_scalar_function("metric", lambda *_: 0)
    for number, script in migrations()[:6]:
        connection.execute(script)
        connection.pragma("user_version", number)
    connection.pragma("application_id", migrate.APPLICATION_ID)
    connection.execute(
        "INSERT INTO library (one, id, created_at, next_position, next_front) VALUES (1, ?, 0, 3, -3)", (b"l" * 16,)
    )
    for id_, position in ((b"c", 2), (b"b", 1), (b"a", -2), (b"d", -1)):
        connection.execute(
            """INSERT INTO jobs (id, kind, version, status, resumable, priority, position, created_at, changed_at,
            arguments) VALUES (?, ?, 1, 'queued', 1, 0, ?, 0, 0, x'80')""",
            (id_ * 16, KIND, position),
        )
    connection.close()
    store = Store(tmp_path, ManualClock())
    store.open(create=False, holders=tuple)
    bench = Bench(store, ManualClock())
    try:
        a, b, c, d = [JobId.from_bytes(id_ * 16) for id_ in (b"a", b"b", b"c", b"d")]
        new = await bench.put()
        await bench.store.write(lambda tx: control.put_first(tx, c))
        await place(bench, [new], Before(b))
        assert await in_line(bench) == [c, a, d, new, b]
    finally:
        store.close(patience=1)
