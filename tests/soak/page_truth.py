"""What a page has to show, asked of the database beside the server and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import apsw

from sdjobs.describe import queue_sentence
from spacedrive_jobs import JobStatus

FEW = 8
"""Rows of the short lists."""

Row: TypeAlias = tuple[str, str]
"""A job's id and its status."""

RUNNING = "SELECT id, status FROM jobs WHERE status = 'running' ORDER BY id"
QUEUED = """SELECT id, status FROM jobs WHERE status = 'queued'
    ORDER BY due_at IS NOT NULL OR held, priority DESC, position, id LIMIT 8"""
PAUSED = "SELECT id, status FROM jobs WHERE status = 'paused' ORDER BY priority DESC, position, id LIMIT 8"
WAITING = """SELECT id, status FROM jobs WHERE status IN ('queued', 'paused')
    ORDER BY status = 'paused', status = 'queued' AND (due_at IS NOT NULL OR held), priority DESC, position, id"""
ENDED = "SELECT id, status FROM job_history ORDER BY id DESC"
FAILED = """SELECT id, status FROM job_history AS h WHERE status = 'failed'
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE retry_of = h.id)
    AND NOT EXISTS (SELECT 1 FROM job_history WHERE retry_of = h.id) ORDER BY id DESC"""
COUNTS = """SELECT status, count(*) FROM jobs GROUP BY status
    UNION ALL SELECT status, count(*) FROM job_history GROUP BY status"""


@dataclass(frozen=True)
class Truth:
    """As of one moment. `last`: the number of the newest event."""

    last: int
    sentence: str
    running: tuple[Row, ...]
    first_in_line: tuple[Row, ...]
    waiting: tuple[Row, ...]
    ended: tuple[Row, ...]
    failed: tuple[Row, ...]

    def status_of(self, job: str) -> str | None:
        """None for one that is not stored."""
        return dict(self.running + self.waiting + self.ended).get(job)


def read_truth(library: Path, *, attended: bool) -> Truth:
    """`attended`: somebody runs the queue, which is told by a lock and not by the database."""
    with closing(apsw.Connection(str(library / "jobs.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        connection.set_busy_timeout(10_000)
        connection.execute("BEGIN")
        counted: list[Any] = connection.execute(COUNTS).fetchall()
        counts = dict.fromkeys(JobStatus, 0) | {JobStatus(status): count for status, count in counted}
        paused = connection.execute("SELECT 1 FROM paused_kinds WHERE kind = '*'").fetchone() is not None
        ((last,),) = connection.execute("SELECT coalesce(max(seq), 0) FROM job_events")
        return Truth(
            last=int(str(last)),
            sentence=queue_sentence(counts, everything_paused=paused, attended=attended),
            running=_rows(connection, RUNNING),
            first_in_line=(_rows(connection, QUEUED) + _rows(connection, PAUSED))[:FEW],
            waiting=_rows(connection, WAITING),
            ended=_rows(connection, ENDED),
            failed=_rows(connection, FAILED),
        )


def _rows(connection: apsw.Connection, statement: str) -> tuple[Row, ...]:
    found: list[Any] = connection.execute(statement).fetchall()
    return tuple((str(UUID(bytes=id_)), status) for id_, status in found)


def in_place(shown: Sequence[tuple[int, str, str]], rows: Sequence[Row]) -> list[str]:
    """What is wrong with rows that are shown with their places: (place, id, status)."""
    return [
        f"row {place} shows {status} {id_}, and is {rows[place] if place < len(rows) else 'none'}"
        for place, id_, status in shown
        if place >= len(rows) or rows[place] != (id_, status)
    ]
