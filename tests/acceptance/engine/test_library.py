"""Libraries: opening, closing, several processes, what can be looked up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from spacedrive_jobs import (
    AmbiguousJobId,
    ArgumentError,
    JobContext,
    JobEvent,
    JobFailed,
    JobGone,
    JobId,
    JobNotFound,
    JobStatus,
    Library,
    LibraryNotFound,
    LibraryTooNew,
    NotALibrary,
    StoreBusy,
    UnknownKind,
    job,
)
from spacedrive_jobs.testing import ManualClock, open_library
from tests.acceptance.engine import engine_jobs as jobs
from tests.waiting import aeventually, eventually

WORKER = """
import asyncio, signal, sys
from spacedrive_jobs import Library
from tests.acceptance.engine import engine_jobs
async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    async with Library.open(sys.argv[1], slots=2):
        print("open", flush=True)
        await done.wait()
asyncio.run(main())
"""


class Workers:
    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, library: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(library)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        self.processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


async def test_a_missing_library_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound, match="create=True"):
        async with Library.open(tmp_path / "nothing"):
            pass
    assert not (tmp_path / "nothing").exists()


async def test_a_newer_library_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True):
        pass
    connection = apsw.Connection(str(tmp_path / "library" / "jobs.db"))
    connection.pragma("user_version", 99)
    connection.close()
    before = (tmp_path / "library" / "jobs.db").read_bytes()
    with pytest.raises(LibraryTooNew, match="Upgrade spacedrive-jobs"):
        async with Library.open(tmp_path / "library"):
            pass
    assert (tmp_path / "library" / "jobs.db").read_bytes() == before


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_text("holiday photos, not a database at all" * 100)
    with pytest.raises(NotALibrary):
        async with Library.open(tmp_path):
            pass


async def test_what_the_block_raises_comes_out_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Library.open(tmp_path / "library", create=True):
            raise ZeroDivisionError


async def test_a_service_that_dies_takes_the_library_down_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacedrive_jobs._runtime.scheduler import Scheduler

    async def broken(self: Scheduler) -> int:
        raise RuntimeError("the scheduler broke")

    monkeypatch.setattr(Scheduler, "run_once", broken)
    with pytest.raises(RuntimeError, match="the scheduler broke"):
        async with Library.open(tmp_path / "library", create=True):
            await asyncio.Event().wait()


async def test_two_libraries_in_one_process(tmp_path: Path) -> None:
    async with (
        Library.open(tmp_path / "one", create=True) as one,
        Library.open(tmp_path / "two", create=True) as two,
    ):
        first, second = (
            await one.jobs.dispatch(jobs.count_async.new(3)),
            await two.jobs.dispatch(jobs.count_async.new(4)),
        )
        assert [await first.wait(), await second.wait()] == [3, 4]
        with pytest.raises(JobNotFound):
            await one.jobs.get(second.id)


async def test_a_path_of_any_bytes_and_any_length(tmp_path: Path) -> None:
    folder = tmp_path / "caf\udce9" / ("long" * 50)
    async with Library.open(folder, create=True) as library:
        assert await (await library.jobs.dispatch(jobs.count_async.new(2))).wait(timeout=5) == 2


async def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(jobs.hostile.new())).wait(timeout=5)
        for path in [library.path, *library.path.rglob("*")]:
            if path.suffix not in (".db", ".db-wal", ".db-shm", ".bell"):
                assert path.stat().st_mode & 0o077 == 0, path


# --- several processes


async def test_another_process_runs_what_is_dispatched_here(tmp_path: Path, workers: Workers) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        workers.start(library.path)
        handle = await library.jobs.dispatch(jobs.count_async.new(100))
        updates = [update async for update in handle.subscribe()]
        assert type(updates[-1]).__name__ == "Completed"
        assert (await library.jobs.info(handle.id)).runner is None


async def test_pause_resume_and_cancel_reach_another_process(tmp_path: Path, workers: Workers) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        workers.start(library.path)
        handle = await library.jobs.dispatch(jobs.count_thread.new(10_000_000))

        async def moves() -> bool:
            return (await library.jobs.info(handle.id)).metrics.items_ok > 2

        await aeventually(moves)
        await handle.pause()
        await handle.paused()
        await handle.resume()
        await aeventually(moves)
        await handle.abort()
        with pytest.raises(Exception, match="cancelled"):
            await handle.wait(timeout=5)


async def test_a_killed_runners_jobs_go_on_in_its_sibling(tmp_path: Path, workers: Workers) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        first = workers.start(library.path)
        handle = await library.jobs.dispatch(jobs.count_async.new(2_000))

        async def moves() -> bool:
            return (await library.jobs.info(handle.id)).metrics.items_ok > 2

        await aeventually(moves)
        workers.start(library.path)
        first.kill()
        assert await handle.wait(timeout=20) == 2_000
        info = await library.jobs.info(handle.id)
        assert info.attempt == 2
        assert info.metrics.items_ok == 2_000  # nothing lost, nothing counted twice
        reasons = [event.reason for event in await library.jobs.events(handle.id)]
        assert "the process that ran it died" in reasons


async def test_a_worker_that_does_not_know_a_kind_leaves_it_alone(tmp_path: Path, workers: Workers) -> None:
    @job(name="engine.only_here")
    async def only_here(ctx: JobContext) -> str:
        return "here"

    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        worker = workers.start(library.path)
        handle = await library.jobs.dispatch(only_here.new())
        known = await library.jobs.dispatch(jobs.count_async.new(1))
        await known.wait(timeout=10)
        worker.terminate()
        worker.wait(10)
        assert await handle.status() is JobStatus.QUEUED
    async with Library.open(tmp_path / "library") as library:
        assert await (await library.jobs.get(handle.id)).wait(timeout=5) == "here"


async def test_own_runs_its_own_and_nothing_else(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        foreign = await library.jobs.dispatch(jobs.count_async.new(1))
    async with Library.open(tmp_path / "library", runs="own") as library:
        own = await library.jobs.dispatch(jobs.count_async.new(2))
        assert await own.wait(timeout=5) == 2
        assert await (await library.jobs.get(foreign.id)).status() is JobStatus.QUEUED


async def test_waiting_where_nobody_runs_anything_warns(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        handle = await library.jobs.dispatch(jobs.count_async.new(1))
        with pytest.warns(RuntimeWarning, match="nothing runs the jobs"), pytest.raises(TimeoutError):
            await handle.wait(timeout=0.2)


async def test_a_lock_held_by_an_outsider_costs_time_only(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        outsider = apsw.Connection(str(library.path / "jobs.db"))
        outsider.execute("BEGIN IMMEDIATE")
        waiting = asyncio.get_running_loop().create_task(library.jobs.dispatch(jobs.count_async.new(1)))
        with pytest.raises(StoreBusy, match="is held by"):
            await library.jobs.dispatch(jobs.count_async.new(2), timeout=0.05)
        assert not waiting.done()
        outsider.execute("COMMIT")
        outsider.close()
        assert await (await waiting).wait(timeout=5) == 1
        assert sum((await library.jobs.counts()).values()) == 1


async def test_rescue_waits_for_a_held_database(tmp_path: Path, workers: Workers) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        worker = workers.start(library.path)
        handle = await library.jobs.dispatch(jobs.count_async.new(10_000_000))
        await aeventually(lambda: running(handle))
        worker.kill()
        worker.wait(10)
    outsider = apsw.Connection(str(tmp_path / "library" / "jobs.db"))
    outsider.execute("BEGIN IMMEDIATE")
    opening = Library.open(tmp_path / "library")
    entering = asyncio.get_running_loop().create_task(opening.__aenter__())
    done, _ = await asyncio.wait([entering], timeout=0.3)
    assert not done  # it waits: nothing is given up
    outsider.execute("COMMIT")
    outsider.close()
    library = await entering
    try:
        again = await library.jobs.get(handle.id)
        await aeventually(lambda: second_attempt(library, again))
        await again.abort()
    finally:
        await opening.__aexit__(None, None, None)


async def running(handle: Any) -> bool:
    return await handle.status() is JobStatus.RUNNING


async def second_attempt(library: Library, handle: Any) -> bool:
    return (await library.jobs.info(handle.id)).attempt == 2


# --- dispatch and look-up


async def test_arguments_are_refused_by_name_and_nothing_is_stored(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        with pytest.raises(ArgumentError) as wrong:
            await library.jobs.dispatch_named("engine.count", {"until": "many"})
        assert wrong.value.field == "until"
        for arguments, field in (({}, "until"), ({"until": 1, "extra": 2}, "extra")):
            with pytest.raises(ArgumentError) as refused:
                await library.jobs.dispatch_named("engine.count", arguments)
            assert refused.value.field == field
        with pytest.raises(UnknownKind):
            await library.jobs.dispatch_named("engine.nothing", {})
        untyped: Any = "three"
        with pytest.raises(ArgumentError):
            await library.jobs.dispatch_many([jobs.count_async.new(1), jobs.count_async.new(untyped)])
        assert sum((await library.jobs.counts()).values()) == 0


async def test_a_corrupt_row_fails_that_job_alone(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        bad = await library.jobs.dispatch(jobs.count_async.new(1))
        good = await library.jobs.dispatch(jobs.count_async.new(2))
    connection = apsw.Connection(str(tmp_path / "library" / "jobs.db"))
    connection.execute("UPDATE jobs SET arguments = x'ff00' WHERE id = ?", (bad.id.bytes,))
    connection.close()
    async with Library.open(tmp_path / "library") as library:
        assert await (await library.jobs.get(good.id)).wait(timeout=5) == 2
        with pytest.raises(JobFailed, match=r"arguments of 'engine\.count'"):
            await (await library.jobs.get(bad.id)).wait(timeout=5)


async def test_jobs_are_found_by_what_people_type(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        handles = await library.jobs.dispatch_many([jobs.count_async.new(1) for _ in range(20)])
        one = handles[3]
        for text in (str(one.id), one.id.short, one.id.short[:6], str(one.id).upper()):
            assert (await library.jobs.find(text)).id == one.id
        with pytest.raises(AmbiguousJobId):
            await library.jobs.find(str(one.id)[:8])
        for nothing in ("zz", "", "ffffffffffff"):
            with pytest.raises(JobNotFound):
                await library.jobs.find(nothing)


async def test_listing_goes_by_pages_newest_first(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handles = await library.jobs.dispatch_many([jobs.count_async.new(1) for _ in range(7)])
        await asyncio.gather(*(handle.wait() for handle in handles))
        paused = await library.jobs.dispatch(jobs.count_async.new(10_000_000))
        await paused.pause()
        seen: list[JobId] = []
        after = None
        while True:
            page = await library.jobs.list(limit=3, after=after)
            seen += [info.id for info in page.rows]
            if page.next is None:
                break
            after = page.next
        assert seen == [handle.id for handle in reversed([*handles, paused])]
        done = await library.jobs.list(statuses=[JobStatus.COMPLETED], kind="engine.count", limit=100)
        assert len(done.rows) == 7


async def test_history_ends_and_says_so(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_library(tmp_path / "library", clock=clock) as library:
        handle = await library.jobs.dispatch(jobs.count_async.new(2))
        assert await handle.wait(timeout=5) == 2

        async def gone() -> bool:
            await clock.advance(3 * 86_400)
            try:
                await handle.status()
            except JobGone:
                return True
            return False

        await aeventually(gone)
        with pytest.raises(JobNotFound):
            await library.jobs.get(handle.id)


async def test_an_unfinished_twin_is_found(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        handle = await library.jobs.dispatch(jobs.count_async.new(5))
        twin = await library.jobs.unfinished(jobs.count_async.new(5))
        assert twin is not None
        assert twin.id == handle.id
        assert await library.jobs.unfinished(jobs.count_async.new(6)) is None


async def next_of(changes: AsyncIterator[JobEvent]) -> JobEvent:
    return await anext(changes)


async def test_every_change_of_every_job(tmp_path: Path, workers: Workers) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        workers.start(library.path)
        changes = library.jobs.changes()
        first: asyncio.Task[JobEvent] = asyncio.get_running_loop().create_task(next_of(changes))
        await asyncio.sleep(0)
        handles = await library.jobs.dispatch_many([jobs.count_async.new(1) for _ in range(10)])
        wanted = {handle.id for handle in handles}
        seen = [await first]
        while sum(event.status is JobStatus.COMPLETED for event in seen) < 10:
            seen.append(await asyncio.wait_for(anext(changes), 10))
        assert {event.job for event in seen} == wanted
        assert [event.seq for event in seen] == sorted(event.seq for event in seen)


def test_the_blocking_api(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path / "library", create=True) as library:
        handle = library.jobs.dispatch(jobs.count_thread.new(50))
        assert handle.wait(timeout=10) == 50
        updates = list(library.jobs.dispatch(jobs.count_async.new(3)).subscribe())
        assert type(updates[-1]).__name__ == "Completed"
        paused = library.jobs.dispatch(jobs.count_async.new(10_000_000))
        paused.pause()
        paused.paused()
        assert paused.status() is JobStatus.PAUSED
        assert len(library.jobs.list().rows) == 3
    with pytest.raises(LibraryNotFound), Library.open_blocking(tmp_path / "nothing"):
        pass


def test_a_program_that_ends_without_closing_is_rescued(tmp_path: Path) -> None:
    """os._exit in the middle of three jobs that share the runner: all run again, none is blamed for long."""
    script = (
        "import asyncio, os, sys\n"
        "from spacedrive_jobs import Library\n"
        "from tests.acceptance.engine import engine_jobs as jobs\n"
        "async def main():\n"
        "    async with Library.open(sys.argv[1], create=True) as library:\n"
        "        handles = [await library.jobs.dispatch(jobs.count_async.new(10_000_000)) for _ in range(3)]\n"
        "        while not all([(await library.jobs.info(h.id)).metrics.items_ok for h in handles]):\n"
        "            await asyncio.sleep(0.01)\n"
        "        os._exit(9)\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "library")], check=False, cwd=Path(__file__).parents[3]
    )
    assert process.returncode == 9
    with Library.open_blocking(tmp_path / "library") as library:

        def all_again() -> bool:
            return all(info.attempt == 2 for info in library.jobs.list().rows)

        # One of those whose process died runs at a time, so that a job that kills its runner takes no other with it.
        for _ in range(3):
            again = eventually(
                lambda: [
                    info for info in library.jobs.list().rows if info.status is JobStatus.RUNNING and info.attempt == 2
                ]
            )
            assert len(again) == 1
            library.jobs.get(again[0].id).abort()
            eventually(lambda again=again: library.jobs.info(again[0].id).status.is_terminal)  # type: ignore[misc]
        assert all_again()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Library.open_blocking(tmp_path / "library", create=True) as library:
            library.jobs.dispatch(jobs.count_process.new(3)).wait(timeout=10)
    assert sorted(os.listdir(tmp_path / "library" / "run")) == []
