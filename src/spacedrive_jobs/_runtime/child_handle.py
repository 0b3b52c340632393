"""Handles that a context gives: they work through the attempt's port, so also in a thread or a child process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from spacedrive_jobs._definition.handle import BlockingJobHandle, JobHandle
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._model.updates import JobUpdate
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.composition import output_of
from spacedrive_jobs._runtime.service_messages import Ended
from spacedrive_jobs._runtime.transaction import refuse_inside

OutT_co = TypeVar("OutT_co", covariant=True)


async def call(attempt: Attempt, method: str, argument: Any = None) -> Any:
    """Ask a service of the runner, from an event loop. An interruption or a lost claim raises here."""
    attempt.check()
    refuse_inside(method.replace("_", " "))
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    attempt.port.call(method, argument, answer)
    return await answer


def call_blocking(attempt: Attempt, method: str, argument: Any = None) -> Any:
    """Ask a service of the runner, from a thread."""
    attempt.check()
    refuse_inside(method.replace("_", " "))
    answer: Future[Any] = Future()
    attempt.port.call(method, argument, answer)
    return answer.result()


class ChildHandle(JobHandle[OutT_co]):
    """`outside` gives the ordinary handle of the job, where the runner is in this process."""

    __slots__ = ("_attempt", "_id", "_outside")

    def __init__(self, attempt: Attempt, id_: JobId, outside: Callable[[JobId], JobHandle[Any]] | None) -> None:
        self._attempt, self._id, self._outside = attempt, id_, outside

    def __repr__(self) -> str:
        return f"<JobHandle {self._id}>"

    @property
    def id(self) -> JobId:
        return self._id

    async def status(self) -> JobStatus:
        return JobStatus(await call(self._attempt, "status", self._id.bytes))

    async def wait(self, *, timeout: float | None = None) -> OutT_co:
        async with asyncio.timeout(timeout):
            ended: Ended = await call(self._attempt, "outcome", self._id.bytes)
        return cast("OutT_co", output_of(ended, registry))

    def subscribe(self) -> AsyncIterator[JobUpdate[OutT_co]]:
        return self._ordinary("subscribe").subscribe()

    async def paused(self) -> None:
        await self._ordinary("paused").paused()

    async def retry(self) -> JobHandle[OutT_co]:
        return cast("JobHandle[OutT_co]", await self._ordinary("retry").retry())

    async def pause(self) -> None:
        await call(self._attempt, "control", (self._id.bytes, "pause", ""))

    async def resume(self) -> None:
        await call(self._attempt, "control", (self._id.bytes, "resume", ""))

    async def cancel(self, reason: str = "") -> None:
        await call(self._attempt, "control", (self._id.bytes, "cancel", reason))

    async def abort(self, reason: str = "") -> None:
        await call(self._attempt, "control", (self._id.bytes, "abort", reason))

    async def set_priority(self, priority: int) -> None:
        await self._ordinary("set_priority").set_priority(priority)

    async def put_first(self) -> None:
        await self._ordinary("put_first").put_first()

    def _ordinary(self, verb: str) -> JobHandle[Any]:
        if self._outside is None:
            raise RuntimeError(f'{verb} of a child is not there in a job with isolation="process"; wait for it instead')
        return self._outside(self._id)


class BlockingChildHandle(BlockingJobHandle[OutT_co]):
    """ChildHandle in a thread. `outside` gives the ordinary blocking handle."""

    __slots__ = ("_attempt", "_id", "_outside")

    def __init__(self, attempt: Attempt, id_: JobId, outside: Callable[[JobId], BlockingJobHandle[Any]] | None) -> None:
        self._attempt, self._id, self._outside = attempt, id_, outside

    def __repr__(self) -> str:
        return f"<BlockingJobHandle {self._id}>"

    @property
    def id(self) -> JobId:
        return self._id

    def status(self) -> JobStatus:
        return JobStatus(call_blocking(self._attempt, "status", self._id.bytes))

    def wait(self, *, timeout: float | None = None) -> OutT_co:
        answer: Future[Any] = Future()
        self._attempt.check()
        self._attempt.port.call("outcome", self._id.bytes, answer)
        try:
            ended: Ended = answer.result(timeout)
        except TimeoutError:
            answer.cancel()
            raise
        return cast("OutT_co", output_of(ended, registry))

    def subscribe(self) -> Iterator[JobUpdate[OutT_co]]:
        return self._ordinary("subscribe").subscribe()

    def paused(self) -> None:
        self._ordinary("paused").paused()

    def retry(self) -> BlockingJobHandle[OutT_co]:
        return cast("BlockingJobHandle[OutT_co]", self._ordinary("retry").retry())

    def pause(self) -> None:
        call_blocking(self._attempt, "control", (self._id.bytes, "pause", ""))

    def resume(self) -> None:
        call_blocking(self._attempt, "control", (self._id.bytes, "resume", ""))

    def cancel(self, reason: str = "") -> None:
        call_blocking(self._attempt, "control", (self._id.bytes, "cancel", reason))

    def abort(self, reason: str = "") -> None:
        call_blocking(self._attempt, "control", (self._id.bytes, "abort", reason))

    def set_priority(self, priority: int) -> None:
        self._ordinary("set_priority").set_priority(priority)

    def put_first(self) -> None:
        self._ordinary("put_first").put_first()

    def _ordinary(self, verb: str) -> BlockingJobHandle[Any]:
        if self._outside is None:
            raise RuntimeError(f'{verb} of a child is not there in a job with isolation="process"; wait for it instead')
        return self._outside(self._id)
