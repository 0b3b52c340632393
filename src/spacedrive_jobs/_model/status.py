"""A job's status, and which may follow which (`docs/lifecycle.md` draws it)."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final


class JobStatus(Enum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return not SUCCESSORS[self]


SUCCESSORS: Final[dict[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.PAUSED, JobStatus.QUEUED}
    ),
    JobStatus.PAUSED: frozenset({JobStatus.QUEUED, JobStatus.CANCELLED, JobStatus.FAILED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


class Request(Enum):
    """What somebody asked of a running job; it stays `running` until its code has stopped."""

    PAUSE = "pause"
    CANCEL = "cancel"
    ABORT = "abort"


MOST_PRIORITY: Final = 1_000_000
"""Priorities are between its negative and itself."""


def check_priority(priority: int) -> int:
    """The priority. Raises ValueError for one that is out of bounds."""
    if abs(priority) > MOST_PRIORITY:
        raise ValueError(f"the priority {priority} is not between {-MOST_PRIORITY:,} and {MOST_PRIORITY:,}")
    return priority


class Priority(IntEnum):
    """Any int from -MOST_PRIORITY to MOST_PRIORITY is a priority; these are the named ones. Higher runs first."""

    LOW = -10
    NORMAL = 0
    HIGH = 10
    CRITICAL = 20
