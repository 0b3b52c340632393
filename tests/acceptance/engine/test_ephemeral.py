"""Ephemeral jobs: everything a handle gives, and no row in the library."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spacedrive_jobs import (
    ArgumentError,
    BlockingJobContext,
    Completed,
    Count,
    JobContext,
    JobGone,
    JobNotFound,
    JobStatus,
    Library,
    ProgressChanged,
    job,
)
from spacedrive_jobs.testing import open_library


@job(name="test.preview", ephemeral=True)
async def preview(ctx: JobContext[int], steps: int) -> str:
    start = await ctx.load_state(default=0)
    for step in range(start, steps):
        ctx.progress(Count(step + 1, steps))
        ctx.item(f"picture {step}")
        await ctx.checkpoint(step + 1)
    return f"{steps} of {ctx.library.path.name}"


@job(name="test.preview_waits", ephemeral=True)
async def preview_waits(ctx: JobContext[int]) -> int:
    before = await ctx.load_state(default=0)
    if before == 0:
        await ctx.save_state(1)
        ctx.progress(Count(1, 2))
        while True:
            await ctx.check_interrupt()
            await asyncio.sleep(0)
    return before


@job(name="test.preview_thread", ephemeral=True)
def preview_thread(ctx: BlockingJobContext, rows: int) -> int:
    with ctx.library_db.transaction() as tx:
        tx.execute("CREATE TABLE IF NOT EXISTS seen (n INTEGER)")
        tx.executemany("INSERT INTO seen VALUES (?)", [(n,) for n in range(rows)])
    return len(ctx.library_db.query("SELECT n FROM seen"))


@job(name="test.preview_parent", ephemeral=True)
async def preview_parent(ctx: JobContext) -> list[str]:
    children = [await ctx.spawn_child(preview.new(n + 1), key=str(n)) for n in range(3)]
    await ctx.wait_for_children()
    return [await child.wait() for child in children]


@job(name="test.kept")
async def kept(ctx: JobContext, steps: int) -> str:
    child = await ctx.spawn_child(preview.new(steps))
    return await child.wait()


def rows_of(library: Path) -> int:
    """Counted from outside, in every table that names jobs."""
    script = (
        "import apsw,sys; c=apsw.Connection(sys.argv[1]);"
        "print(sum(c.execute(f'SELECT count(*) FROM {t}').fetchone()[0] for t in"
        " ('jobs','job_history','job_events','job_items','job_checkpoints')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, library / "jobs.db"], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


async def test_its_handle_gives_all_and_the_library_has_no_row(tmp_path: Path) -> None:
    async with open_library(tmp_path / "library") as library:
        handle = await library.jobs.dispatch(preview.new(3))
        updates = [update async for update in handle.subscribe()]
        assert updates[-1] == Completed("3 of library")
        assert any(isinstance(update, ProgressChanged) for update in updates)
        assert await handle.wait() == "3 of library"
        again = await library.jobs.get(handle.id, preview)
        assert await again.wait() == "3 of library"
        info = await library.jobs.info(handle.id)
        assert (info.kind, info.status) == ("test.preview", JobStatus.COMPLETED)
        assert [item.item for item in (await library.jobs.items(handle.id)).rows] == [f"picture {n}" for n in range(3)]
        assert (await library.jobs.list()).rows == ()
        assert not any((await library.jobs.counts()).values())
        assert rows_of(tmp_path / "library") == 0
    assert not list((tmp_path / "library" / "run").iterdir())
    async with open_library(tmp_path / "library") as library:
        with pytest.raises((JobNotFound, JobGone)):
            await library.jobs.get(handle.id)


async def test_it_is_paused_resumed_and_cancelled_like_any_job(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        handle = await library.jobs.dispatch(preview_waits.new())
        async for update in handle.subscribe():
            if isinstance(update, ProgressChanged):
                break
        await handle.pause()
        await handle.paused()
        await handle.resume()
        assert await handle.wait() == 1
        other = await library.jobs.dispatch(preview_waits.new())
        await other.cancel()
        assert [update async for update in other.subscribe()]
        assert await other.status() is JobStatus.CANCELLED


async def test_in_a_thread_and_with_children_it_has_the_librarys_own_database(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        assert await (await library.jobs.dispatch(preview_thread.new(5))).wait() == 5
        assert await library.db.query("SELECT count(*) FROM seen") == [(5,)]
        whole = await (await library.jobs.dispatch(preview_parent.new())).wait()
        assert whole == [f"{n + 1} of {tmp_path.name}" for n in range(3)]
        assert rows_of(tmp_path) == 0


async def test_the_child_of_a_stored_job_is_stored(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        assert await (await library.jobs.dispatch(kept.new(2))).wait() == f"2 of {tmp_path.name}"
        assert {info.kind for info in (await library.jobs.list()).rows} == {"test.kept", "test.preview"}


async def test_what_needs_rows_is_refused_in_words(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        with pytest.raises(ArgumentError, match="dispatch it apart from jobs that are stored"):
            await library.jobs.dispatch_many([preview.new(1), kept.new(1)])
        with pytest.raises(ArgumentError, match="a schedule is stored"):
            library.jobs.schedule(preview.new(1))
        async with library.db.transaction() as tx:
            with pytest.raises(ArgumentError, match="no row that a transaction could store"):
                await library.jobs.dispatch(preview.new(1), tx=tx)
    async with open_library(tmp_path, runs="none") as library:
        with pytest.raises(ArgumentError, match="this process runs no jobs"):
            await library.jobs.dispatch(preview.new(1))


KILLED = """
import asyncio, sys
from spacedrive_jobs import JobContext, Library, job

@job(name="test.for_ever", ephemeral=True)
async def for_ever(ctx: JobContext) -> None:
    print("runs", flush=True)
    while True:
        await ctx.check_interrupt()
        await asyncio.sleep(0.01)  # waits: for the kill

async def main() -> None:
    async with Library.open(sys.argv[1], create=True) as library:
        await (await library.jobs.dispatch(for_ever.new())).wait()

asyncio.run(main())
"""


async def test_a_killed_process_takes_them_with_it_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"runs\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    left = list((tmp_path / "run").glob("*.ephemeral"))
    assert len(left) == 1
    async with Library.open(tmp_path) as library:
        assert (await library.jobs.list()).rows == ()
        while left[0].exists():
            await asyncio.sleep(0.01)  # waits: for the sweep, a service of its own
    assert rows_of(tmp_path) == 0
