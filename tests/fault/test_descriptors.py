"""A process that has no file descriptor left for a while: its jobs wait, and run when there are some again."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from spacedrive_jobs import Library
from spacedrive_jobs._model import failpoint
from spacedrive_jobs._store.store import Store
from spacedrive_jobs.testing import ManualClock
from tests.acceptance.engine import engine_jobs as jobs

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, os, resource, sys
from pathlib import Path
from spacedrive_jobs import Library
from tests.acceptance.engine import engine_jobs as jobs

async def main():
    async with Library.open(Path(sys.argv[1]), create=True) as library:
        await library.jobs.last_change()
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        taken = []
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        handle = await library.jobs.dispatch(jobs.count_async.new(5))
        print(await handle.wait())
        for descriptor in taken:
            os.close(descriptor)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoint.disarm_all()


async def test_a_claim_that_finds_none_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lacking = iter([True, True])

    def lacks(_: str) -> None:
        if next(lacking, False):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async with Library.open(tmp_path, create=True) as library:
        failpoint.arm("queue.claimed", lacks)
        handle = await library.jobs.dispatch(jobs.count_async.new(5))
        with caplog.at_level(logging.WARNING):
            assert await handle.wait() == 5
    assert len([one for one in caplog.records if "no file descriptor is left" in one.getMessage()]) == 1
    assert next(lacking, None) is None


async def test_another_fault_of_a_claim_is_not_hidden(tmp_path: Path) -> None:
    def fails(_: str) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    async def run_one() -> None:
        async with Library.open(tmp_path, create=True) as library:
            failpoint.arm("queue.claimed", fails)
            await (await library.jobs.dispatch(jobs.count_async.new(5))).wait()

    with pytest.raises(PermissionError):
        await run_one()


def test_a_job_runs_where_none_is_left(tmp_path: Path) -> None:
    """Every statement was read when the library was opened."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("5", 0), done.stderr


def test_a_store_whose_readers_cannot_be_opened_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks() -> apsw.Connection:
        raise apsw.CantOpenError("no file descriptor is left")

    store = Store(tmp_path, ManualClock())
    for reader in store._readers:
        monkeypatch.setattr(reader, "_connect", lacks)
    before = threading.active_count()
    with pytest.raises(apsw.CantOpenError):
        store.open(create=True, holders=tuple)
    assert threading.active_count() == before
