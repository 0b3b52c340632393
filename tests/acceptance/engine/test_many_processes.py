"""Several processes on one library: each job runs once, and maintenance that is killed is done by the next."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spacedrive_jobs import BlockingJobContext, JobContext, JobStatus, Library, job
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
SCRIPT = """
import asyncio, sys
from spacedrive_jobs import Library
from tests.acceptance.engine import test_many_processes
async def main():
    async with Library.open(sys.argv[1], slots=int(sys.argv[2]), history_days=float(sys.argv[3])):
        print("open", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


@job(name="many.mark")
def mark(ctx: BlockingJobContext, number: int, witness: Path) -> None:
    """Leaves a line outside the library: what it says of itself is not asked."""
    with witness.open("ab", buffering=0) as file:
        file.write(b"%d\n" % number)


@job(name="many.stay")
async def stay(ctx: JobContext[int], number: int) -> None:
    await ctx.save_state(number)
    while True:
        await ctx.check_interrupt()
        await asyncio.sleep(0.01)  # waits: for the kill


@job(name="many.quick")
async def quick(ctx: JobContext, number: int) -> None:
    ctx.item(str(number))


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[subprocess.Popen[bytes]] = []

    def start_one(
        library: Path, *, slots: int = 4, history: float = 30, failpoints: str = ""
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(library), str(slots), str(history)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": failpoints},
        )
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        process.kill()
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def opened(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"


@pytest.mark.timeout(90)
async def test_eight_processes_run_five_thousand_jobs_once_each(tmp_path: Path, start: Start) -> None:
    witness = tmp_path / "witness"
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        await library.jobs.dispatch_many([mark.new(number, witness) for number in range(5_000)])
        processes = [start(library.path) for _ in range(8)]
        for process in processes:
            opened(process)

        async def all_done() -> bool:
            return (await library.jobs.counts())[JobStatus.COMPLETED] == 5_000

        await aeventually(all_done, within=60)
    lines = witness.read_text().split()
    assert Counter(map(int, lines)) == Counter(range(5_000))


async def test_a_rescue_that_is_killed_is_done_by_the_next_process_though_its_slot_is_taken(
    tmp_path: Path, start: Start
) -> None:
    path = tmp_path / "library"

    async def runs(library: Library, count: int) -> None:
        async def so_many() -> bool:
            return (await library.jobs.counts())[JobStatus.RUNNING] == count

        await aeventually(so_many)

    async with Library.open(path, create=True, runs="none") as library:
        handles = await library.jobs.dispatch_many([stay.new(number) for number in range(5)])
        victim = start(path, slots=4)
        opened(victim)
        await runs(library, 4)
    victim.kill()  # while nobody else has the library open who would see it
    victim.wait(10)
    rescuer = start(path, failpoints="rescue.one=kill@2")
    assert rescuer.wait(15) == -signal.SIGKILL
    opened(start(path, slots=1))
    async with Library.open(path, runs="none") as library:
        await runs(library, 1)
        assert sum([(await library.jobs.info(handle.id)).crashes for handle in handles]) >= 4


async def test_a_pruning_that_is_killed_is_done_by_the_next_process(tmp_path: Path, start: Start) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        for handle in await library.jobs.dispatch_many([quick.new(number) for number in range(50)]):
            await handle.wait()
    killed = start(tmp_path / "library", history=1e-9, failpoints="prune.one=kill@20")
    assert killed.wait(20) == -signal.SIGKILL
    async with Library.open(tmp_path / "library", runs="none") as library:
        assert (await library.jobs.counts())[JobStatus.COMPLETED] == 50, "half a step leaves nothing half done"
        opened(start(library.path, history=1e-9))

        async def gone() -> bool:
            return (await library.jobs.counts())[JobStatus.COMPLETED] == 0

        await aeventually(gone)
