"""Schedules in the store. A firing is one transaction: its jobs, its history and its next time, or nothing of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import apsw
import msgspec

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.action import Action
from spacedrive_jobs._model.clock import LATEST_MS
from spacedrive_jobs._model.errors import ScheduleNotFound
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.transition import NewJob, Wait
from spacedrive_jobs._model.trigger import (
    CatchUp,
    Every,
    Misfire,
    Overlap,
    Trigger,
    Unreadable,
    check_jitter,
    decode_trigger,
    due,
    encode_trigger,
    next_after,
)
from spacedrive_jobs._store import control
from spacedrive_jobs._store.queue import enqueue
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Row, Tx, Value

ONCE: Final = 0
SKIP: Final = -1


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One schedule as stored; times in ms."""

    id: str
    kind: str
    version: int
    arguments: bytes
    priority: int
    resumable: bool
    tidies: bool
    lane: str
    trigger: Trigger
    misfire: Misfire
    overlap: Overlap
    jitter_ms: int
    paused: bool
    created_at: int
    scheduled_at: int | None
    next_at: int | None
    last_job: bytes | None


NewId = Callable[[], bytes]


def store(tx: Tx, row: ScheduleRow, dice: random.Random, now: int, *, own_id: bool) -> None:
    """Create the schedule or change it. An unchanged rule keeps its next time, and its start.

    Raises ValueError where a schedule of the kind exists with other arguments and `own_id` says that none was given,
    and where its next run could be later than any calendar tells.
    """
    trigger = row.trigger
    for known in _rows(tx.run("read_schedule", (row.id,))):
        if not own_id and (known.kind, known.arguments) != (row.kind, row.arguments):
            raise ValueError(
                f"there is a schedule {row.id!r} with other arguments already: give this one an id of its own"
            )
        if _same_interval(trigger, known.trigger):
            trigger = known.trigger  # `starting_at` matters only at creation
        if trigger == known.trigger:
            check_jitter(known.scheduled_at or now, row.jitter_ms)
            _upsert(tx, row, trigger, known.scheduled_at, known.next_at)
            return
    scheduled = next_after(trigger, now - 1)
    check_jitter(scheduled or now, row.jitter_ms)
    _upsert(tx, row, trigger, scheduled, _jittered(scheduled, row.jitter_ms, dice))


def _same_interval(one: Trigger, other: Trigger) -> bool:
    return isinstance(one, Every) and isinstance(other, Every) and one.interval == other.interval


def _upsert(tx: Tx, row: ScheduleRow, trigger: Trigger, scheduled: int | None, next_at: int | None) -> None:
    parameters = (
        row.id,
        row.kind,
        row.version,
        row.arguments,
        row.priority,
        int(row.resumable),
        int(row.tidies),
        row.lane,
        encode_trigger(trigger),
        _misfire_number(row.misfire),
        row.overlap,
        row.jitter_ms,
        row.created_at,
        scheduled,
        next_at,
    )
    tx.change("upsert_schedule", parameters)
    tx.announces = True


def fire_due(tx: Tx, now: int, new_id: NewId, dice: random.Random) -> None:
    """Dispatch the jobs of every schedule whose time has come, each time once over all processes."""
    for (id_,) in tx.run("due_schedules", (now,)):
        (row,) = _rows(tx.run("read_schedule", (id_,)))
        if isinstance(row.trigger, Unreadable):
            tx.change("pause_schedule", (1, id_))  # not lost, and not due all the time
            tx.announces = True
            continue
        assert row.scheduled_at is not None
        plan = due(row.trigger, row.scheduled_at, now, row.misfire)
        if plan.missed:
            _note(tx, row, row.scheduled_at, now, "missed", None, plan.missed)
        last: bytes | None = None
        for moment in plan.fire:
            job = _fire(tx, row, moment, now, new_id, last or row.last_job, batch=last is not None)
            last = job or last
        tx.change("advance_schedule", (plan.next, _jittered(plan.next, row.jitter_ms, dice), last, row.id))
        tx.change("trim_schedule_runs", {"id": row.id})
        tx.announces = True
        failpoint.hit("schedules.fired")


def _fire(
    tx: Tx, row: ScheduleRow, moment: int, now: int, new_id: NewId, before: bytes | None, *, batch: bool
) -> bytes | None:
    """`batch`: further times that are caught up in one go; they follow one another whatever the policy."""
    running = before is not None and bool(tx.run("active_kind", (before,)))
    if running and row.overlap == "skip" and not batch:
        _note(tx, row, moment, now, "skipped", before, 1)
        return None
    if running and row.overlap == "replace" and not batch and before is not None:
        control.cancel(tx, JobId.from_bytes(before), now, f"replaced by the next run of schedule {row.id}")
    after = (Wait(before, "run"),) if running and before is not None else ()
    job = job_of(row, new_id(), now)._replace(after=after)
    enqueue(tx, [job])
    _note(tx, row, moment, now, "dispatched", job.id, 1)
    tx.reaches = True
    return job.id


def job_of(row: ScheduleRow, id_: bytes, now: int) -> NewJob:
    return NewJob(
        id=id_,
        kind=row.kind,
        version=row.version,
        arguments=row.arguments,
        resumable=row.resumable,
        priority=row.priority,
        created_at=now,
        lane=row.lane,
        tidies=row.tidies,
        action=_action(row.id),
    )


def run_now(tx: Tx, id_: str, now: int, new_ids: list[bytes]) -> None:
    """Dispatch jobs of the schedule beside its times, one after the other. Raises ScheduleNotFound."""
    row = read(tx, id_)
    before: bytes | None = None
    for new_id in new_ids:
        after = (Wait(before, "run"),) if before is not None else ()
        enqueue(tx, [job_of(row, new_id, now)._replace(after=after)])
        _note(tx, row, now, now, "dispatched", new_id, 1)
        before = new_id


def pause(tx: Tx, id_: str, paused: bool, now: int, dice: random.Random) -> None:
    """A resumed schedule goes on with its next time after now. Raises ScheduleNotFound."""
    row = read(tx, id_)
    tx.change("pause_schedule", (int(paused), id_))
    if not paused and row.paused and not isinstance(row.trigger, Unreadable):
        scheduled = next_after(row.trigger, now)
        tx.change("advance_schedule", (scheduled, _jittered(scheduled, row.jitter_ms, dice), None, id_))
    tx.announces = tx.reaches = True


def remove(tx: Tx, id_: str) -> None:
    """Its jobs stay. Raises ScheduleNotFound."""
    read(tx, id_)
    tx.change("delete_schedule", (id_,))
    tx.change("delete_schedule_runs", (id_,))
    tx.announces = True


def read(tx: Tx, id_: str) -> ScheduleRow:
    """Raises ScheduleNotFound."""
    for row in _rows(tx.run("read_schedule", (id_,))):
        return row
    raise ScheduleNotFound(id_)


def read_all(connection: apsw.Connection) -> list[ScheduleRow]:
    return _rows(connection.execute(query("list_schedules")).fetchall())


def read_runs(connection: apsw.Connection, id_: str, limit: int) -> list[Row]:
    """(scheduled_at, at, outcome, job_id, count), newest first."""
    return connection.execute(query("schedule_runs"), (id_, limit)).fetchall()


def _rows(found: list[Row]) -> list[ScheduleRow]:
    return [_row(*row) for row in found]


def _row(
    id_: str,
    kind: str,
    version: int,
    arguments: bytes,
    priority: int,
    resumable: int,
    tidies: int,
    lane: str,
    trigger: bytes,
    misfire: int,
    overlap: Overlap,
    jitter_ms: int,
    paused: int,
    *times: Any,
) -> ScheduleRow:
    created_at, scheduled_at, next_at, last_job = times
    return ScheduleRow(
        id=id_,
        kind=kind,
        version=version,
        arguments=arguments,
        priority=priority,
        resumable=bool(resumable),
        tidies=bool(tidies),
        lane=lane,
        trigger=decode_trigger(trigger),
        misfire=_misfire(misfire),
        overlap=overlap,
        jitter_ms=jitter_ms,
        paused=bool(paused),
        created_at=created_at,
        scheduled_at=scheduled_at,
        next_at=next_at,
        last_job=last_job,
    )


def _note(tx: Tx, row: ScheduleRow, scheduled: int, now: int, outcome: str, job: bytes | None, count: int) -> None:
    parameters: dict[str, Value] = {
        "id": row.id,
        "scheduled": scheduled,
        "at": now,
        "outcome": outcome,
        "job": job,
        "count": count,
    }
    tx.change("insert_schedule_run", parameters)


def _jittered(moment: int | None, jitter_ms: int, dice: random.Random) -> int | None:
    return min(moment + dice.randint(0, jitter_ms), LATEST_MS) if moment is not None else None


def _misfire_number(misfire: Misfire) -> int:
    if isinstance(misfire, CatchUp):
        return misfire.limit
    return ONCE if misfire == "once" else SKIP


def _misfire(number: int) -> Misfire:
    return "once" if number == ONCE else "skip" if number == SKIP else CatchUp(number)


def _action(id_: str) -> bytes:
    return msgspec.msgpack.encode(Action(who=f"schedule {id_}"))
