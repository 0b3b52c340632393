"""The handle of a stored schedule."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, final

from spacedrive_jobs._definition.handle import JobHandle
from spacedrive_jobs._model import trigger as rules
from spacedrive_jobs._model.clock import has_date, to_datetime, to_ms
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.record import ScheduleInfo, ScheduleRun
from spacedrive_jobs._model.trigger import CatchUp, Trigger
from spacedrive_jobs._store import schedules
from spacedrive_jobs._store.schedules import ScheduleRow

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

OutT_co = TypeVar("OutT_co", covariant=True)

MOST_BACKFILLED: Final = 1_000


@final
class Schedule(Generic[OutT_co]):
    """A stored schedule. Works from any process that has the library open."""

    def __init__(self, engine: Engine, id_: str) -> None:
        self._engine, self._id = engine, id_

    def __repr__(self) -> str:
        return f"<Schedule {self._id!r}>"

    @property
    def id(self) -> str:
        return self._id

    async def info(self) -> ScheduleInfo:
        """Raises ScheduleNotFound, as all of these do."""
        row = await self._engine.store.write(lambda tx: schedules.read(tx, self._id), durable=False)
        return schedule_info(self._engine, row)

    async def runs(self, limit: int = 100, /) -> list[ScheduleRun]:
        """What became of its last times, newest first; at most a hundred are kept."""
        rows = await self._engine.store.read_slowly(lambda connection: schedules.read_runs(connection, self._id, limit))
        return [
            ScheduleRun(
                to_datetime(scheduled),
                to_datetime(at),
                outcome,
                JobId.from_bytes(job) if job is not None else None,
                count,
            )
            for scheduled, at, outcome, job, count in rows
        ]

    async def pause(self) -> None:
        """Fire no more; what was dispatched goes on."""
        await self._pause(True)

    async def resume(self) -> None:
        """Go on with the next time after now; those that passed meanwhile are not caught up."""
        await self._pause(False)

    async def _pause(self, paused: bool) -> None:
        engine, now = self._engine, self._engine.clock.now_ms()
        dice = engine.settings.jitter
        await engine.store.ask(lambda tx: schedules.pause(tx, self._id, paused, now, dice))
        engine.times.changed()

    async def remove(self) -> None:
        """Its jobs stay."""
        await self._engine.store.ask(lambda tx: schedules.remove(tx, self._id))

    async def run_now(self) -> JobHandle[OutT_co]:
        """Dispatch its job beside the times of the rule."""
        (handle,) = await self._run(1)
        return handle

    async def backfill(self, since: datetime, until: datetime, /) -> list[JobHandle[OutT_co]]:
        """Dispatch a job for each time of the rule from `since` until before `until`, one after the other.

        Raises ValueError for more than 1,000 times.
        """
        row = await self._engine.store.write(lambda tx: schedules.read(tx, self._id), durable=False)
        times = _times(row.trigger, to_ms(since) - 1, to_ms(until) - 1, MOST_BACKFILLED + 1)
        if len(times) > MOST_BACKFILLED:
            raise ValueError(f"{since} to {until} holds more than {MOST_BACKFILLED:,} times of schedule {self._id!r}")
        return await self._run(len(times))

    async def next_runs(self, count: int = 5, /) -> list[datetime]:
        """The next times of the rule (UTC), before jitter, whether it is paused or not."""
        row = await self._engine.store.write(lambda tx: schedules.read(tx, self._id), durable=False)
        return [to_datetime(at) for at in _times(row.trigger, self._engine.clock.now_ms(), None, count)]

    async def _run(self, count: int) -> list[JobHandle[OutT_co]]:
        engine, now = self._engine, self._engine.clock.now_ms()
        ids = [engine.dispatcher.new_id() for _ in range(count)]
        await engine.store.ask(lambda tx: schedules.run_now(tx, self._id, now, ids))
        jobs = [JobId.from_bytes(id_) for id_ in ids]
        engine.stored_new(jobs, with_deadline=False)
        handles: list[JobHandle[Any]] = [engine.handle_of(job) for job in jobs]
        return handles


def schedule_info(engine: Engine, row: ScheduleRow) -> ScheduleInfo:
    definition = engine.registry.get(row.kind)
    next_at = row.next_at if not row.paused else None
    comes = next_at is None or has_date(next_at)
    rule = rules.describe(row.trigger)
    return ScheduleInfo(
        id=row.id,
        kind=row.kind,
        arguments=definition.arguments_to_plain(row.arguments, row.version) if definition is not None else None,
        rule=rule if comes or rules.NO_DATE in rule else f"{rule}, next {rules.NO_DATE}",
        misfire=f"all, up to {row.misfire.limit}" if isinstance(row.misfire, CatchUp) else row.misfire,
        overlap=row.overlap,
        paused=row.paused,
        created_at=to_datetime(row.created_at),
        next_run=to_datetime(next_at) if next_at is not None and comes else None,
        last_job=JobId.from_bytes(row.last_job) if row.last_job is not None else None,
        when=rules.plain(row.trigger),
        catch_up=row.misfire.limit if isinstance(row.misfire, CatchUp) else None,
        jitter=row.jitter_ms / 1000,
        priority=row.priority,
    )


def _times(trigger: Trigger, after: int, until: int | None, most: int) -> list[int]:
    found: list[int] = []
    while len(found) < most and (following := rules.next_after(trigger, after)) is not None:
        if until is not None and following > until:
            break
        after = following
        found.append(after)
    return found
