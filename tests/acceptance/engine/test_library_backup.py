"""`Library.backup`: a copy taken while jobs run is a library as it was at one moment, and opens paused."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from spacedrive_jobs import JobContext, JobStatus, Library, job
from spacedrive_jobs._store import hot_copy
from tests.acceptance.engine import library_jobs as jobs
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
PROGRAM = "from tests.acceptance.engine import library_jobs; library_jobs.main()"
COUNT = 600


@job(name="backup.once")
async def once(ctx: JobContext, number: int) -> int:
    return number


async def make_tables(library: Library) -> None:
    async with library.db.transaction() as tx:
        for table in jobs.TABLES:
            await tx.execute(table)


async def rows(library: Library, table: str) -> list[int]:
    return [int(str(row[0])) for row in await library.db.query(f"SELECT number FROM {table} ORDER BY number")]


async def finish(path: Path) -> None:
    """Open a copy, let it run, and see that nothing is missing in it and nothing is there twice."""
    async with Library.open(path, runs="none") as library:
        assert list(await library.jobs.paused_queues()) == [None]
        before = await rows(library, "entry")
        assert before == list(range(len(before))), "rows of a transaction are in it whole or not at all"
    async with Library.open(path) as library:
        counts = await library.jobs.counts()
        assert counts[JobStatus.RUNNING] == 0
        await library.jobs.resume_queue()
        (info,) = (await library.jobs.list(kind="library.index")).rows
        assert await (await library.jobs.get(info.id, jobs.index)).wait(timeout=60) == COUNT

        async def nothing_waits() -> bool:
            now = await library.jobs.counts()
            return now[JobStatus.QUEUED] + now[JobStatus.RUNNING] == 0

        await aeventually(nothing_waits, within=60)
        assert await rows(library, "entry") == list(range(COUNT))
        assert sorted(set(await rows(library, "pictured"))) == list(range(0, COUNT, 3))


async def test_copies_while_jobs_write_rows_are_each_whole(tmp_path: Path) -> None:
    copies: list[Path] = []
    async with Library.open(tmp_path / "library", create=True) as library:
        await make_tables(library)
        handle = await library.jobs.dispatch(jobs.index.new(COUNT))
        while not (await handle.status()).is_terminal:
            copies.append(tmp_path / f"copy {len(copies)}")
            await library.backup(copies[-1])
        assert await handle.wait() == COUNT
    assert len(copies) > 3
    for copy in (copies[0], copies[len(copies) // 2], copies[-1]):
        await finish(copy)


async def test_another_process_that_writes_meanwhile(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "library"), "library.index", str(COUNT)]
    with subprocess.Popen(command, cwd=ROOT) as writer:
        async with Library.open(tmp_path / "library", create=True, runs="none") as library:
            await make_tables(library)

            async def begun() -> bool:
                return len(await rows(library, "entry")) > COUNT // 10

            await aeventually(begun, within=30)
            for number in range(3):
                await library.backup(tmp_path / f"copy {number}")
        assert writer.wait(60) == 0
    for number in range(3):
        await finish(tmp_path / f"copy {number}")


async def test_a_copy_is_a_library_and_its_original_is_as_before(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "caf\udce9", create=True) as library:
        handle = await library.jobs.dispatch(once.new(5))
        assert await handle.wait(timeout=20) == 5
        await library.backup(tmp_path / "copy \udce9")
        with pytest.raises(FileExistsError, match="there already"):
            await library.backup(tmp_path / "copy \udce9")
        assert await library.jobs.paused_queues() == {}
    assert sorted(path.name for path in (tmp_path / "copy \udce9").iterdir()) == ["jobs.db", "library.db"]
    async with Library.open(tmp_path / "copy \udce9", runs="none") as copy:
        again = await copy.jobs.get(handle.id, once)
        assert await again.wait(timeout=1) == 5
        assert "original may have run these jobs" in (await copy.jobs.paused_queues())[None]
    async with Library.open(tmp_path / "caf\udce9", runs="none") as library:
        assert await library.jobs.paused_queues() == {}
    assert not list(tmp_path.glob(".*"))


async def test_it_is_refused_inside_a_transaction(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        async with library.db.transaction():
            with pytest.raises(RuntimeError, match="inside a transaction"):
                await library.backup(tmp_path / "copy")
        await library.backup(tmp_path / "copy")


async def test_one_that_is_given_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, go_on = threading.Event(), threading.Event()
    write = hot_copy.Snapshot.write

    def slow(self: hot_copy.Snapshot, target: Path, stop: threading.Event) -> None:
        writing.set()
        go_on.wait(20)
        write(self, target, stop)

    monkeypatch.setattr(hot_copy.Snapshot, "write", slow)
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        task = asyncio.get_running_loop().create_task(library.backup(tmp_path / "copy"))
        assert await asyncio.to_thread(writing.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

        async def gone() -> bool:
            return [path.name for path in tmp_path.iterdir()] == ["library"]

        await aeventually(gone, within=20)


def test_without_asyncio(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path / "library", create=True, runs="none") as library:
        library.backup(tmp_path / "copy")
    with Library.open_blocking(tmp_path / "copy", runs="none") as copy:
        assert list(copy.jobs.paused_queues()) == [None]
