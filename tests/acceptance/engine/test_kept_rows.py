"""A row that a job keeps is there at once, also while it is on its way into the database."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from spacedrive_jobs import JobContext, Library, failpoint, job


@job(name="kept.rows")
async def rows(ctx: JobContext[int]) -> list[str]:
    ctx.keep(b"key", b"value")
    _, found = await asyncio.gather(ctx.save_state(1), ctx.kept(b"key"))
    return [str(found), str(await ctx.kept(b"key")), str(await ctx.kept(b"other"))]


async def test_while_it_is_being_stored(tmp_path: Path) -> None:
    never = threading.Event()

    def hold(_: str) -> None:
        never.wait(0.3)  # the writer, for longer than any read takes

    failpoint.arm("checkpoint.stored", hold)
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(rows.new())
        assert await handle.wait(timeout=15) == ["b'value'", "b'value'", "None"]
