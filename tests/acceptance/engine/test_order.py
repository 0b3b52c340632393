"""The order of what waits, changed by several processes while another runs the jobs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spacedrive_jobs import (
    After,
    ArgumentError,
    Before,
    BlockingJobContext,
    JobId,
    JobStatus,
    Library,
    TransitionRefused,
    job,
)
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
MOVES = 120

MOVER = """
import asyncio, random, sys
from spacedrive_jobs import After, Before, Library, TransitionRefused
async def main():
    dice, moved, refused = random.Random(int(sys.argv[2])), 0, 0
    async with Library.open(sys.argv[1], runs="none") as library:
        for _ in range(int(sys.argv[3])):
            rows = (await library.jobs.waiting(60)).rows
            if len(rows) < 4:
                break
            one, two, beside = (row.id for row in dice.sample(rows, 3))
            try:
                await library.jobs.place([one, two], dice.choice((Before(beside), After(beside), "first", "last")))
                moved += 1
            except TransitionRefused:
                refused += 1
    print(moved, refused)
asyncio.run(main())
"""


@job(name="order.mark")
def mark(ctx: BlockingJobContext, number: int, witness: Path) -> None:
    """Leaves a line outside the library."""
    with witness.open("ab", buffering=0) as file:
        file.write(b"%d\n" % number)


def marks(witness: Path) -> list[int]:
    return [int(line) for line in witness.read_text().split()] if witness.exists() else []


async def order(library: Library) -> list[int]:
    rows = (await library.jobs.waiting(10_000)).rows
    return [row.arguments["number"] for row in rows]  # type: ignore[index]  # plain values


def start(script: str, *words: str, failpoints: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": failpoints}
    return subprocess.Popen(
        [sys.executable, "-c", script, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )


@pytest.mark.timeout(90)
async def test_two_that_move_and_one_that_runs(tmp_path: Path) -> None:
    """Nothing is lost or run twice, and what is left runs in the order that is shown."""
    path, witness, count = tmp_path / "library", tmp_path / "witness", 300
    async with Library.open(path, create=True, slots=1) as library:
        await library.jobs.pause_queue()
        await library.jobs.dispatch_many([mark.new(number, witness) for number in range(count)])
        movers = [start(MOVER, str(path), str(seed), str(MOVES)) for seed in (1, 2)]
        await aeventually(lambda: _differs(library, list(range(count))), within=30)
        await library.jobs.resume_queue()
        told = [await asyncio.to_thread(mover.communicate) for mover in movers]
        assert [mover.returncode for mover in movers] == [0, 0]
        assert all(int(out.split()[0]) > 0 for out, _ in told), told
        await library.jobs.pause_queue()
        await aeventually(lambda: _nothing_runs(library))
        left, before = await order(library), marks(witness)
        await library.jobs.resume_queue()
        await aeventually(lambda: _all_marked(witness, count), within=60)
    assert marks(witness)[len(before) :] == left
    assert sorted(marks(witness)) == list(range(count))


async def _differs(library: Library, from_: list[int]) -> bool:
    return await order(library) != from_


async def _nothing_runs(library: Library) -> bool:
    return (await library.jobs.counts())[JobStatus.RUNNING] == 0


async def _all_marked(witness: Path, count: int) -> bool:
    return len(marks(witness)) == count


@pytest.mark.timeout(60)
async def test_what_has_started_elsewhere_meanwhile_is_refused(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, runs="none") as here:
        first = (await here.jobs.dispatch(mark.new(1, tmp_path / "witness"))).id
        async with Library.open(tmp_path, slots=1) as there:
            await there.jobs.handle_of(first).wait(timeout=20)
        second, third = [(await here.jobs.dispatch(mark.new(number, tmp_path / "witness"))).id for number in (2, 3)]
        with pytest.raises(TransitionRefused, match=r"cannot move job .*: it is completed"):
            await here.jobs.place([first], After(third))
        with pytest.raises(TransitionRefused, match=r"cannot put another beside job .*: it is completed"):
            await here.jobs.place([second], Before(first))


KILLED = """
import asyncio, sys
from spacedrive_jobs import Before, JobId, Library
async def main():
    async with Library.open(sys.argv[1], runs="none") as library:
        await library.jobs.place([JobId.parse(one) for one in sys.argv[3:]], Before(JobId.parse(sys.argv[2])))
asyncio.run(main())
"""


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.timeout(60)
async def test_a_move_that_was_killed_half_way_has_not_been(tmp_path: Path, nth: int) -> None:
    async with Library.open(tmp_path, create=True, runs="none") as library:
        handles = await library.jobs.dispatch_many([mark.new(number, tmp_path / "witness") for number in range(6)])
        ids = [str(handle.id) for handle in handles]
        mover = start(KILLED, str(tmp_path), ids[1], *ids[3:], failpoints=f"placing.moved=kill@{nth}")
        await asyncio.to_thread(mover.communicate)
        assert mover.returncode == -signal.SIGKILL
        assert await order(library) == [0, 1, 2, 3, 4, 5]
        await library.jobs.place([JobId.parse(one) for one in ids[3:]], Before(JobId.parse(ids[1])))
        assert await order(library) == [0, 3, 4, 5, 1, 2]


async def test_a_kind_that_is_empty_pauses_nothing(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, runs="none") as library:
        for verb in (library.jobs.pause_queue, library.jobs.resume_queue):
            with pytest.raises(ValueError, match="the kind is empty"):
                await verb("")
        assert await library.jobs.paused_queues() == {}


@pytest.mark.parametrize("priority", [1_000_001, -1_000_001, 10**20])
async def test_a_priority_that_is_out_of_bounds_is_refused(tmp_path: Path, priority: int) -> None:
    async with Library.open(tmp_path, create=True, runs="none") as library:
        with pytest.raises(ArgumentError, match="is not between -1,000,000 and 1,000,000"):
            await library.jobs.dispatch(mark.new(1, tmp_path), priority=priority)
        handle = await library.jobs.dispatch(mark.new(1, tmp_path), priority=1_000_000)
        with pytest.raises(ValueError, match="is not between"):
            await handle.set_priority(priority)
        assert [info.priority for info in (await library.jobs.list()).rows] == [1_000_000]
