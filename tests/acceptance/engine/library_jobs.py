"""Jobs over `library.db`, importable by runners in other processes."""

from __future__ import annotations

import asyncio
import sys

from spacedrive_jobs import BlockingJobContext, JobContext, JobStatus, Library, job

TABLES = (
    "CREATE TABLE IF NOT EXISTS entry (number INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pictured (number INTEGER NOT NULL)",
)


@job(name="library.picture")
async def picture(ctx: JobContext, number: int) -> int:
    async with ctx.library_db.transaction() as tx:
        await tx.execute("INSERT INTO pictured VALUES (?)", (number,))
    return number


@job(name="library.index")
async def index(ctx: JobContext[int], count: int) -> int:
    """Rows without a key of their own, so that one written twice would be seen; a job for every third."""
    done = await ctx.load_state(default=0)
    while done < count:
        async with ctx.library_db.transaction() as tx:
            await tx.executemany("INSERT INTO entry VALUES (?)", [(number,) for number in range(done, done + 3)])
            await ctx.library.jobs.dispatch(picture.new(done), tx=tx)
            ctx.item(f"{done}")
            done += 3
            await ctx.checkpoint(done, tx=tx)
    return done


@job(name="library.index_in_thread")
def index_in_thread(ctx: BlockingJobContext[int], count: int) -> int:
    done = ctx.load_state(default=0)
    while done < count:
        with ctx.library_db.transaction() as tx:
            tx.executemany("INSERT INTO entry VALUES (?)", [(number,) for number in range(done, done + 3)])
            ctx.library.jobs.dispatch(picture.new(done), tx=tx)
            ctx.item(f"{done}")
            done += 3
            ctx.checkpoint(done, tx=tx)
    return done


@job(name="library.index_isolated", isolation="process")
async def index_isolated(ctx: JobContext[int], count: int) -> int:
    done = await ctx.load_state(default=0)
    while done < count:
        async with ctx.library_db.transaction() as tx:
            await tx.execute("INSERT INTO entry VALUES (?)", (done,))
            ctx.item(f"{done}")
            done += 1
            await ctx.checkpoint(done, tx=tx)
    return done


@job(name="library.index_blocking_isolated", isolation="process")
def index_blocking_isolated(ctx: BlockingJobContext[int], count: int) -> int:
    done = ctx.load_state(default=0)
    while done < count:
        with ctx.library_db.transaction() as tx:
            tx.execute("INSERT INTO entry VALUES (?)", (done,))
            done += 1
            ctx.checkpoint(done, tx=tx)
    return done


async def run_to_the_end(path: str, kind: str, count: int) -> None:
    """One process's part of a job that several die over: dispatch it if nobody has, and run what there is."""
    async with Library.open(path, create=True, slots=2) as library:
        async with library.db.transaction() as tx:
            for table in TABLES:
                await tx.execute(table)
        if not (await library.jobs.list(kind=kind)).rows:
            await library.jobs.dispatch_named(kind, {"count": count})
        while True:
            counts = await library.jobs.counts()
            if not (counts[JobStatus.QUEUED] + counts[JobStatus.RUNNING]):
                return
            await asyncio.sleep(0.005)  # waits: for jobs of other processes too


def main() -> None:
    """`library_jobs.main()` in a program of its own."""
    asyncio.run(run_to_the_end(sys.argv[1], sys.argv[2], int(sys.argv[3])))
