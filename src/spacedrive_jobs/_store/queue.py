"""Into the queue and out of it: enqueue, claim, and what time does to waiting jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.status import Request
from spacedrive_jobs._model.transition import Claim, ClaimedJob, NewJob
from spacedrive_jobs._store.tx import Row, Tx, Value

Handled = Mapping[str, tuple[int, int]]
"""Each kind that can be run here, aliases too: the oldest and the newest version of it."""

Place = tuple[int, int, bytes]
"""Sorts as the queue does: (−priority, position, id)."""


def enqueue(tx: Tx, jobs: Sequence[NewJob]) -> None:
    """Store jobs as `queued`, each behind the last."""
    tx.change_many("insert_job", [_inserted(tx, job) for job in jobs])
    tx.announces = True
    failpoint.hit("queue.enqueued")


def _inserted(tx: Tx, job: NewJob) -> tuple[Value, ...]:
    return (
        job.id,
        job.kind,
        job.version,
        int(job.resumable),
        job.priority,
        tx.back(),
        job.parent,
        job.created_at,
        job.created_at,
        job.deadline_at,
        job.arguments,
    )


def claim(
    tx: Tx,
    runner: RunnerId,
    now: int,
    handled: Handled,
    limit: int,
    *,
    suspects: bool,
    only: Collection[bytes] | None = None,
) -> list[ClaimedJob]:
    """Take up to `limit` jobs for `runner`, first in line first.

    What `handled` does not cover is left alone. `suspects`: one job whose process died before may be among them.
    `only`: these ids and no others.
    """
    if only is None:
        places = _places(tx, handled, limit, suspects)
    else:
        places = _own_places(tx, handled, only, suspects)
    claimed = [_claim_one(tx, runner, now, id_) for _, _, id_ in sorted(places)[:limit]]
    failpoint.hit("queue.claimed")
    return claimed


def _places(tx: Tx, handled: Handled, limit: int, suspects: bool) -> list[Place]:
    places = [
        (-priority, position, id_)
        for kind, version in tx.run("ready_kinds")
        if _fits(handled, kind, version)
        for id_, priority, position in tx.run("ready_jobs", (kind, version, limit))
    ]
    if suspects:
        found = [
            (-priority, position, id_)
            for kind, version in tx.run("ready_kinds_suspect")
            if _fits(handled, kind, version)
            for id_, priority, position in tx.run("ready_jobs_suspect", (kind, version, 1))
        ]
        places += sorted(found)[:1]
    return places


def _fits(handled: Handled, kind: str, version: int) -> bool:
    oldest, newest = handled.get(kind, (1, 0))
    return oldest <= version <= newest


def _own_places(tx: Tx, handled: Handled, only: Collection[bytes], suspects: bool) -> list[Place]:
    fresh: list[Place] = []
    suspect: list[Place] = []
    for wanted in only:
        for id_, priority, position, crashes, kind, version in tx.run("ready_job", (wanted,)):
            if _fits(handled, kind, version):
                (suspect if crashes else fresh).append((-priority, position, id_))
    return fresh + (sorted(suspect)[:1] if suspects else [])


def _claim_one(tx: Tx, runner: RunnerId, now: int, id_: bytes) -> ClaimedJob:
    (row,) = tx.run("claim_job", {"runner": runner, "now": now, "id": id_})
    tx.announces = True
    return _claimed(row, runner)


def _claimed(row: Row, runner: RunnerId) -> ClaimedJob:
    id_, attempt, kind, version, arguments, priority, errors, crashes, parent, deadline_at, request, reason = row
    return ClaimedJob(
        claim=Claim(JobId.from_bytes(id_), attempt, runner),
        kind=kind,
        version=version,
        arguments=arguments,
        priority=priority,
        errors=errors,
        crashes=crashes,
        parent=JobId.from_bytes(parent) if parent is not None else None,
        deadline_at=deadline_at,
        request=Request(request) if request is not None else None,
        reason=reason,
    )


def pass_time(tx: Tx, now: int) -> None:
    """Make ready what has become due, fail what waited past its deadline."""
    if tx.change("promote_due", {"now": now}):
        tx.announces = True
    for (id_,) in tx.run("read_expired", (now,)):
        end_waiting(tx, id_, now, "failed", "deadline passed before it could finish", error_type="DeadlinePassed")
    failpoint.hit("queue.time_passed")


def end_waiting(tx: Tx, id_: bytes, now: int, status: str, reason: str, *, error_type: str | None = None) -> bool:
    """End a queued or paused job, for which no code runs. False if it is in neither status."""
    parameters: dict[str, Value] = {
        "id": id_,
        "at": now,
        "status": status,
        "reason": reason,
        "error_type": error_type,
        "error_message": reason if status == "failed" else None,
        "error_traceback": None,
    }
    if tx.change("end_waiting", parameters) == 0:
        return False
    tx.change("delete_job", (id_,))
    tx.change("delete_progress", (id_,))
    tx.announces = True
    return True
