"""Jobs through the public API: the three isolations, interruptions, failures, hooks."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import (
    Completed,
    JobCancelled,
    JobFailed,
    JobStatus,
    Library,
    ProgressChanged,
    StatusChanged,
    TransitionRefused,
)
from spacedrive_jobs.testing import ManualClock, open_library
from tests.acceptance.engine import engine_jobs as jobs
from tests.waiting import aeventually

FOREVER = 10_000_000


async def moved(library: Library, handle: Any, least: int = 3) -> bool:
    return (await library.jobs.info(handle.id)).metrics.items_ok >= least


@pytest.mark.parametrize("isolation", jobs.COUNTS)
async def test_pause_resume_and_restart_go_on_where_it_was(tmp_path: Path, isolation: str) -> None:
    count: Any = jobs.COUNTS[isolation]
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(count.new(FOREVER))
        await aeventually(lambda: moved(library, handle))
        await handle.pause()
        await handle.paused()
        before = (await library.jobs.info(handle.id)).metrics
        assert before.bytes_processed == 10 * before.items_ok
    async with Library.open(tmp_path / "library") as library:
        handle = await library.jobs.get(handle.id, count)
        assert await handle.status() is JobStatus.PAUSED  # a user's pause survives the restart
        await handle.resume()
        await aeventually(lambda: moved(library, handle, before.items_ok + 3))
    async with Library.open(tmp_path / "library") as library:  # a shutdown resumes by itself
        handle = await library.jobs.get(handle.id, count)
        info = await library.jobs.info(handle.id)
        await aeventually(lambda: moved(library, handle, info.metrics.items_ok + 3))
        await handle.cancel("enough")
        with pytest.raises(JobCancelled, match="enough"):
            await handle.wait(timeout=10)
        page = await library.jobs.items(handle.id, limit=1_000_000)
        info = await library.jobs.info(handle.id)
        assert [row.item for row in page.rows] == [f"item {number}" for number in range(info.metrics.items_ok)]


@pytest.mark.parametrize("isolation", jobs.COUNTS)
async def test_abort_ends_at_once(tmp_path: Path, isolation: str) -> None:
    count: Any = jobs.COUNTS[isolation]
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(count.new(FOREVER))
        await aeventually(lambda: moved(library, handle))
        await handle.abort("stop")
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=5)


@pytest.mark.parametrize("isolation", jobs.COUNTS)
async def test_the_output_arrives(tmp_path: Path, isolation: str) -> None:
    count: Any = jobs.COUNTS[isolation]
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(count.new(5))
        assert await handle.wait(timeout=10) == 5
        info = await library.jobs.info(handle.id)
        assert (info.view.fraction, info.metrics.items_ok, info.output) == (1.0, 5, 5)


@pytest.mark.parametrize(
    "what",
    ["ValueError", "MemoryError", "SystemExit", "KeyboardInterrupt", "RecursionError", "BaseException", "broken str"],
)
async def test_whatever_is_raised_fails_the_job_and_frees_the_slot(tmp_path: Path, what: str) -> None:
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        handle = await library.jobs.dispatch(jobs.raising.new(what))
        with pytest.raises(JobFailed) as failed:
            await handle.wait(timeout=5)
        assert failed.value.error_type == ("BrokenText" if what == "broken str" else what)
        assert await (await library.jobs.dispatch(jobs.count_async.new(1))).wait(timeout=5) == 1


async def test_the_same_in_a_thread(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        for what in ("ValueError", "SystemExit"):
            handle = await library.jobs.dispatch(jobs.raising_thread.new(what))
            with pytest.raises(JobFailed) as failed:
                await handle.wait(timeout=5)
            assert failed.value.error_type == what
            assert "raising_thread" in failed.value.traceback


async def test_a_job_that_cancels_itself_has_failed(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        with pytest.raises(JobFailed, match="the job cancelled itself"):
            await (await library.jobs.dispatch(jobs.cancelling_itself.new())).wait(timeout=5)


async def test_swallowing_an_interruption_and_returning_is_completion(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.swallowing.new())
        await aeventually(lambda: is_running(handle))
        await handle.pause()
        assert await handle.wait(timeout=5) == "swallowed"


async def is_running(handle: Any) -> bool:
    return await handle.status() is JobStatus.RUNNING


async def test_an_interruption_out_of_a_task_group_is_that_interruption(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.grouped.new())
        await aeventually(lambda: is_running(handle))
        await handle.pause()
        await handle.paused()
        await handle.resume()
        await aeventually(lambda: is_running(handle))
        await handle.cancel()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=5)


async def test_after_the_end_every_verb_raises(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        log = tmp_path / "log"
        assert await (await library.jobs.dispatch(jobs.stray.new(log))).wait(timeout=5) == "ended"
        await aeventually(lambda: exists(log))
        assert log.read_text("ascii") == "AttemptEnded"


async def exists(path: Path) -> bool:
    return path.exists() and path.read_bytes() != b""


async def test_retries_wait_their_backoff_on_the_clock(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path / "library", clock=clock) as library:
        handle = await library.jobs.dispatch(jobs.flaky.new(2))
        for errors in (1, 2):
            await aeventually(partial(has_errors, library, handle, errors))
            info = await library.jobs.info(handle.id)
            assert info.status is JobStatus.QUEUED
            assert f"attempt {errors}" in info.reason
            await turn_until(clock, partial(is_at, library, handle, errors + 1))
        assert await handle.wait(timeout=5) == 3
        assert (await library.jobs.info(handle.id)).errors == 2


async def has_errors(library: Library, handle: Any, errors: int) -> bool:
    info = await library.jobs.info(handle.id)
    return info.errors >= errors and info.status is not JobStatus.RUNNING


async def is_at(library: Library, handle: Any, attempt: int) -> bool:
    return (await library.jobs.info(handle.id)).attempt >= attempt


async def turn_until(clock: ManualClock, probe: Any) -> None:
    """Let hours pass in steps, until what is waited for has come about."""

    async def turned() -> bool:
        await clock.advance(5)
        return bool(await probe())

    await aeventually(turned)


async def test_retries_end(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path / "library", clock=clock) as library:
        handle = await library.jobs.dispatch(jobs.flaky.new(9))
        await turn_until(clock, lambda: has_ended(handle))
        with pytest.raises(JobFailed, match="attempt 3"):
            await handle.wait(timeout=5)


async def has_ended(handle: Any) -> bool:
    return bool((await handle.status()).is_terminal)


async def test_a_timeout_ends_what_awaits_something_foreign(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path / "library", clock=clock) as library:
        handle = await library.jobs.dispatch(jobs.foreign_await.new())
        await turn_until(clock, lambda: has_ended(handle))
        with pytest.raises(JobFailed, match="timed out after 1"):
            await handle.wait(timeout=5)


async def test_a_timeout_writes_a_stuck_thread_off(tmp_path: Path) -> None:
    release = tmp_path / "release"
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        handle = await library.jobs.dispatch(jobs.sleeping_thread.new(release))
        with pytest.raises(JobFailed, match="its thread still runs"):
            await handle.wait(timeout=5)
        assert await (await library.jobs.dispatch(jobs.count_thread.new(2))).wait(timeout=5) == 2  # its place is free
        release.touch()


async def test_a_timeout_kills_a_spinning_process(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    async with Library.open(tmp_path / "library", create=True, slots=1) as library:
        handle = await library.jobs.dispatch(jobs.spinning_process.new(mark))
        with pytest.raises(JobFailed, match="timed out"):
            await handle.wait(timeout=10)
        pid = int(mark.read_text("ascii"))
        assert not Path(f"/proc/{pid}").exists()
        assert await (await library.jobs.dispatch(jobs.count_process.new(2))).wait(timeout=10) == 2


async def test_a_deadline_ends_running_code(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path / "library", clock=clock) as library:
        handle = await library.jobs.dispatch(jobs.late.new())
        await aeventually(lambda: is_running(handle))
        await turn_until(clock, lambda: has_ended(handle))
        with pytest.raises(JobFailed, match="deadline passed"):
            await handle.wait(timeout=5)


async def test_pool_code_sees_that_it_should_stop(tmp_path: Path) -> None:
    started = tmp_path / "started"
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.polite_thread.new(started))
        await aeventually(lambda: touched(started))
        await handle.cancel()
        assert "jobs-pool" in await handle.wait(timeout=5)  # it returned its result: that is completion


async def touched(path: Path) -> bool:
    return path.exists()


async def test_hooks_run_where_they_belong(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.Hooked(log=log))
        await aeventually(lambda: exists(log))
        await handle.pause()
        await handle.paused()
        await handle.resume()
        await aeventually(lambda: is_at(library, handle, 2))
        await aeventually(lambda: is_running(handle))
    async with Library.open(tmp_path / "library") as library:
        assert await (await library.jobs.get(handle.id)).wait(timeout=5) == "done"
    assert log.read_text("ascii").splitlines() == [
        "run 1",
        "on_pause",
        "on_resume",
        "run 2",
        "on_pause",
        "on_resume",
        "run 3",
    ]


async def test_cancelling_what_waits_runs_its_hook_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with Library.open(tmp_path / "library", create=True) as library:
        fresh = await library.jobs.dispatch(jobs.Hooked(log=tmp_path / "never"))
        await fresh.pause()
        handle = await library.jobs.dispatch(jobs.Hooked(log=log))
        await aeventually(lambda: exists(log))
        await handle.pause()
        await handle.paused()
        await handle.cancel("no more")
        with pytest.raises(JobCancelled, match="no more"):
            await handle.wait(timeout=5)
        assert log.read_text("ascii").splitlines()[-1] == "on_cancel"


async def test_a_hook_that_fails_is_a_warning(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.BadHook())
        await aeventually(lambda: is_running(handle))
        await handle.pause()
        await handle.paused()
        notes = (await library.jobs.notes(handle.id)).rows
        assert [note.message for note in notes] == ["on_pause failed: OSError: the hook failed"]


async def test_what_cannot_be_resumed_refuses_a_pause_and_fails_at_shutdown(tmp_path: Path) -> None:
    started = tmp_path / "started"
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.once.new(started))
        await aeventually(lambda: touched(started))
        with pytest.raises(TransitionRefused, match="cannot be resumed"):
            await handle.pause()
    async with Library.open(tmp_path / "library", runs="none") as library:
        with pytest.raises(JobFailed, match="interrupted"):
            await (await library.jobs.get(handle.id)).wait(timeout=5)


async def test_a_mark_inside_the_interval_is_a_snapshot(tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.marking.new(hold))
        await aeventually(lambda: touched(hold))
        await handle.pause()
        await handle.paused()
        assert [row.item for row in (await library.jobs.items(handle.id)).rows] == ["one"]
        await handle.resume()
        assert await handle.wait(timeout=5) == [1]


async def test_a_dead_child_uses_the_crash_budget_and_harms_no_other(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, slots=4) as library:
        doomed = await library.jobs.dispatch(jobs.dying.new())
        others = await library.jobs.dispatch_many([jobs.count_process.new(20) for _ in range(3)])
        with pytest.raises(JobFailed, match="worker died 3 times"):
            await doomed.wait(timeout=20)
        assert [await other.wait(timeout=10) for other in others] == [20] * 3
        assert (await library.jobs.info(doomed.id)).attempt == 3


async def test_payloads_over_their_limits_are_clear_errors(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        for doomed in (jobs.big_output.new(2_000_000), jobs.big_state.new(2_000_000)):
            with pytest.raises(JobFailed, match="the limit is 1,048,576") as failed:
                await (await library.jobs.dispatch(doomed)).wait(timeout=5)
            assert failed.value.error_type == "PayloadTooLarge"


@pytest.mark.filterwarnings("ignore:the state of:ResourceWarning")
async def test_a_large_state_warns(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(jobs.big_state.new(100_000))).wait(timeout=5)


async def test_hostile_text_harms_nothing(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.hostile.new())
        assert await handle.wait(timeout=5) == 1
        info = await library.jobs.info(handle.id)
        assert (info.metrics.warnings, info.metrics.errors, info.metrics.items_error) == (6, 6, 6)
        notes = (await library.jobs.notes(handle.id)).rows
        assert notes[0].message == "caf\\xe9"
        assert max(len(note.message.encode()) for note in notes) <= 4096
        assert len(await library.jobs.logs(handle.id)) == 6
        assert (await library.jobs.items(handle.id)).rows[0].raw == b"caf\xe9"
        assert info.progress == jobs.StepProgress(step=1, fraction=0.5)


async def test_a_warning_never_touches_the_bar(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.warning.new(go_on))

        async def shown() -> bool:
            return (await library.jobs.info(handle.id)).view.fraction == 0.5

        await aeventually(shown)
        assert (await library.jobs.info(handle.id)).metrics.warnings == 1
        go_on.touch()
        await handle.wait(timeout=5)


async def test_updates_are_lossless_in_status_and_end_with_the_output(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.count_async.new(300))
        updates = handle.subscribe()
        await handle.pause()
        await handle.paused()
        await handle.resume()
        seen = [update async for update in updates]
        assert isinstance(seen[-1], Completed)
        assert seen[-1].output == 300
        statuses = [update.status.value for update in seen if isinstance(update, StatusChanged)]
        assert statuses[-1] == "completed"
        assert "paused" in statuses
        fractions = [update.view.fraction or 0 for update in seen if isinstance(update, ProgressChanged)]
        assert fractions == sorted(fractions)


async def test_cancelling_the_waiter_never_cancels_the_job(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(jobs.count_async.new(200))
        waiter = asyncio.get_running_loop().create_task(handle.wait())
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(TimeoutError):
            await handle.wait(timeout=0)
        assert await handle.wait(timeout=10) == 200
