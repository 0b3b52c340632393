"""Faults that people met in other job systems, as tests of what should have happened."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from spacedrive_jobs import JobContext, JobFailed, JobStatus, Library, failpoint, job
from tests.acceptance.engine import engine_jobs as jobs
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
SCRIPT = """
import asyncio, signal, sys
from spacedrive_jobs import Library
from tests.acceptance.engine import engine_jobs, test_cases
async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    async with Library.open(sys.argv[1], slots=4):
        print("open", flush=True)
        await done.wait()
asyncio.run(main())
"""


@job(name="cases.loud")
async def loud(ctx: JobContext[int], lines: int) -> int:
    for number in range(lines):
        ctx.log(f"line {number}")
        if number % 100 == 0:
            await ctx.checkpoint(number)
    return lines


@job(name="cases.patient", retries=3)
async def patient(ctx: JobContext[int]) -> None:
    while True:
        await ctx.check_interrupt()
        await asyncio.sleep(0.001)  # waits: the pace of this job


Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start_one(library: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(library)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def opened(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"


async def test_two_processes_that_start_at_one_instant_after_a_crash_resume_each_job_once(
    tmp_path: Path, start: Start
) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        victim = start(library.path)
        opened(victim)
        handles = await library.jobs.dispatch_many([jobs.count_async.new(400) for _ in range(4)])

        async def all_run() -> bool:
            return (await library.jobs.counts())[JobStatus.RUNNING] == 4

        await aeventually(all_run)
        victim.kill()
        victim.wait(10)
        both = [start(library.path), start(library.path)]
        for process in both:
            opened(process)
        assert [await handle.wait(timeout=20) for handle in handles] == [400] * 4
        for handle in handles:
            info = await library.jobs.info(handle.id)
            assert (info.attempt, info.metrics.items_ok) == (2, 400)


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGKILL])
async def test_a_stopped_worker_costs_a_job_no_retry(tmp_path: Path, start: Start, signal_: signal.Signals) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        worker = start(library.path)
        opened(worker)
        handle = await library.jobs.dispatch(patient.new())

        async def running() -> bool:
            return await handle.status() is JobStatus.RUNNING

        await aeventually(running)
        worker.send_signal(signal_)
        worker.wait(20)
        second = start(library.path)
        opened(second)

        async def again() -> bool:
            return (await library.jobs.info(handle.id)).attempt == 2

        await aeventually(again)
        info = await library.jobs.info(handle.id)
        assert (info.errors, info.crashes) == (0, 1 if signal_ is signal.SIGKILL else 0)


async def test_a_failure_between_the_slot_and_the_start_leaks_no_slot(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, slots=2) as library:
        failpoint.arm("attempt.start", failpoint.ACTIONS["raise"])
        doomed = await library.jobs.dispatch_many([jobs.count_async.new(1) for _ in range(6)])
        for handle in doomed:
            with pytest.raises(JobFailed, match=r"attempt\.start"):
                await handle.wait(timeout=5)
        failpoint.disarm_all()
        assert await (await library.jobs.dispatch(jobs.count_async.new(3))).wait(timeout=5) == 3


@pytest.mark.timeout(60)
async def test_many_writers_a_watching_page_and_a_long_reader_meet_no_lock_error(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, slots=16) as library:
        stop = threading.Event()
        reader = apsw.Connection(str(library.path / "jobs.db"))
        reader.execute("BEGIN; SELECT count(*) FROM jobs")  # a snapshot held all the while

        async def poll() -> int:
            looks = 0
            while not stop.is_set():
                await library.jobs.list(limit=20)
                await library.jobs.counts()
                looks += 1
            return looks

        polling = asyncio.get_running_loop().create_task(poll())

        async def write() -> None:
            for _ in range(10):
                assert await (await library.jobs.dispatch(jobs.count_async.new(3))).wait(timeout=30) == 3

        await asyncio.gather(*(write() for _ in range(16)))
        stop.set()
        assert await polling > 3
        reader.execute("COMMIT")
        reader.close()
        assert (await library.jobs.counts())[JobStatus.COMPLETED] == 160


async def test_logging_never_fails_a_job_and_is_bounded(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        outsider = apsw.Connection(str(library.path / "jobs.db"))
        outsider.set_busy_timeout(10_000)
        handle = await library.jobs.dispatch(loud.new(30_000))
        outsider.execute("BEGIN IMMEDIATE")
        outsider.execute("COMMIT")
        outsider.close()
        assert await handle.wait(timeout=20) == 30_000
        lines = await library.jobs.logs(handle.id, limit=1_000_000)
        assert lines[-1].message == "line 29999"
        assert sum(path.stat().st_size for path in (library.path / "logs").iterdir()) < 3 << 20


async def test_due_jobs_survive_a_kill_at_the_moment_they_become_due(tmp_path: Path) -> None:
    """Due and ready are one row: there is no moment between them."""
    script = (
        "import asyncio, sys\n"
        "from spacedrive_jobs._store.store import Store\n"
        "from spacedrive_jobs.testing import ManualClock\n"
        "from pathlib import Path\n"
        "store = Store(Path(sys.argv[1]), ManualClock())\n"
        "store.open(create=False, holders=tuple)\n"
        "asyncio.run(store.pass_time())\n"
    )
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        await library.jobs.dispatch_many([jobs.count_async.new(1) for _ in range(500)])
    connection = apsw.Connection(str(tmp_path / "library" / "jobs.db"))
    connection.execute("UPDATE jobs SET due_at = 1")
    connection.close()
    for action, nth in (("kill", 1), ("raise", 1)):
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "library")],
            env={"SPACEDRIVE_JOBS_FAILPOINTS": f"queue.time_passed={action}@{nth}", "PATH": "/usr/bin"},
            check=False,
            capture_output=True,
            cwd=ROOT,
        )
    async with Library.open(tmp_path / "library", slots=50) as library:

        async def all_done() -> bool:
            return (await library.jobs.counts())[JobStatus.COMPLETED] == 500

        await aeventually(all_done, within=20)
