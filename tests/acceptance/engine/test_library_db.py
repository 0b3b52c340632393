"""`library.db`: rows, jobs and state commit together or not at all, whoever dies between any two writes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from contextlib import closing, suppress
from contextvars import Context
from pathlib import Path

import apsw
import pytest

from spacedrive_jobs import (
    AttemptEnded,
    BlockingJobContext,
    JobContext,
    JobFailed,
    JobNotFound,
    JobStatus,
    Library,
    NotUnique,
    Unique,
    job,
)
from spacedrive_jobs._model.transition import Claim
from spacedrive_jobs._store.library_file import LibraryFile
from spacedrive_jobs.testing import open_library
from tests.acceptance.engine import library_jobs as jobs
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
PROGRAM = "from tests.acceptance.engine import library_jobs; library_jobs.main()"


async def _create(library: Library) -> None:
    async with library.db.transaction() as tx:
        for table in jobs.TABLES:
            await tx.execute(table)


async def _numbers(library: Library, table: str = "entry") -> list[object]:
    return [number for (number,) in await library.db.query(f"SELECT number FROM {table} ORDER BY number")]


async def _unfinished(library: Library) -> int:
    counts = await library.jobs.counts()
    return counts[JobStatus.QUEUED] + counts[JobStatus.RUNNING]


async def test_rows_and_jobs_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        await _create(library)
        async with library.db.transaction() as tx:
            await tx.execute("INSERT INTO entry VALUES (?)", (1,))
            kept = await library.jobs.dispatch(jobs.picture.new(1), tx=tx)
            second = await library.jobs.dispatch(jobs.picture.new(2), after=[kept], tx=tx)
            with pytest.raises(JobNotFound):
                await kept.status()
        assert await second.wait(timeout=5) == 2
        lost = kept
        with suppress(ZeroDivisionError):
            async with library.db.transaction() as tx:
                await tx.execute("INSERT INTO entry VALUES (?)", (2,))
                (lost,) = await library.jobs.dispatch_many([jobs.picture.new(3)], tx=tx)
                raise ZeroDivisionError
        with pytest.raises(JobNotFound):
            await lost.wait()
        assert await _numbers(library) == [1]
        assert await _numbers(library, "pictured") == [1, 2]
        with pytest.raises(RuntimeError, match="the transaction has ended"):
            await tx.execute("SELECT 1")


def test_a_program_without_asyncio_has_the_same(tmp_path: Path) -> None:
    with Library.open_blocking(tmp_path, create=True) as library:
        with library.db.transaction() as tx:
            for table in jobs.TABLES:
                tx.execute(table)
            tx.executemany("INSERT INTO entry VALUES (?)", [(1,), (2,)])
            handle = library.jobs.dispatch(jobs.picture.new(5), tx=tx)
        assert handle.wait(timeout=5) == 5
        with suppress(ZeroDivisionError), library.db.transaction() as tx:
            tx.execute("DELETE FROM entry")
            raise ZeroDivisionError
        assert library.db.query("SELECT count(*) FROM entry") == [(2,)]


@pytest.mark.parametrize("kind", [jobs.index, jobs.index_in_thread, jobs.index_isolated, jobs.index_blocking_isolated])
async def test_a_job_stores_its_state_with_its_rows(tmp_path: Path, kind: object) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await _create(library)
        handle = await library.jobs.dispatch(kind.new(30))  # type: ignore[attr-defined]
        assert await handle.wait(timeout=20) == 30
        await aeventually(lambda: _none_unfinished(library))
        assert await _numbers(library) == list(range(30))

        async def forgotten() -> bool:
            rows = await library.db.query("SELECT (SELECT count(*) FROM sd_fence), (SELECT count(*) FROM sd_state)")
            return rows == [(0, 0)]

        await aeventually(forgotten)


async def _none_unfinished(library: Library) -> bool:
    return not await _unfinished(library)


POINTS = (
    "library.fenced",
    "library.before_commit",
    "library.committed",
    "checkpoint.stored",
    "relay.stored",
    "queue.enqueued",
    "queue.claimed",
    "store.before_commit",
    "store.committed",
)


@pytest.mark.parametrize("kind", ["library.index", "library.index_in_thread"])
@pytest.mark.parametrize("nth", [1, 2, 5, 11])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.timeout(120)
def test_killed_between_any_two_writes_rows_jobs_and_state_agree(
    tmp_path: Path, point: str, nth: int, kind: str
) -> None:
    """Each process dies at the same point again, a little later in the work; the last one lives."""
    path = tmp_path / "library"
    killed = 0
    for end in (f"{point}=kill@{nth}", f"{point}=kill@{nth + 1}", ""):
        environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": end}
        command = [sys.executable, "-c", PROGRAM, str(path), kind, "30"]
        done = subprocess.run(
            command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode != 0
    assert killed or point == "library.fenced" or nth > 9
    with closing(apsw.Connection(str(path / "library.db"))) as connection:
        assert connection.execute("SELECT number FROM entry ORDER BY number").fetchall() == [(n,) for n in range(30)]
        # A picture's own job has no state: killed after its commit, it does its row again. Its dispatch is exact.
        assert connection.execute("SELECT DISTINCT number FROM pictured ORDER BY number").fetchall() == [
            (number,) for number in range(0, 30, 3)
        ]
        assert connection.execute("SELECT count(*) FROM sd_outbox").fetchall() == [(0,)]
    with closing(apsw.Connection(str(path / "jobs.db"))) as connection:
        assert connection.execute(
            "SELECT kind, status, count(*) FROM job_history GROUP BY kind, status ORDER BY kind"
        ).fetchall() == [(kind, "completed", 1), ("library.picture", "completed", 10)]
        items = "SELECT item FROM job_items JOIN job_history ON job_id = id WHERE kind = ? ORDER BY seq"
        assert connection.execute(items, (kind,)).fetchall() == [(b"%d" % number,) for number in range(0, 30, 3)]


DYING = """
import asyncio, os, signal, sys
from datetime import timedelta
from spacedrive_jobs import JobContext, Library, job

@job(name="library.dies", checkpoint_interval=timedelta(seconds=60))
async def dies(ctx: JobContext[int]) -> int:
    state = await ctx.load_state(default=0)
    if state < 6:
        if len(sys.argv) == 2 or state == 0:  # it gets further each time before it dies; or not
            async with ctx.library_db.transaction() as tx:
                await ctx.checkpoint(state + 1, tx=tx)
        os.kill(os.getpid(), signal.SIGKILL)
    return state

async def main():
    async with Library.open(sys.argv[1], create=True) as library:
        page = await library.jobs.list()
        handle = await library.jobs.get(page.rows[0].id) if page.rows else await library.jobs.dispatch(dies.new())
        try:
            print(await handle.wait())
        except Exception as error:
            print(error)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("gets_further", "said", "deaths"), [(True, "6", 6), (False, "worker died 3 times", 3)], ids=["further", "in place"]
)
def test_a_state_beside_rows_counts_as_getting_further(
    tmp_path: Path, gets_further: bool, said: str, deaths: int
) -> None:
    """Though jobs.db did not see it before the process died: the budget is for jobs that die in one place."""
    words = [] if gets_further else ["in place"]
    for _ in range(deaths):
        done = subprocess.run(
            [sys.executable, "-c", DYING, tmp_path / "library", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    last = subprocess.run(
        [sys.executable, "-c", DYING, tmp_path / "library", *words], capture_output=True, text=True, check=False
    )
    assert said in last.stdout, last.stdout + last.stderr


# --- the fence --------------------------------------------------------------------------------------------------------

between = asyncio.Event()
go_on = asyncio.Event()
outcome: list[BaseException | None] = []


@job(name="library.two_transactions")
async def two_transactions(ctx: JobContext[int]) -> None:
    async with ctx.library_db.transaction() as tx:
        await tx.execute("INSERT INTO entry VALUES (1)")
    between.set()
    await go_on.wait()
    try:
        async with ctx.library_db.transaction() as tx:
            await tx.execute("INSERT INTO entry VALUES (2)")
            await ctx.checkpoint(2, tx=tx)
    except BaseException as error:
        outcome.append(error)
        raise
    finally:
        outcome.append(None)


async def test_an_attempt_that_a_newer_one_has_followed_commits_nothing(tmp_path: Path) -> None:
    global between, go_on
    between, go_on = asyncio.Event(), asyncio.Event()
    outcome.clear()
    async with open_library(tmp_path) as library:
        await _create(library)
        handle = await library.jobs.dispatch(two_transactions.new())
        await between.wait()
        engine = library.jobs._engine
        await engine.library_file.raise_fence(Claim(handle.id, 2, engine.runner))
        with pytest.raises(AttemptEnded):
            await engine.library_file.raise_fence(Claim(handle.id, 1, engine.runner))
        go_on.set()
        await aeventually(_came_to_its_end)
        assert isinstance(outcome[0], AttemptEnded)
        assert await library.db.query("SELECT count(*) FROM sd_state") == [(0,)]
        assert await _numbers(library) == [1]


async def _came_to_its_end() -> bool:
    return bool(outcome)


@job(name="library.stopped")
def stopped(ctx: BlockingJobContext[int]) -> int:
    state = ctx.load_state(default=0)
    with ctx.library_db.transaction() as tx:
        tx.execute("INSERT INTO entry VALUES (?)", (state,))
        ctx.checkpoint(state + 1, tx=tx)
    if state < 3:
        raise OSError("once more")
    return state


async def test_a_failed_job_is_retried_from_the_state_in_its_rows(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        await _create(library)
        handle = await library.jobs.dispatch(stopped.new())
        for _ in range(3):
            with pytest.raises(JobFailed, match="once more"):
                await handle.wait(timeout=5)
            handle = await handle.retry()
        assert await handle.wait(timeout=5) == 3
        assert await _numbers(library) == [0, 1, 2, 3]


# --- what has no place inside -----------------------------------------------------------------------------------------


@job(name="library.verbs")
async def verbs(ctx: JobContext[int]) -> list[str]:
    refused: list[str] = []
    async with ctx.library_db.transaction():
        for verb in (
            lambda: ctx.checkpoint(1),
            lambda: ctx.save_state(1),
            lambda: ctx.sleep(1, key="a"),
            lambda: ctx.ask("?", key="b"),
            lambda: ctx.spawn_child(jobs.picture.new(1)),
            ctx.wait_for_children,
            lambda: ctx.step("c", int),
            lambda: ctx.library.jobs.dispatch(jobs.picture.new(1)),
            lambda: ctx.library_db.transaction().__aenter__(),
        ):
            try:
                await verb()
            except RuntimeError as error:
                refused.append(str(error).partition(" inside a transaction")[0])
        await ctx.check_interrupt()
        ctx.log("said inside")
    await ctx.checkpoint(1)
    return refused


async def test_other_verbs_are_refused_inside_a_transaction(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        assert await (await library.jobs.dispatch(verbs.new())).wait(timeout=5) == [
            "checkpoint without tx=tx",
            "save_state",
            "sleep",
            "ask",
            "spawn",
            "children",
            "read step",
            "dispatch without tx=tx",
            "a second transaction",
        ]


@pytest.mark.parametrize("sql", ["COMMIT", " end", "ROLLBACK;", "BEGIN IMMEDIATE"])
async def test_only_leaving_the_block_ends_a_transaction(tmp_path: Path, sql: str) -> None:
    async with open_library(tmp_path) as library:
        await _create(library)
        async with library.db.transaction() as tx:
            await tx.execute("INSERT INTO entry VALUES (1)")
            with pytest.raises(ValueError, match="leaving its block"):
                await tx.execute(sql)
            with pytest.raises(apsw.SQLError):
                await tx.execute("ATTACH 'other.db' AS other")
            await tx.execute("SAVEPOINT mine")
            await tx.execute("DELETE FROM entry")
            await tx.execute("ROLLBACK TO mine")
        assert await _numbers(library) == [1]


async def test_dispatch_refuses_in_a_transaction_what_it_refuses_outside(tmp_path: Path) -> None:
    async with open_library(tmp_path, runs="none") as library:
        first = await library.jobs.dispatch(jobs.picture.new(1), unique=("number",))
        async with library.db.transaction() as tx:
            with pytest.raises(NotUnique):
                await library.jobs.dispatch(jobs.picture.new(1), unique=Unique(("number",), "reject"), tx=tx)
            twin = await library.jobs.dispatch(jobs.picture.new(1), unique=("number",), tx=tx)
            with pytest.raises(TypeError, match="is no transaction"):
                await library.jobs.dispatch(jobs.picture.new(1), tx=library.db)  # type: ignore[arg-type]
        assert twin.id == first.id
        assert await _unfinished(library) == 1


async def test_transactions_take_turns_and_a_cancelled_one_gives_its_own_up(tmp_path: Path) -> None:
    async with open_library(tmp_path) as library:
        await _create(library)
        order: list[int] = []

        async def write(number: int) -> None:
            async with library.db.transaction() as tx:
                await tx.execute("INSERT INTO entry VALUES (?)", (number,))
                order.append(number)

        async with library.db.transaction():
            outside = asyncio.get_running_loop()
            waiting = [outside.create_task(write(number), context=Context()) for number in range(4)]
            await asyncio.sleep(0)  # waits: they are in line
            waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert order == [0, 2, 3]
        assert await _numbers(library) == [0, 2, 3]


async def test_what_dead_runners_left_in_the_outbox_is_relayed_by_the_living(tmp_path: Path) -> None:
    """The next opening does it, or a process that has the library open and sees that the other is gone."""
    path = tmp_path / "library"
    async with Library.open(path, create=True) as library:
        environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": "library.committed=kill@2"}
        command = [sys.executable, "-c", PROGRAM, str(path), "library.index", "3"]
        subprocess.run(command, check=False, cwd=ROOT, env=environment, timeout=60)
        await aeventually(lambda: _ended(library, 2))


async def _ended(library: Library, count: int) -> bool:
    return (await library.jobs.counts())[JobStatus.COMPLETED] == count


def test_many_may_make_it_at_one_moment(tmp_path: Path) -> None:
    for number in range(20):
        files = [LibraryFile(tmp_path / f"{number}.db", durability="full") for _ in range(4)]
        made: list[Future[int]] = []
        for file in files:
            for submit in (file.use, file.read):
                done: Future[int] = Future()
                submit(lambda _: 1, done)
                made.append(done)
        assert [done.result(20) for done in made] == [1] * 8
        for file in files:
            file.close()
