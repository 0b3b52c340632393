"""What waits, in its order, part by part: first what may start, then what waits for a time, a job or an answer, last
what is paused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import apsw

from spacedrive_jobs._model.record import Page
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._store.reads import meaning
from spacedrive_jobs._store.rows import JobRow, job_row
from spacedrive_jobs._store.sql import query

PARTS: Final = ((JobStatus.QUEUED, 0), (JobStatus.QUEUED, 1), (JobStatus.PAUSED, None))
"""The parts of the line: status, and whether something keeps the job (None: it does not matter)."""

ABOVE_ALL: Final = 1 << 62
"""No priority is so high, and no place so far back."""


class Cursor(NamedTuple):
    """The last row of a page; what is behind it follows."""

    part: int
    priority: int
    position: int
    id: bytes

    def __str__(self) -> str:
        return f"{self.part}.{self.priority}.{self.position}.{self.id.hex()}"

    @staticmethod
    def parse(text: str) -> Cursor:
        """Raises ValueError."""
        part, priority, position, id_ = text.split(".")
        numbers = int(part), int(priority), int(position)
        if max(map(abs, numbers)) > ABOVE_ALL:
            raise ValueError(f"{text} is no cursor")
        return Cursor(*numbers, bytes.fromhex(id_))


BEGINNING: Final = Cursor(0, ABOVE_ALL, -ABOVE_ALL, b"")


def waiting_jobs(
    connection: apsw.Connection,
    statuses: Collection[JobStatus],
    kind: str | None,
    limit: int,
    after: str | None,
    text: str = "",
) -> Page[JobRow]:
    """Of `statuses`, in the order in which they are claimed as far as one order holds for all priorities."""
    start = Cursor.parse(after) if after else BEGINNING
    parameters = meaning(kind, statuses, text)
    rows: list[tuple[int, JobRow]] = []
    for number, (status, kept) in enumerate(PARTS):
        if status not in statuses or number < start.part:
            continue
        beginning = start if number == start.part else BEGINNING
        for place in _priorities(connection, beginning):
            wanted = {**parameters, **place, "status": status.value, "kept": kept, "limit": limit + 1 - len(rows)}
            rows += [(number, job_row(row)) for row in connection.execute(query("list_waiting"), wanted)]
            if len(rows) > limit:
                return Page(tuple(row for _, row in rows[:limit]), str(_cursor(connection, *rows[limit - 1])))
    return Page(tuple(row for _, row in rows))


def _priorities(connection: apsw.Connection, start: Cursor) -> Iterator[dict[str, int | bytes]]:
    """From that of `start` downwards, each with the place behind which to begin."""
    yield {"priority": start.priority, "position": start.position, "id": start.id}
    below = start.priority
    while (row := connection.execute(query("priority_below"), (below,)).fetchone()) is not None:
        below = int(str(row[0]))
        yield {"priority": below, "position": BEGINNING.position, "id": BEGINNING.id}


def _cursor(connection: apsw.Connection, part: int, row: JobRow) -> Cursor:
    ((_, priority, position),) = connection.execute(query("read_place"), (row.id.bytes,))
    return Cursor(part, int(str(priority)), int(str(position)), row.id.bytes)
