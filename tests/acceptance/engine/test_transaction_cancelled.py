"""A caller that gives up while its transaction waits for another process leaves `library.db` to the next."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spacedrive_jobs import Library
from tests.waiting import aeventually

HOLD = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""
LOCK = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(2000)
connection.execute("BEGIN IMMEDIATE")
connection.execute("ROLLBACK")
"""


@contextmanager
def held_by_another(database: Path) -> Iterator[None]:
    """Another process has its write lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"held\n"
        yield
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


async def wait_in_begin(library: Library, entered: asyncio.Event) -> None:
    entered.set()
    async with library.db.transaction() as tx:
        await tx.execute("INSERT INTO seen VALUES ('never')")


async def test_a_transaction_that_was_given_up_holds_nothing(tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True) as library:
        async with library.db.transaction() as tx:
            await tx.execute("CREATE TABLE seen (word TEXT)")
        entered = asyncio.Event()
        with held_by_another(tmp_path / "library.db"):
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(wait_in_begin(library, entered))
                await entered.wait()
                for _ in range(20):
                    await asyncio.sleep(0.005)  # waits: until the writing thread is in its BEGIN
                waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        # The one that was given up gets the lock now, with nobody to use it.

        async def anybody_may_write() -> bool:
            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", LOCK, str(tmp_path / "library.db")],
                capture_output=True,
                check=False,
            )
            return done.returncode == 0

        await aeventually(anybody_may_write)
        async with library.db.transaction() as tx:
            await tx.execute("INSERT INTO seen VALUES ('next')")
        assert await library.db.query("SELECT word FROM seen") == [("next",)]
