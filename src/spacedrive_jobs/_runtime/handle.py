"""JobHandle over the store and the hub: woken by the hub, told by the store."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from spacedrive_jobs._definition.handle import JobHandle
from spacedrive_jobs._definition.progress_codec import decode_progress, decode_view
from spacedrive_jobs._model.errors import JobCancelled, JobFailed, JobGone, JobNotFound, TransitionRefused
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.record import JobEvent
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._model.updates import Cancelled, Completed, Failed, JobUpdate, ProgressChanged, StatusChanged
from spacedrive_jobs._runtime.hub import Watcher
from spacedrive_jobs._runtime.transaction import refuse_inside
from spacedrive_jobs._store import reads
from spacedrive_jobs._store.rows import JobRow

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

OutT_co = TypeVar("OutT_co", covariant=True)

Snapshot = tuple["JobRow | None", int]


class StoredJobHandle(JobHandle[OutT_co]):
    """Made by JobSystem. `known`: the job was seen in the store, so its absence means that it was pruned."""

    __slots__ = ("_engine", "_id", "_known")

    def __init__(self, engine: Engine, id_: JobId, *, known: bool) -> None:
        self._engine, self._id, self._known = engine, id_, known

    def __repr__(self) -> str:
        return f"<JobHandle {self._id}>"

    @property
    def id(self) -> JobId:
        return self._id

    def relayed(self, ids: Mapping[bytes, bytes]) -> None:
        """The transaction that dispatched it has committed: another job may stand for it."""
        if self._id.bytes in ids:
            self._id, self._known = JobId.from_bytes(ids[self._id.bytes]), True

    # --- looking ------------------------------------------------------------------------------------------------------

    async def status(self) -> JobStatus:
        return (await self._row()).status

    async def wait(self, *, timeout: float | None = None) -> OutT_co:
        refuse_inside("wait")
        services = self._engine.services_here()
        if services is not None:  # called by a job's code: while that waits it holds no slot
            async with asyncio.timeout(timeout):
                await services.outcome(self._id.bytes)
        async with asyncio.timeout(timeout), self._watched() as watcher:
            row = await self._row()
            if row.status is JobStatus.QUEUED:
                await self._warn_without_runner()
            while not row.status.is_terminal:
                await watcher.woken.wait()
                watcher.woken.clear()
                row = await self._row()
            return self._output(row)

    async def paused(self) -> None:
        async with self._watched() as watcher:
            while (row := await self._row()).status is not JobStatus.PAUSED:
                if row.status.is_terminal:
                    raise TransitionRefused(self._id, "wait for the pause of", row.status.value)
                await watcher.woken.wait()
                watcher.woken.clear()

    def subscribe(self) -> AsyncIterator[JobUpdate[OutT_co]]:
        """The snapshot from which the updates go on is asked for now, not when the first one is awaited."""
        first: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._engine.store.read_to(lambda connection: _snapshot(connection, self._id), first)
        return self._updates(first)

    async def _updates(self, first: asyncio.Future[Snapshot]) -> AsyncIterator[JobUpdate[OutT_co]]:
        engine = self._engine
        async with self._watched() as watcher:
            row, cursor = await first
            if row is None:
                raise self._missing()
            yield StatusChanged(row.status, row.reason)
            shown = row.view
            if (progress := _progress_of(row)) is not None:
                yield progress
            while not row.status.is_terminal:
                await watcher.woken.wait()
                watcher.woken.clear()
                events, row = await engine.store.read(partial(_since, job=self._id, after=cursor))
                if row is None:
                    raise self._missing()
                if watcher.progress is not None:
                    (latest, view), watcher.progress = watcher.progress, None
                    yield ProgressChanged(latest, view)
                elif row.view != shown and not engine.runs_here(self._id) and (progress := _progress_of(row)):
                    shown = row.view
                    yield progress
                for event in events:
                    cursor = event.seq
                    yield _status_changed(event)
            yield self._end(row)

    def _end(self, row: JobRow) -> JobUpdate[OutT_co]:
        try:
            return Completed(self._output(row))
        except JobFailed as error:
            return Failed(error)
        except JobCancelled as error:
            return Cancelled(error.reason)

    def _output(self, row: JobRow) -> OutT_co:
        """The output of an ended job. Raises JobFailed, JobCancelled."""
        if row.status is JobStatus.FAILED:
            raise JobFailed(
                row.id,
                row.kind,
                row.error_message,
                error_type=row.error_type,
                attempt=row.attempt,
                traceback=row.error_traceback,
            )
        if row.status is JobStatus.CANCELLED:
            raise JobCancelled(row.id, row.kind, row.reason)
        return cast(OutT_co, self._engine.decode_output(row))

    async def _row(self) -> JobRow:
        row = await self._engine.store.read(lambda connection: reads.read_job(connection, self._id))
        if row is None:
            raise self._missing()
        self._known = True
        return row

    def _missing(self) -> JobGone | JobNotFound:
        return JobGone(self._id) if self._known else JobNotFound(self._id)

    async def _warn_without_runner(self) -> None:
        if not await self._engine.has_runner_for(self._id):
            warnings.warn(
                f"nothing runs the jobs of this library at present, so job {self._id.short} stays queued: "
                'open it with runs="all", or start `sdjobs worker`',
                RuntimeWarning,
                stacklevel=3,
            )

    @asynccontextmanager
    async def _watched(self) -> AsyncGenerator[Watcher]:
        hub = self._engine.hub
        watcher = hub.watch(self._id)
        try:
            yield watcher
        finally:
            hub.unwatch(watcher)

    # --- acting -------------------------------------------------------------------------------------------------------

    async def pause(self) -> None:
        await self._engine.control.pause(self._id)

    async def resume(self) -> None:
        await self._engine.control.resume(self._id)

    async def cancel(self, reason: str = "") -> None:
        await self._engine.control.cancel(self._id, reason)

    async def abort(self, reason: str = "") -> None:
        await self._engine.control.abort(self._id, reason)

    async def retry(self) -> JobHandle[OutT_co]:
        return StoredJobHandle(self._engine, await self._engine.control.retry(self._id), known=True)

    async def set_priority(self, priority: int) -> None:
        await self._engine.control.set_priority(self._id, priority)

    async def put_first(self) -> None:
        await self._engine.control.put_first(self._id)


def _snapshot(connection: Any, job: JobId) -> Snapshot:
    row = reads.read_job(connection, job)
    events = reads.job_events(connection, job)
    return row, events[-1].seq if events else 0


def _since(connection: Any, job: JobId, after: int) -> tuple[list[JobEvent], JobRow | None]:
    return reads.job_events(connection, job, after), reads.read_job(connection, job)


def _progress_of(row: JobRow) -> ProgressChanged | None:
    if row.progress is None or row.view is None:
        return None
    progress = decode_progress(row.progress)
    return ProgressChanged(progress, decode_view(row.view)) if progress is not None else None


def _status_changed(event: JobEvent) -> StatusChanged:
    return StatusChanged(event.status, event.reason)
