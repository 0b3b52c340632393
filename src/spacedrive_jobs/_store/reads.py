"""What can be asked of the store without changing it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

import apsw

from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.lane import Lane, parse_lane
from spacedrive_jobs._model.record import AttemptInfo, ItemInfo, JobEvent, NoteInfo, Page, QuietChanges
from spacedrive_jobs._model.status import JobStatus, Request
from spacedrive_jobs._model.transition import Claim
from spacedrive_jobs._store.admission import EVERYTHING
from spacedrive_jobs._store.rows import JobRow, event_row, job_row
from spacedrive_jobs._store.sql import query

LAST_NUMBER = 2**63 - 1
LAST_ID = b"\xff" * 16
END_OF_TIME = 1 << 62

Meant: TypeAlias = Mapping[str, str | int | bytes | None]
"""The parameters that say which jobs."""


def read_job(connection: apsw.Connection, job: JobId) -> JobRow | None:
    """A job wherever it is: it moves from one table to the other in one transaction, so a read sees it exactly once."""
    for row in connection.execute(query("read_job"), {"id": job.bytes}):
        return job_row(row)
    return None


def read_jobs(connection: apsw.Connection, jobs: Collection[JobId]) -> list[JobRow]:
    """Those of these jobs that are stored."""
    return [row for job in jobs if (row := read_job(connection, job)) is not None]


def list_jobs(
    connection: apsw.Connection,
    statuses: Collection[JobStatus],
    kind: str | None,
    limit: int,
    after: str | None,
    text: str = "",
    retried: bool | None = None,
    created_from: int = 0,
    failed_items: bool | None = None,
) -> Page[JobRow]:
    """Newest first. An empty `statuses` means any; `created_from` is in milliseconds. Raises ValueError for an `after`
    that is no cursor."""
    parameters = {
        "retried": retried,
        "failed_items": failed_items,
        "from": created_from,
        "after": bytes.fromhex(after) if after else LAST_ID,
        "limit": limit + 1,
        **meaning(kind, statuses, text),
    }
    if failed_items:
        return _failing_page(connection, parameters, limit)
    rows = [job_row(row) for row in connection.execute(query("list_jobs"), parameters)]
    return Page(tuple(rows[:limit]), rows[limit - 1].id.bytes.hex() if len(rows) > limit else None)


def failing(connection: apsw.Connection, meant: Meant, *, newest_first: bool = False) -> list[bytes]:
    """The ids of jobs that have failed items, between `after` and `until`. A statement of its own: they are few among
    many, and the others would look at all."""
    return [id_ for (id_,) in connection.execute(query("failing_jobs"), {**meant, "down": newest_first})]


def _failing_page(connection: apsw.Connection, meant: Meant, limit: int) -> Page[JobRow]:
    """In one snapshot, as every read: each of the ids has its row."""
    bounds = {"after": b"", "until": meant["after"], "before": END_OF_TIME}
    ids = failing(connection, {**meant, **bounds}, newest_first=True)
    rows = read_jobs(connection, [JobId.from_bytes(id_) for id_ in ids[:limit]])
    return Page(tuple(rows), ids[limit - 1].hex() if len(ids) > limit else None)


def meaning(kind: str | None, statuses: Collection[JobStatus], text: str) -> dict[str, str | int | None]:
    """The parameters that all statements over both tables share. `text` is compared as SQLite's lower() writes it."""
    return {
        "kind": kind,
        "statuses": ",".join(status.value for status in statuses) or None,
        "active": int(not statuses or any(not status.is_terminal for status in statuses)),
        "ended": int(not statuses or any(status.is_terminal for status in statuses)),
        "text": "".join(letter.lower() if letter.isascii() else letter for letter in text) or None,
    }


def running_jobs(connection: apsw.Connection) -> list[JobRow]:
    """Oldest first."""
    return [job_row(row) for row in connection.execute(query("list_running"))]


def running_views(connection: apsw.Connection) -> list[tuple[JobId, bytes | None, bytes]]:
    """(job, progress, view) of each running job that has said anything."""
    return [
        (JobId.from_bytes(id_), progress, view) for id_, progress, view in connection.execute(query("running_views"))
    ]


def count_jobs(connection: apsw.Connection) -> dict[JobStatus, int]:
    counts = dict.fromkeys(JobStatus, 0)
    for status, count in connection.execute(query("count_jobs")):
        counts[JobStatus(status)] = count
    return counts


def load(connection: apsw.Connection) -> list[tuple[str, int, str, int, int]]:
    """The unfinished jobs: (kind, version, status, how many, when the oldest was dispatched)."""
    return [
        (str(kind), version, str(status), count, at)
        for kind, version, status, count, at in connection.execute(query("load"))
    ]


def count_by_kind(connection: apsw.Connection) -> dict[str, dict[JobStatus, int]]:
    """By kind, in alphabetical order."""
    found: dict[str, dict[JobStatus, int]] = {}
    for kind, status, count in connection.execute(query("count_jobs_by_kind")):
        found.setdefault(str(kind), dict.fromkeys(JobStatus, 0))[JobStatus(status)] = count
    return dict(sorted(found.items()))


def jobs_ahead(connection: apsw.Connection, job: JobId) -> int:
    for (count,) in connection.execute(query("jobs_ahead"), {"id": job.bytes}):
        return int(count)
    return 0


def find_jobs(connection: apsw.Connection, text: str) -> list[JobId]:
    """At most ten jobs whose id, or its short form, begins or ends with `text` (lower case hex digits, no dashes)."""
    parameters = {"head": f"{text}*", "tail": f"*{text}", "short": f"{text}*"}
    return [JobId.from_bytes(id_) for (id_,) in connection.execute(query("find_jobs"), parameters)]


def find_unfinished(connection: apsw.Connection, kind: str, arguments: bytes) -> JobId | None:
    """The oldest unfinished job of equal kind and arguments."""
    for (id_,) in connection.execute(query("find_unfinished"), (kind, arguments)):
        return JobId.from_bytes(id_)
    return None


def unfinished_of(connection: apsw.Connection, names: Collection[str], limit: int = 1_000) -> tuple[int, list[JobRow]]:
    """The end of the queue, and the first unfinished jobs of a kind, as of one moment."""
    ((position,),) = connection.execute(query("next_position"))
    ids: list[Any] = [
        id_ for name in names for id_, _ in connection.execute(query("unfinished_of_kind"), {"kind": name}).fetchall()
    ]
    return int(str(position)), read_jobs(connection, [JobId.from_bytes(id_) for id_ in sorted(ids)[:limit]])


def list_items(
    connection: apsw.Connection, job: JobId, outcomes: Collection[str], limit: int, after: str | None
) -> Page[ItemInfo]:
    """In the order in which they were recorded; `item` is filled with the raw name, printable by the caller.

    Raises ValueError for an `after` that is no cursor, as `list_notes` does.
    """
    parameters = {
        "job": job.bytes,
        "after": _number_after(after),
        "outcomes": ",".join(outcomes) or None,
        "limit": limit + 1,
    }
    rows = [
        ItemInfo(seq, "", item, outcome, reason)
        for seq, item, outcome, reason in connection.execute(query("list_items"), parameters)
    ]
    return Page(tuple(rows[:limit]), str(rows[limit - 1].seq) if len(rows) > limit else None)


def list_notes(connection: apsw.Connection, job: JobId, limit: int, after: str | None) -> Page[NoteInfo]:
    parameters = (job.bytes, _number_after(after), limit + 1)
    rows = [
        NoteInfo(seq, to_datetime(at), level, message)
        for seq, at, level, message in connection.execute(query("list_notes"), parameters)
    ]
    return Page(tuple(rows[:limit]), str(rows[limit - 1].seq) if len(rows) > limit else None)


def _number_after(text: str | None) -> int:
    """The cursor of rows that are numbered from 0. Raises ValueError."""
    number = int(text) if text else -1
    if abs(number) > LAST_NUMBER:
        raise ValueError("no row has so high a number")
    return number


def read_attempts(connection: apsw.Connection, job: JobId) -> list[AttemptInfo]:
    return [
        AttemptInfo(attempt, to_datetime(ended_at), outcome, reason, error_type, traceback)
        for attempt, ended_at, outcome, reason, error_type, traceback in connection.execute(
            query("read_attempts"), (job.bytes,)
        )
    ]


def children_of(connection: apsw.Connection, job: JobId) -> list[JobRow]:
    ids: list[Any] = [id_ for (id_,) in connection.execute(query("children_of"), {"id": job.bytes}).fetchall()]
    return [row for id_ in ids if (row := read_job(connection, JobId.from_bytes(id_))) is not None]


def paused_queues(connection: apsw.Connection) -> dict[str | None, str]:
    """Reasons by kind; None stands for everything."""
    return {
        (None if kind == EVERYTHING else str(kind)): str(reason)
        for kind, reason in connection.execute(query("paused_kinds"))
    }


def job_events(connection: apsw.Connection, job: JobId, after: int = 0) -> list[JobEvent]:
    return [event_row(row) for row in connection.execute(query("events_of_job"), (job.bytes, after))]


def events_after(connection: apsw.Connection, after: int, limit: int = 1_000) -> list[JobEvent]:
    return [event_row(row) for row in connection.execute(query("events_after"), (after, limit))]


def last_event(connection: apsw.Connection) -> int:
    for (seq,) in connection.execute(query("last_event")):
        return int(str(seq))
    return 0


def quiet_changes(connection: apsw.Connection) -> QuietChanges:
    ((deletions, reorderings),) = connection.execute(query("read_quiet_changes"))
    return QuietChanges(int(str(deletions)), int(str(reorderings)))


def next_moment(connection: apsw.Connection, *, schedules: bool) -> int | None:
    """The earliest due time or deadline of a waiting job, and of schedules where asked (ms)."""
    for (at,) in connection.execute(query("next_due"), (int(schedules),)):
        return int(str(at)) if at is not None else None
    return None


def read_progress(connection: apsw.Connection, job: JobId) -> tuple[bytes | None, bytes] | None:
    """(progress, view) as last stored."""
    for progress, view in connection.execute(query("read_progress"), (job.bytes,)):
        return progress, view
    return None


def read_speeds(connection: apsw.Connection, job: JobId) -> bytes | None:
    """The spans of a job as stored."""
    for (spans,) in connection.execute(query("read_speeds"), (job.bytes,)):
        return bytes(spans)
    return None


def read_requests(connection: apsw.Connection, runner: RunnerId) -> list[tuple[JobId, int, Request, str]]:
    """What is asked of the jobs that `runner` runs: (job, attempt, request, reason)."""
    return [
        (JobId.from_bytes(id_), attempt, Request(request), reason)
        for id_, attempt, request, reason in connection.execute(query("read_requests"), (runner,))
    ]


def running_lanes(connection: apsw.Connection) -> list[tuple[bytes, Lane, int]]:
    """(job, lane, bytes written of reserved space) of each running job, over all processes."""
    return [
        (bytes(job), parse_lane(lane), written)
        for job, _, lane, _, _, _, written in connection.execute(query("running_jobs"))
    ]


def asks_for_resources(connection: apsw.Connection) -> bool:
    """Whether a job that is ready or runs asks for resources."""
    if any(lane.resources for _, lane, _ in running_lanes(connection)):
        return True
    return any(
        parse_lane(str(lane)).resources for _, _, lane, _ in connection.execute(query("ready_levels")).fetchall()
    )


def statuses_of(connection: apsw.Connection, jobs: Iterable[bytes]) -> dict[bytes, str]:
    """Of those that are stored, active or ended."""
    found: dict[bytes, str] = {}
    for job in jobs:
        for (status,) in connection.execute(query("status_of"), {"id": job}):
            found[job] = status
    return found


def held_claims(connection: apsw.Connection, runner: RunnerId) -> set[tuple[JobId, int]]:
    """(job, attempt) of every claim that `runner` holds."""
    return {
        (JobId.from_bytes(bytes(id_)), attempt)
        for id_, attempt in connection.execute(query("running_of_runner"), (runner,))
    }


def holds_claim(connection: apsw.Connection, claim: Claim) -> bool:
    parameters = (claim.job.bytes, claim.attempt, claim.runner)
    return connection.execute(query("holds_claim"), parameters).fetchone() is not None
