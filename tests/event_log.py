"""Statistics computed anew from the log of events: what the stored ones must equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from spacedrive_jobs import JobStatistics

TERMINAL = ("completed", "failed", "cancelled")

EVENTS = """
SELECT h.kind, h.id, e.at, e.status, e.attempt FROM job_events AS e JOIN job_history AS h ON h.id = e.job_id
ORDER BY e.seq
"""


@dataclass(slots=True)
class Told:
    """What the events tell of one kind."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    attempts: int = 0
    waited_ms: int = 0
    ran_ms: int = 0
    started: int = 0


def told_by_events(database: Path) -> dict[str, Told]:
    """Of every job that has ended and is still in the history."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        stories: dict[tuple[str, bytes], list[tuple[int, str, int]]] = defaultdict(list)
        rows: list[Any] = connection.execute(EVENTS).fetchall()
    finally:
        connection.close()
    for kind, id_, at, status, attempt in rows:
        stories[kind, id_].append((at, status, attempt))
    told: dict[str, Told] = defaultdict(Told)
    for (kind, _), story in stories.items():
        _add(told[kind], story)
    return dict(told)


def _add(told: Told, story: list[tuple[int, str, int]]) -> None:
    ended_at, status, attempt = story[-1]
    assert status in TERMINAL, story
    setattr(told, status, getattr(told, status) + 1)
    told.attempts += attempt
    since: int | None = None
    starts = [at for at, word, _ in story if word == "running"]
    if starts:
        told.started += 1
        told.waited_ms += starts[0] - story[0][0]
    for at, word, _ in story:
        if word == "running" and since is None:
            since = at
        elif word != "running" and since is not None:
            told.ran_ms += at - since
            since = None
    assert since is None, (story, ended_at)


def as_told(statistics: Sequence[JobStatistics]) -> dict[str, Told]:
    """The same numbers out of the stored statistics."""
    told: dict[str, Told] = defaultdict(Told)
    for one in statistics:
        kind = told[one.kind]
        kind.completed += one.completed
        kind.failed += one.failed
        kind.cancelled += one.cancelled
        kind.attempts += one.attempts
        kind.waited_ms += round(one.wait.total * 1000)
        kind.ran_ms += round(one.run.total * 1000)
        kind.started += one.run.count
        assert one.wait.count == one.run.count
    return dict(told)
