"""One job that a test plays by hand: its record, its updates, and what was asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from msgspec.structs import replace

from sdjobs.views.presenter import Told
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import (
    JobHandle,
    JobId,
    JobInfo,
    JobStatus,
    JobSystem,
    JobUpdate,
    RunnerInfo,
    StatusChanged,
    TransitionRefused,
)
from tests.unit.sdjobs.records import info


class PlayedJob(JobHandle[object]):
    """A handle whose updates the test sends. `asked` lists what was asked of it, in order."""

    def __init__(self, record: JobInfo | None = None) -> None:
        self.record = record or info()
        self.asked: list[str] = []
        self.resumable = True
        self.updates: asyncio.Queue[JobUpdate[object]] = asyncio.Queue()

    @property
    def id(self) -> JobId:
        return self.record.id

    def turns(self, status: JobStatus, reason: str = "", **changes: Any) -> None:
        """The job changes its status, and its subscribers are told."""
        self.record = replace(self.record, status=status, reason=reason, **changes)
        self.updates.put_nowait(StatusChanged(status, reason))

    async def status(self) -> JobStatus:
        return self.record.status

    async def wait(self, *, timeout: float | None = None) -> object:
        raise NotImplementedError

    async def subscribe(self) -> AsyncIterator[JobUpdate[object]]:
        while True:
            yield await self.updates.get()

    async def pause(self) -> None:
        self.asked.append("pause")
        if not self.resumable:
            raise TransitionRefused(self.id, "pause", "running", "it is not resumable")

    async def paused(self) -> None:
        raise NotImplementedError

    async def resume(self) -> None:
        self.asked.append("resume")

    async def cancel(self, reason: str = "") -> None:
        self.asked.append("cancel")

    async def abort(self, reason: str = "") -> None:
        self.asked.append("abort")

    async def retry(self) -> JobHandle[object]:
        raise NotImplementedError

    async def set_priority(self, priority: int) -> None:
        raise NotImplementedError

    async def put_first(self) -> None:
        raise NotImplementedError


class PlayedLibrary:
    """The part of JobSystem that a follower uses."""

    def __init__(self, job: PlayedJob) -> None:
        self.job = job
        self.running: list[RunnerInfo] = []

    async def info(self, _: JobId) -> JobInfo:
        return self.job.record

    async def runners(self) -> list[RunnerInfo]:
        return self.running

    @property
    def jobs(self) -> JobSystem:
        return cast("JobSystem", self)


class RecordingView:
    """Keeps what it is told to show."""

    interval = 0.001
    animated = False

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []
        self.said: list[str] = []
        self.statuses: list[tuple[str, str]] = []
        self.closed = 0

    def draw(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)

    def status(self, snapshot: Snapshot) -> None:
        self.statuses.append((snapshot.status.value, snapshot.reason))

    def say(self, told: Told) -> None:
        self.said.append(told.text)

    def close(self) -> None:
        self.closed += 1
