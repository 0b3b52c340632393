"""The same for many jobs, in steps: no writer waits for a long one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import apsw

from spacedrive_jobs._model.clock import to_ms
from spacedrive_jobs._model.errors import JobNotFound, TransitionRefused
from spacedrive_jobs._model.filter import JobFilter
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._store.control import Asked
from spacedrive_jobs._store.reads import END_OF_TIME, failing, meaning
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Tx

STEP: Final = 200
COUNTED: Final = 10_000
"""Jobs that are counted in one step: nothing is done to them, and no other listing waits for long."""


def matching(connection: apsw.Connection, wanted: JobFilter, after: bytes, until: bytes) -> list[JobId]:
    """Up to STEP jobs whose ids are greater than `after` and less than `until`, in order."""
    return [JobId.from_bytes(id_) for id_ in _ids(connection, wanted, after, until, STEP)]


def count(connection: apsw.Connection, wanted: JobFilter, after: bytes, until: bytes) -> tuple[int, bytes]:
    """Up to COUNTED of them, and the id of the last."""
    ids = _ids(connection, wanted, after, until, COUNTED)
    return len(ids), ids[-1] if ids else after


def _ids(connection: apsw.Connection, wanted: JobFilter, after: bytes, until: bytes, limit: int) -> list[bytes]:
    parameters = {
        "after": after,
        "until": until,
        "from": to_ms(wanted.created_from) if wanted.created_from is not None else 0,
        "before": to_ms(wanted.created_before) if wanted.created_before is not None else END_OF_TIME,
        "retried": wanted.retried,
        "failed_items": wanted.failed_items,
        "limit": limit,
        **meaning(wanted.kind, wanted.statuses, wanted.text),
    }
    if wanted.failed_items:
        return failing(connection, parameters)
    return [id_ for (id_,) in connection.execute(query("matching_jobs"), parameters)]


def newest(connection: apsw.Connection) -> bytes:
    """The greatest id of a stored job; empty without one."""
    ((id_,),) = connection.execute(query("newest_job"))
    return id_ if isinstance(id_, bytes) else b""


def chosen(connection: apsw.Connection, wanted: JobFilter, jobs: Sequence[JobId]) -> list[JobId]:
    """Of `jobs`, those that the filter means."""
    found: list[JobId] = []
    for job in jobs:
        number = int.from_bytes(job.bytes)
        found += matching(connection, wanted, (number - 1).to_bytes(16), (number + 1).to_bytes(16))
    return found


def each(tx: Tx, jobs: Sequence[JobId], act: Callable[[Tx, JobId, int], Asked], now: int) -> list[JobId]:
    """Do `act` to each; those to which something was done. One that cannot be, or is gone, is left out."""
    changed: list[JobId] = []
    for job in jobs:
        try:
            if act(tx, job, now) is not Asked.ENDED_BEFORE:
                changed.append(job)
        except (TransitionRefused, JobNotFound):
            continue
    return changed
