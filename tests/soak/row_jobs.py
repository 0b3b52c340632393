"""The jobs of the library storm: they write numbered rows, each together with the state that counts them.

No row has a key, so that one written twice would be seen. What an attempt found when it began is a row as well: the
state that it loaded, and how many rows there were.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Final

from spacedrive_jobs import AttemptEnded, BlockingJobContext, JobContext, job

TABLES: Final = (
    "CREATE TABLE entry (seq INTEGER PRIMARY KEY, job BLOB NOT NULL, attempt INTEGER NOT NULL, number INTEGER)",
    "CREATE INDEX entry_job ON entry (job)",
    "CREATE TABLE resumed (job BLOB NOT NULL, attempt INTEGER NOT NULL, state INTEGER NOT NULL, rows INTEGER NOT NULL)",
)
WRITE: Final = "INSERT INTO entry (job, attempt, number) VALUES (?, ?, ?)"
BEGIN: Final = "INSERT INTO resumed SELECT ?1, ?2, ?3, count(*) FROM entry WHERE job = ?1"

OPEN: Final = 0.003
"""Seconds for which a transaction is open between its row and its state: others wait for the database meanwhile."""


def pause() -> float:
    """Seconds between two rows."""
    return random.uniform(0.005, 0.03)


def say_refused(log: Path, ctx: JobContext[int] | BlockingJobContext[int], number: int) -> None:
    """A line, outside of the library: an attempt had written a row, and could not commit it."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{ctx.id.value.hex} {ctx.attempt} {number}\n".encode())
    finally:
        os.close(descriptor)


@job(name="rows.async")
async def write_rows(ctx: JobContext[int], count: int, log: Path) -> int:
    done = await ctx.load_state(default=0)
    async with ctx.library_db.transaction() as tx:
        await tx.execute(BEGIN, (ctx.id.bytes, ctx.attempt, done))
    while done < count:
        written = False
        try:
            async with ctx.library_db.transaction() as tx:
                await tx.execute(WRITE, (ctx.id.bytes, ctx.attempt, done))
                written = True
                await asyncio.sleep(OPEN)  # waits: the work of this job
                await ctx.checkpoint(done + 1, tx=tx)
        except AttemptEnded:
            if written:
                say_refused(log, ctx, done)
            raise
        done += 1
        await asyncio.sleep(pause())  # waits: the work of this job
    return done


@job(name="rows.thread")
def write_rows_in_thread(ctx: BlockingJobContext[int], count: int, log: Path) -> int:
    done = ctx.load_state(default=0)
    with ctx.library_db.transaction() as tx:
        tx.execute(BEGIN, (ctx.id.bytes, ctx.attempt, done))
    while done < count:
        written = False
        try:
            with ctx.library_db.transaction() as tx:
                tx.execute(WRITE, (ctx.id.bytes, ctx.attempt, done))
                written = True
                time.sleep(OPEN)  # noqa: TID251 - the work of this job
                ctx.checkpoint(done + 1, tx=tx)
        except AttemptEnded:
            if written:
                say_refused(log, ctx, done)
            raise
        done += 1
        time.sleep(pause())  # noqa: TID251 - the work of this job
    return done
