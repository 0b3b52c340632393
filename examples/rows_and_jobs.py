"""Rows of your own and jobs, in one transaction: `python examples/rows_and_jobs.py`.

Killed between any two lines, the table and the queue never disagree: a photo that is in the table has its job, and no
job is about a photo that is not.
"""

from __future__ import annotations

import asyncio

from spacedrive_jobs import JobContext, Library, job


@job(name="example.describe_photo")
async def describe_photo(ctx: JobContext, name: str) -> str:
    async with ctx.library_db.transaction() as tx:
        await tx.execute("UPDATE photo SET description = ? WHERE name = ?", (f"a picture called {name}", name))
    return name


@job(name="example.number_photos")
async def number_photos(ctx: JobContext[str]) -> int:
    """Its state is stored with its rows, so that after a crash no photo has two numbers."""
    last = await ctx.load_state(default="")
    while rows := await ctx.library_db.query("SELECT name FROM photo WHERE name > ? ORDER BY name LIMIT 2", (last,)):
        async with ctx.library_db.transaction() as tx:
            await tx.executemany("INSERT INTO numbered (name) VALUES (?)", rows)
            last = str(rows[-1][0])
            await ctx.checkpoint(last, tx=tx)
    ((count,),) = await ctx.library_db.query("SELECT count(*) FROM numbered")
    return int(str(count))


async def main() -> None:
    async with Library.open("photos.sdlibrary", create=True) as library:
        async with library.db.transaction() as tx:
            await tx.execute("CREATE TABLE IF NOT EXISTS photo (name TEXT PRIMARY KEY, description TEXT)")
            await tx.execute("CREATE TABLE IF NOT EXISTS numbered (number INTEGER PRIMARY KEY, name TEXT UNIQUE)")
            await tx.execute("DELETE FROM photo")
            await tx.execute("DELETE FROM numbered")
            names = ["beach.jpg", "cat.jpg", "dunes.jpg"]
            await tx.executemany("INSERT INTO photo (name) VALUES (?)", [(name,) for name in names])
            handles = await library.jobs.dispatch_many([describe_photo.new(name) for name in names], tx=tx)
        await asyncio.gather(*(handle.wait() for handle in handles))
        for (description,) in await library.db.query("SELECT description FROM photo ORDER BY name"):
            print(description)
        print(await (await library.jobs.dispatch(number_photos.new())).wait(), "numbered")


if __name__ == "__main__":
    asyncio.run(main())
