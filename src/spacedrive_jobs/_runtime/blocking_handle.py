"""The handles of the blocking API: of a job, and of a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar, final

from spacedrive_jobs._definition.handle import BlockingJobHandle, JobHandle
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.record import ScheduleInfo, ScheduleRun
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._model.updates import JobUpdate
from spacedrive_jobs._runtime.loop_thread import LoopCaller
from spacedrive_jobs._runtime.schedules import Schedule

OutT = TypeVar("OutT")
OutT_co = TypeVar("OutT_co", covariant=True)


class StoredBlockingJobHandle(BlockingJobHandle[OutT_co]):
    def __init__(self, thread: LoopCaller, handle: JobHandle[OutT_co]) -> None:
        self._thread, self._handle = thread, handle

    def __repr__(self) -> str:
        return f"<BlockingJobHandle {self._handle.id}>"

    @property
    def id(self) -> JobId:
        return self._handle.id

    def status(self) -> JobStatus:
        return self._thread.call(self._handle.status())

    def wait(self, *, timeout: float | None = None) -> OutT_co:
        return self._thread.call(self._handle.wait(timeout=timeout))

    def subscribe(self) -> Iterator[JobUpdate[OutT_co]]:
        async def begin() -> Any:
            return self._handle.subscribe()

        return self._updates(self._thread.call(begin()))

    def _updates(self, updates: Any) -> Iterator[JobUpdate[OutT_co]]:
        async def following() -> Any:
            return await anext(updates, None)

        try:
            while (update := self._thread.call(following())) is not None:
                yield update
        finally:
            self._thread.call(updates.aclose())

    def pause(self) -> None:
        self._thread.call(self._handle.pause())

    def paused(self) -> None:
        self._thread.call(self._handle.paused())

    def resume(self) -> None:
        self._thread.call(self._handle.resume())

    def cancel(self, reason: str = "") -> None:
        self._thread.call(self._handle.cancel(reason))

    def abort(self, reason: str = "") -> None:
        self._thread.call(self._handle.abort(reason))

    def retry(self) -> BlockingJobHandle[OutT_co]:
        return StoredBlockingJobHandle(self._thread, self._thread.call(self._handle.retry()))

    def set_priority(self, priority: int) -> None:
        self._thread.call(self._handle.set_priority(priority))

    def put_first(self) -> None:
        self._thread.call(self._handle.put_first())


@final
class BlockingSchedule(Generic[OutT_co]):
    """Schedule for programs without asyncio: the same verbs, not awaited."""

    def __init__(self, caller: LoopCaller, schedule: Schedule[OutT_co]) -> None:
        self._caller, self._schedule = caller, schedule

    @property
    def id(self) -> str:
        return self._schedule.id

    def info(self) -> ScheduleInfo:
        """As Schedule.info."""
        return self._caller.call(self._schedule.info())

    def runs(self, limit: int = 100, /) -> list[ScheduleRun]:
        """As Schedule.runs."""
        return self._caller.call(self._schedule.runs(limit))

    def pause(self) -> None:
        """As Schedule.pause."""
        self._caller.call(self._schedule.pause())

    def resume(self) -> None:
        """As Schedule.resume."""
        self._caller.call(self._schedule.resume())

    def remove(self) -> None:
        """As Schedule.remove."""
        self._caller.call(self._schedule.remove())

    def run_now(self) -> BlockingJobHandle[OutT_co]:
        """As Schedule.run_now."""
        return self._wrap(self._caller.call(self._schedule.run_now()))

    def backfill(self, since: datetime, until: datetime, /) -> list[BlockingJobHandle[OutT_co]]:
        """As Schedule.backfill."""
        return [self._wrap(handle) for handle in self._caller.call(self._schedule.backfill(since, until))]

    def next_runs(self, count: int = 5, /) -> list[datetime]:
        """As Schedule.next_runs."""
        return self._caller.call(self._schedule.next_runs(count))

    def _wrap(self, handle: JobHandle[OutT]) -> BlockingJobHandle[OutT]:
        return StoredBlockingJobHandle(self._caller, handle)
