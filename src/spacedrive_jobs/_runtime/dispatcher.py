"""From a job with its arguments to a stored, queued record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._definition.registry import Registry
from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.ids import JobId, JobIdSource
from spacedrive_jobs._model.transition import NewJob
from spacedrive_jobs._store.store import Store


class Dispatcher:
    """Validates before it stores: what is refused has left no trace."""

    def __init__(
        self, store: Store, registry: Registry, clock: Clock, stored: Callable[[list[JobId], bool], None]
    ) -> None:
        self._store, self._registry, self._clock, self._stored = store, registry, clock, stored
        self._ids = JobIdSource()

    async def dispatch(self, jobs: Iterable[object], *, priority: int | None, timeout: float | None) -> list[JobId]:
        """Store the jobs durably, all or none. Raises ArgumentError, PayloadTooLarge, NoSpace, StoreBusy."""
        now = self._clock.now_ms()
        rows = [self._new_job(job, priority, now) for job in jobs]
        if rows:
            await self._store.enqueue(rows, patience=timeout)
        ids = [JobId.from_bytes(row.id) for row in rows]
        self._stored(ids, any(row.deadline_at is not None for row in rows))
        return ids

    async def dispatch_named(
        self, kind: str, arguments: Mapping[str, object], *, priority: int | None, timeout: float | None
    ) -> JobId:
        """As `dispatch`, from a kind's name and JSON values."""
        self._registry.discover()
        job = self._registry.require(kind).arguments_from_json(arguments)
        (id_,) = await self.dispatch([job], priority=priority, timeout=timeout)
        return id_

    def encoded(self, job: object) -> tuple[JobDefinition, bytes]:
        definition = self._registry.definition_of(job)
        return definition, definition.encode_arguments(job)

    def _new_job(self, job: Any, priority: int | None, now: int) -> NewJob:
        definition, arguments = self.encoded(job)
        options = definition.options
        deadline = options.deadline
        return NewJob(
            id=self._ids.next_bytes(now),
            kind=definition.kind,
            version=definition.version,
            arguments=arguments,
            resumable=options.resumable,
            priority=options.priority if priority is None else priority,
            created_at=now,
            deadline_at=now + round(deadline.total_seconds() * 1000) if deadline is not None else None,
        )
