"""Parents under fire, crowds of children, and a race for one unique job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from spacedrive_jobs import JobStatus, Library
from spacedrive_jobs.testing import open_library
from tests.acceptance.engine.family_jobs import crowd, unique
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
PROGRAM = "from tests.acceptance.engine import family_jobs; family_jobs.main()"
DEATH = (
    "import asyncio, sys; from tests.acceptance.engine import family_jobs; asyncio.run(family_jobs.die(*sys.argv[1:]))"
)
RACE = (
    "import asyncio, sys; from tests.acceptance.engine import family_jobs; "
    "asyncio.run(family_jobs.race(sys.argv[1], sys.argv[2], int(sys.argv[3])))"
)


@pytest.mark.parametrize("nth", range(1, 17))
@pytest.mark.parametrize("point", ["store.before_commit", "store.committed"])
@pytest.mark.timeout(120)
def test_a_parent_killed_at_any_of_its_writes_has_no_twin_child(tmp_path: Path, point: str, nth: int) -> None:
    """On one slot, so the parent gives its own to each child; and killed again at the n-th write of what was left."""
    library, mark = tmp_path / "library", tmp_path / "mark"
    killed = 0
    for end in (f"{point}=kill@{nth}", f"{point}=kill@{nth}", ""):
        environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": end}
        command = [sys.executable, "-c", PROGRAM, str(library), str(mark)]
        done = subprocess.run(command, check=False, cwd=ROOT, env=environment, stderr=subprocess.PIPE, timeout=60)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode != 0
    assert killed
    with closing(apsw.Connection(str(library / "jobs.db"))) as connection:
        ended = connection.execute("SELECT kind, status, count(*) FROM job_history GROUP BY kind, status").fetchall()
        assert sorted(ended) == [("family.child", "completed", 3), ("family.parent", "completed", 1)]
        output = connection.execute("SELECT output FROM job_history WHERE kind = 'family.parent'").fetchall()
        assert output == [(bytes([1 + 4 + 9 + 1]),)]
    assert 1 <= len(mark.read_bytes()) <= 3  # a step is stored after it ran: killed between the two, it runs again


@pytest.mark.timeout(120)
async def test_who_finds_a_parent_dead_for_good_tidies_up_its_children_though_it_runs_only_its_own(
    tmp_path: Path,
) -> None:
    library_path, mark = tmp_path / "library", tmp_path / "mark"
    for _ in range(3):
        command = [sys.executable, "-c", DEATH, str(library_path), str(mark)]
        done = subprocess.run(command, check=False, cwd=ROOT, stderr=subprocess.PIPE, timeout=20)
        assert done.returncode == -signal.SIGKILL, done.stderr
    async with Library.open(library_path, runs="own") as library:

        async def all_have_ended() -> bool:
            return all(info.status.is_terminal for info in (await library.jobs.list()).rows)

        await aeventually(all_have_ended)
        ended = {info.kind: info.status for info in (await library.jobs.list()).rows}
    assert ended == {"family.doomed": JobStatus.FAILED, "family.begun": JobStatus.CANCELLED}
    assert mark.read_bytes() == b"x"


@pytest.mark.timeout(120)
async def test_a_thousand_children_settle_with_exact_results(tmp_path: Path) -> None:
    """Ten thousand: `make soak`."""
    async with open_library(tmp_path) as library:
        handle = await library.jobs.dispatch(crowd.new(1_000))
        assert await handle.wait(timeout=100) == sum(number * number for number in range(1_000))
        assert (await library.jobs.counts())[JobStatus.COMPLETED] == 1_001


@pytest.mark.timeout(60)
async def test_a_race_of_64_dispatchers_over_four_processes_has_one_winner(tmp_path: Path) -> None:
    library_path = tmp_path / "library"
    async with Library.open(library_path, create=True, runs="none") as library:
        for round_ in range(3):
            racers = [
                subprocess.Popen(
                    [sys.executable, "-c", RACE, str(library_path), f"round {round_}", "16"],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                for _ in range(4)
            ]
            try:
                for racer in racers:
                    assert racer.stdout is not None
                    assert racer.stdout.readline() == "ready\n"
                for racer in racers:
                    assert racer.stdin is not None
                    racer.stdin.write("go\n")
                    racer.stdin.flush()
                ids = " ".join(racer.communicate(timeout=30)[0] for racer in racers).split()
            finally:
                for racer in racers:
                    racer.kill()
                    racer.wait()
            assert len(ids) == 64
            assert len(set(ids)) == 1
            assert len((await library.jobs.list(kind="family.unique")).rows) == round_ + 1
            handle = await library.jobs.dispatch(unique.new(f"round {round_}", 99))
            assert str(handle.id) == ids[0]
