"""Why a queued job does not run yet, in words: computed when somebody looks, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import apsw

from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.lane import Limits
from spacedrive_jobs._model.record import Page
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._store.admission import Admission, Supply
from spacedrive_jobs._store.reader import ReadFunction
from spacedrive_jobs._store.rows import JobRow
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Tx

NAMED: Final = 3
"""Of many jobs that one waits for, so many are named."""


def explained(
    read: ReadFunction[Page[JobRow]], limits: Mapping[str, Limits], supply: Supply, now: int
) -> ReadFunction[Page[tuple[JobRow, str]]]:
    """A read of rows, each with what keeps it where it is queued."""

    def both(connection: apsw.Connection) -> Page[tuple[JobRow, str]]:
        page = read(connection)
        admission = Admission(Tx(connection), limits, supply, now)
        rows = tuple(
            (row, why(connection, row, admission, now) if row.status is JobStatus.QUEUED else "") for row in page.rows
        )
        return Page(rows, page.next)

    return both


def why(connection: apsw.Connection, row: JobRow, admission: Admission, now: int) -> str:
    """What keeps this queued job; empty where it only waits for its turn."""
    if row.request is not None:
        return "is being cancelled"
    if row.held:
        return waits_for(connection, row.id)
    if row.due_at is not None and row.due_at > now:
        return row.reason or f"after {to_datetime(row.due_at):%Y-%m-%d %H:%M:%S} UTC"
    refusal = admission.refusal(row.kind, row.lane)
    return refusal.words if refusal is not None else ""


def waits_for(connection: apsw.Connection, job: JobId) -> str:
    """The jobs and questions that hold a job, by name."""
    on: list[Any] = [id_ for id_, _ in connection.execute(query("waits_of"), (job.bytes,)).fetchall()]
    jobs: list[str] = []
    questions = 0
    for id_ in on:
        rows: list[Any] = connection.execute(query("active_kind"), (id_,)).fetchall()
        if rows:
            jobs.append(f"{rows[0][0]} {JobId.from_bytes(id_).short}")
        else:
            questions += 1
    said = jobs[:NAMED]
    if len(jobs) > NAMED:
        said.append(f"{len(jobs) - NAMED:,} more")
    if questions:
        said.append("an answer" if questions == 1 else f"{questions:,} answers")
    return f"waits for {' and '.join([', '.join(said[:-1]), said[-1]]) if len(said) > 1 else ''.join(said)}"


def unfinished_waits(connection: apsw.Connection, jobs: list[bytes]) -> set[bytes]:
    """All jobs that these wait for, those that those wait for, and so on."""
    found: set[bytes] = set()
    stack = list(jobs)
    while stack:
        waits: list[Any] = connection.execute(query("waits_of"), (stack.pop(),)).fetchall()
        new = {bytes(on) for on, _ in waits} - found
        found |= new
        stack += new
    return found


def cancelled_families(connection: apsw.Connection, jobs: list[bytes]) -> set[bytes]:
    """Of these jobs and their descendants those that are cancelled and have yet to tidy up."""
    return {bytes(id_) for job in jobs for (id_,) in connection.execute(query("cancelled_family"), {"id": job})}
