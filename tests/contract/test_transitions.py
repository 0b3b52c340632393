"""Every way out of a claim, and that each proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import apsw
import pytest

from spacedrive_jobs._model.errors import AttemptEnded, JobNotFound, TransitionRefused
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.transition import (
    Cancel,
    Claim,
    Complete,
    Crash,
    Fail,
    Flush,
    ItemRow,
    NoteRow,
    Pause,
    Requeue,
    Retry,
    Trace,
    Transition,
)
from spacedrive_jobs._store import checkpoints, prune, reads
from spacedrive_jobs._store.control import Asked
from tests.contract.conftest import Bench

Make = Callable[[Claim], Transition]

WAYS: dict[str, Make] = {
    "completed": lambda claim: Complete(claim=claim, at=1, output=b"\xc0"),
    "failed": lambda claim: Fail(claim=claim, at=1, error_type="E", error_message="m"),
    "cancelled": lambda claim: Cancel(claim=claim, at=1, reason="r"),
    "queued after an error": lambda claim: Retry(claim=claim, at=1, due_at=2, reason="r"),
    "queued after a shutdown": lambda claim: Requeue(claim=claim, at=1, reason="r"),
    "queued after a crash": lambda claim: Crash(claim=claim, at=1, reason="r", max_crashes=3),
}


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_ends_in_its_status(bench: Bench, way: str) -> None:
    claimed = await bench.running()
    assert await bench.store.apply(WAYS[way](claimed.claim))
    assert await bench.status(claimed.claim.job) == way.split(maxsplit=1)[0]
    assert (await bench.row(claimed.claim.job)).runner is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lost", ["attempt", "runner", "ended"])
async def test_without_the_claim_nothing_changes(bench: Bench, way: str, lost: str) -> None:
    claimed = await bench.running()
    claim = claimed.claim
    if lost == "attempt":
        claim = claim._replace(attempt=claim.attempt + 1)
    elif lost == "runner":
        claim = claim._replace(runner=bench.other)
    else:
        await bench.store.apply(Complete(claim=claim, at=1, output=b"\x01"))
    before = await bench.row(claimed.claim.job), await bench.story(claimed.claim.job)
    assert not await bench.store.apply(WAYS[way](claim))
    assert before == (await bench.row(claimed.claim.job), await bench.story(claimed.claim.job))


async def test_a_pause_is_stored_only_while_it_is_wanted(bench: Bench) -> None:
    claimed = await bench.running()
    await bench.store.pause(claimed.claim.job)
    await bench.store.apply(Pause(claim=claimed.claim, at=1))
    assert await bench.status(claimed.claim.job) == "paused"
    await bench.store.resume(claimed.claim.job)
    (again,) = await bench.claim()
    await bench.store.pause(again.claim.job)
    await bench.store.resume(again.claim.job)  # taken back before the code had stopped
    await bench.store.apply(Pause(claim=again.claim, at=1))
    assert await bench.status(claimed.claim.job) == "queued"


async def test_a_cancel_is_not_forgotten_by_a_retry_or_a_shutdown(bench: Bench) -> None:
    for make, after in ((WAYS["queued after an error"], "cancelled"), (WAYS["queued after a shutdown"], "queued")):
        claimed = await bench.running()
        await bench.store.cancel(claimed.claim.job, "no")
        await bench.store.apply(make(claimed.claim))
        assert await bench.status(claimed.claim.job) == after
        if after == "queued":
            (last,) = await bench.claim()
            assert last.request is not None
            assert last.request.value == "cancel"


async def test_what_cannot_be_resumed_fails_at_shutdown(bench: Bench) -> None:
    claimed = await bench.running(resumable=False)
    await bench.store.apply(Requeue(claim=claimed.claim, at=1, reason="its runner was shut down"))
    row = await bench.row(claimed.claim.job)
    assert (row.status.value, row.error_type) == ("failed", "Interrupted")


async def crash_again(bench: Bench, state: bytes | None) -> JobId:
    (claimed,) = await bench.claim()
    if state is not None:
        await bench.store.write(lambda tx: checkpoints.checkpoint(tx, claimed.claim, Flush(state=state), 1))
    await bench.store.apply(Crash(claim=claimed.claim, at=1, reason="killed", max_crashes=3))
    return claimed.claim.job


async def test_three_crashes_in_a_row_are_one_too_many(bench: Bench) -> None:
    await bench.put()
    for expected in ("queued", "queued", "failed"):
        job = await crash_again(bench, None)
        assert await bench.status(job) == expected
    assert "worker died 3 times" in (await bench.row(job)).error_message


async def test_a_checkpoint_that_advances_gives_the_crash_budget_back(bench: Bench) -> None:
    await bench.put()
    for number in range(6):
        job = await crash_again(bench, str(number).encode())
        assert await bench.status(job) == "queued"


async def test_the_same_state_again_is_no_advance(bench: Bench) -> None:
    await bench.put()
    job = await crash_again(bench, b"stuck")
    await crash_again(bench, b"stuck")
    await crash_again(bench, b"stuck")
    assert await bench.status(job) == "failed"


async def test_a_checkpoint_stores_all_or_is_refused(bench: Bench) -> None:
    claimed = await bench.running()
    flush = Flush(
        state=b"s",
        metrics=b"\x80",
        items=(ItemRow(b"a\xff", "ok", ""), ItemRow(b"b", "error", "why")),
        notes=(NoteRow(1, "warning", "careful"),),
        kept=((b"k", b"v"),),
    )
    await bench.store.write(lambda tx: checkpoints.checkpoint(tx, claimed.claim, flush, 1))
    job = claimed.claim.job
    page = await bench.store.read(lambda connection: reads.list_items(connection, job, (), 10, None))
    assert [(row.raw, row.outcome, row.reason) for row in page.rows] == [(b"a\xff", "ok", ""), (b"b", "error", "why")]
    assert await bench.store.read(lambda connection: checkpoints.read_kept(connection, job.bytes, b"k")) == b"v"
    stale = claimed.claim._replace(attempt=9)
    with pytest.raises(AttemptEnded):
        await bench.store.write(lambda tx: checkpoints.checkpoint(tx, stale, replace(flush, state=b"t"), 1))
    stored = await bench.store.read(lambda connection: checkpoints.read_checkpoint(connection, job.bytes))
    assert stored is not None
    assert stored.state == b"s"


async def test_the_next_attempt_drops_rows_beyond_the_checkpoint(bench: Bench) -> None:
    claimed = await bench.running()
    job = claimed.claim.job
    first = Flush(state=b"1", items=(ItemRow(b"one", "ok", ""),))
    await bench.store.write(lambda tx: checkpoints.checkpoint(tx, claimed.claim, first, 1))
    spilled = Flush(items=(ItemRow(b"two", "ok", ""),), items_seq=1)
    await bench.store.write(lambda tx: checkpoints.spill(tx, claimed.claim, spilled))
    await bench.store.apply(Requeue(claim=claimed.claim, at=1, reason="shutdown"))
    (again,) = await bench.claim()
    checkpoint, _ = await bench.store.begin_attempt(again.claim)
    assert checkpoint is not None
    assert (checkpoint.state, checkpoint.items_seq) == (b"1", 1)
    page = await bench.store.read(lambda connection: reads.list_items(connection, job, (), 10, None))
    assert [row.raw for row in page.rows] == [b"one"]


async def test_rescue_gives_back_every_claim_and_asks_are_kept(bench: Bench) -> None:
    jobs = [await bench.put() for _ in range(4)]
    await bench.claim()
    await bench.store.pause(jobs[1])
    await bench.store.cancel(jobs[2], "no")
    await bench.store.abort(jobs[3], "now")
    import asyncio

    rescued = await asyncio.to_thread(bench.store.rescue, bench.runner, "its runner died", crashed=True, max_crashes=3)
    assert set(rescued) == set(jobs)
    assert [await bench.status(job) for job in jobs] == ["queued", "paused", "queued", "cancelled"]
    assert (await bench.row(jobs[2])).request is not None
    assert (await bench.row(jobs[0])).crashes == 1


# --- what people ask: every status by every verb (semantics, section 3)

VERBS = ("pause", "resume", "cancel", "abort")
EXPECTED: dict[str, tuple[str, str, str, str]] = {
    "queued": ("paused", "queued", "cancelled", "cancelled"),
    "running": ("running+pause", "running", "running+cancel", "running+abort"),
    "paused": ("paused", "queued", "cancelled", "cancelled"),
    "completed": ("refused", "refused", "completed", "completed"),
    "failed": ("refused", "refused", "failed", "failed"),
    "cancelled": ("refused", "refused", "cancelled", "cancelled"),
}


async def brought_to(bench: Bench, status: str) -> JobId:
    if status == "queued":
        return await bench.put()
    if status == "paused":
        job = await bench.put()
        await bench.store.pause(job)
        return job
    claimed = await bench.running()
    if status != "running":
        await bench.store.apply(WAYS[status](claimed.claim))
    return claimed.claim.job


async def ask(bench: Bench, job: JobId, verb: str) -> Asked:
    match verb:
        case "pause":
            return await bench.store.pause(job)
        case "resume":
            return await bench.store.resume(job)
        case "cancel":
            return await bench.store.cancel(job, "")
        case _:
            return await bench.store.abort(job, "")


@pytest.mark.parametrize("status", EXPECTED)
@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_in_every_status(bench: Bench, status: str, verb: str) -> None:
    job = await brought_to(bench, status)
    expected = EXPECTED[status][VERBS.index(verb)]
    if expected == "refused":
        with pytest.raises(TransitionRefused):
            await ask(bench, job, verb)
        assert await bench.status(job) == status
        return
    await ask(bench, job, verb)
    assert (await bench.story(job))[-1] == expected
    assert await bench.status(job) == expected.partition("+")[0]


@pytest.mark.parametrize("verb", VERBS)
async def test_of_a_job_that_is_not_there(bench: Bench, verb: str) -> None:
    with pytest.raises(JobNotFound):
        await ask(bench, JobId.parse("00000000-0000-7000-8000-000000000000"), verb)


async def test_a_resumed_job_is_first_in_line(bench: Bench) -> None:
    paused, waiting = await bench.put(), await bench.put()
    await bench.store.pause(paused)
    await bench.store.resume(paused)
    assert [one.claim.job for one in await bench.claim()] == [paused, waiting]


async def test_a_stronger_request_replaces_a_weaker_one_only(bench: Bench) -> None:
    claimed = await bench.running()
    job = claimed.claim.job
    await bench.store.cancel(job, "")
    await bench.store.cancel(job, "")
    await bench.store.abort(job, "")
    await bench.store.cancel(job, "")
    assert await bench.story(job) == ["queued", "running", "running+cancel", "running+abort"]


async def test_what_has_run_before_is_claimed_once_more_for_its_hook(bench: Bench) -> None:
    claimed = await bench.running()
    await bench.store.apply(Requeue(claim=claimed.claim, at=1, reason="shutdown"))
    assert await bench.store.cancel(claimed.claim.job, "no") is Asked.REQUESTED
    assert await bench.status(claimed.claim.job) == "queued"
    (last,) = await bench.claim()
    assert last.reason == "no"
    await bench.store.apply(Cancel(claim=last.claim, at=1, reason=""))
    row = await bench.row(last.claim.job)
    assert (row.status.value, row.reason) == ("cancelled", "no")


# --- the schema enforces what the code believes


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs SET status = 'done'",
        "UPDATE jobs SET status = 'running'",
        "UPDATE jobs SET runner = x'00112233445566778899aabbccddeeff'",
        "UPDATE jobs SET request = 'pause'",
        "UPDATE jobs SET paused_at = 1",
        "INSERT INTO job_items VALUES (x'00112233445566778899aabbccddeeff', 1, 'maybe', x'00', '')",
    ],
)
async def test_a_statement_that_lies_is_refused(bench: Bench, statement: str) -> None:
    await bench.put()
    connection = bench.open_directly()
    with pytest.raises(apsw.ConstraintError):
        connection.execute(statement)
    connection.close()


async def test_a_terminal_status_never_changes(bench: Bench) -> None:
    claimed = await bench.running()
    await bench.store.apply(WAYS["completed"](claimed.claim))
    connection = bench.open_directly()
    with pytest.raises(apsw.ConstraintError, match="a terminal status never changes"):
        connection.execute("UPDATE job_history SET status = 'failed'")
    connection.close()


async def test_history_is_pruned_with_all_its_rows_and_events_go_on_counting(bench: Bench) -> None:
    for _ in range(3):
        claimed = await bench.running()
        flush = Flush(items=tuple(ItemRow(b"x", "ok", "") for _ in range(20)))
        trace = Trace(flush=flush)
        await bench.store.apply(Complete(claim=claimed.claim, at=bench.clock.now_ms(), output=b"\xc0", trace=trace))
    young = await bench.running()
    newest = await bench.store.read(reads.last_event)
    gone = await bench.store.prune_step(bench.clock.now_ms() + 1)
    assert len(gone) == 3
    assert (await bench.store.read(reads.quiet_changes)).deletions == 3
    connection = bench.open_directly()
    assert connection.execute("SELECT count(*) FROM job_items").fetchall() == [(0,)]
    assert connection.execute("SELECT count(*) FROM job_history").fetchall() == [(0,)]
    connection.close()
    await bench.store.apply(WAYS["completed"](young.claim))
    assert await bench.store.read(reads.last_event) == newest + 1
    assert await bench.store.prune_step(0) == []
    assert prune.STEP >= 3
