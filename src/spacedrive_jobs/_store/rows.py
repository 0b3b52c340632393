"""Rows to values. The words of a status exist as text only here and in SQL."""

from __future__ import annotations

from typing import NamedTuple

from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.record import JobEvent
from spacedrive_jobs._model.status import JobStatus, Request
from spacedrive_jobs._store.tx import Row


class JobRow(NamedTuple):
    """One job as stored, active or ended, with its payloads still encoded. A tuple: a list makes hundreds of them."""

    id: JobId
    kind: str
    version: int
    status: JobStatus
    request: Request | None
    reason: str
    priority: int
    attempt: int
    errors: int
    crashes: int
    parent: JobId | None
    created_at: int
    due_at: int | None
    started_at: int | None
    finished_at: int | None
    deadline_at: int | None
    runner: RunnerId | None
    arguments: bytes
    output: bytes | None
    error_type: str
    error_message: str
    error_traceback: str
    metrics: bytes | None
    progress: bytes | None
    view: bytes | None
    retry_of: JobId | None
    lane: str
    held: bool
    yielding: int
    action: bytes | None
    unique: bool
    ran_ms: int
    """Without the attempt that runs now. Of jobs that ended before this was kept, from the first start to the end."""
    claimed_at: int | None


def job_row(row: Row) -> JobRow:
    """From the columns of `read_job.sql` and its siblings, which select them in the order of JobRow's fields."""
    id_, kind, version, status, request, reason, priority, attempt, errors, crashes, parent, *rest = row
    created, due, started, finished, deadline, runner, arguments, output, error_type, message, trace, *more = rest
    metrics, progress, view, retry_of, lane, held, yielding, action, unique, ran_ms, claimed_at = more
    return JobRow(
        JobId.from_bytes(id_),
        kind,
        version,
        JobStatus(status),
        Request(request) if request is not None else None,
        reason,
        priority,
        attempt,
        errors,
        crashes,
        JobId.from_bytes(parent) if parent is not None else None,
        created,
        due,
        started,
        finished,
        deadline,
        RunnerId(runner) if runner is not None else None,
        arguments,
        output,
        error_type or "",
        message or "",
        trace or "",
        metrics,
        progress,
        view,
        JobId.from_bytes(retry_of) if retry_of is not None else None,
        lane,
        bool(held),
        yielding,
        action,
        bool(unique),
        ran_ms,
        claimed_at,
    )


def event_row(row: Row) -> JobEvent:
    seq, job, at, attempt, status, request, reason = row
    return JobEvent(
        seq,
        JobId.from_bytes(job),
        to_datetime(at),
        JobStatus(status),
        Request(request) if request is not None else None,
        attempt,
        reason,
    )
