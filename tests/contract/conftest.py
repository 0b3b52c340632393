"""A real Store on a fresh file, and short ways to put jobs into it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest_asyncio

from spacedrive_jobs._model.ids import JobId, JobIdSource, RunnerId
from spacedrive_jobs._model.transition import ClaimedJob, KindWait, NewJob, UniqueKey, Wait
from spacedrive_jobs._store import reads
from spacedrive_jobs._store.rows import JobRow
from spacedrive_jobs._store.store import Store
from spacedrive_jobs.testing import ManualClock

KIND = "contract"


class Bench:
    """A store, a clock and two runners."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock = store, clock
        self.runner, self.other = RunnerId(os.urandom(16)), RunnerId(os.urandom(16))
        self._ids = JobIdSource()

    async def put(
        self,
        *,
        kind: str = KIND,
        version: int = 1,
        priority: int = 0,
        resumable: bool = True,
        deadline: int | None = None,
        tidies: bool = True,
        lane: str = "",
        parent: JobId | None = None,
        after: tuple[Wait, ...] = (),
        after_kinds: tuple[KindWait, ...] = (),
        scope: bytes | None = None,
        unique: UniqueKey | None = None,
    ) -> JobId:
        now = self.clock.now_ms()
        job = NewJob(
            self._ids.next_bytes(now),
            kind,
            version,
            b"\x80",
            resumable,
            priority,
            now,
            parent.bytes if parent is not None else None,
            deadline,
            lane,
            tidies,
            scope,
            unique,
            after,
            after_kinds,
        )
        (stored,) = await self.store.enqueue([job])
        return JobId.from_bytes(stored)

    async def claim(
        self, limit: int = 10, *, runner: RunnerId | None = None, suspects: bool = True
    ) -> list[ClaimedJob]:
        runner = runner or self.runner
        claims = await self.store.claim(runner, {KIND: (1, 1)}, limit, suspects=suspects, only=None)
        return claims.jobs

    async def running(self, *, resumable: bool = True) -> ClaimedJob:
        await self.put(resumable=resumable)
        (claimed,) = await self.claim()
        return claimed

    async def row(self, job: JobId) -> JobRow:
        row = await self.store.read(lambda connection: reads.read_job(connection, job))
        assert row is not None
        return row

    async def status(self, job: JobId) -> str:
        return (await self.row(job)).status.value

    async def story(self, job: JobId) -> list[str]:
        """Each status the job had, with what was asked of it."""
        events = await self.store.read(lambda connection: reads.job_events(connection, job))
        return [event.status.value + (f"+{event.request.value}" if event.request else "") for event in events]

    def open_directly(self) -> apsw.Connection:
        """A connection of an outsider."""
        connection = apsw.Connection(str(self.store.path))
        connection.set_busy_timeout(2_000)
        return connection


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    clock = ManualClock()
    store = Store(tmp_path, clock)
    store.open(create=True, holders=tuple)
    yield Bench(store, clock)
    store.close(patience=1)
