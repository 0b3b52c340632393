"""What is stored of jobs, as values: nothing here reads or writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeAlias, TypeVar, final

import msgspec

from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.progress import JobMetrics, Progress, ProgressView
from spacedrive_jobs._model.status import JobStatus, Request

T = TypeVar("T")

ItemOutcome: TypeAlias = Literal["ok", "skipped", "warning", "error"]
RunnerMode: TypeAlias = Literal["all", "own", "none"]


@final
@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a listing; `next`, given as `after`, brings the following part; None at the end."""

    rows: tuple[T, ...]
    next: str | None = None


@final
class JobInfo(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one job, active or ended. Times are UTC.

    `request` is what was asked of a running job and not yet done; `reason` says, for people, why the job is in its
    status (why it waits, what failed). `handled` is False where no live definition in this process fits the job.
    `retry_of` is the ended job that this one does again; `action` says who dispatched it and why, as plain values.
    `arguments` and `output` are plain values (as in JSON), None where they cannot be decoded here. `held`: it waits for
    other jobs or for an answer. `ran`: how long it ran, over all attempts but the one that runs now; `running_since`:
    when that one began, None unless it runs. `started_at` is when the first began: between it and `finished_at` may be
    pauses, and waits for a turn or an answer.
    """

    id: JobId
    kind: str
    version: int
    description: str
    status: JobStatus
    request: Request | None
    reason: str
    priority: int
    attempt: int
    errors: int
    crashes: int
    parent: JobId | None
    retry_of: JobId | None = None
    action: object = None
    created_at: datetime
    due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime | None
    runner: RunnerId | None
    handled: bool
    arguments: object
    output: object
    error_type: str
    error_message: str
    error_traceback: str
    progress: Progress | None
    view: ProgressView
    metrics: JobMetrics
    held: bool = False
    ran: timedelta = timedelta(0)
    running_since: datetime | None = None


@final
@dataclass(frozen=True, slots=True)
class ItemInfo:
    """What became of one item. `item` is printable; `raw` is its exact bytes."""

    seq: int
    item: str
    raw: bytes
    outcome: ItemOutcome
    reason: str


@final
@dataclass(frozen=True, slots=True)
class NoteInfo:
    """A warning or a non-critical error of a job."""

    seq: int
    at: datetime
    level: Literal["warning", "error"]
    message: str


@final
@dataclass(frozen=True, slots=True)
class LogLine:
    at: datetime
    attempt: int
    message: str


@final
@dataclass(frozen=True, slots=True)
class JobEvent:
    """One change of a job's status, or of what is asked of it. `seq` orders all events of a library."""

    seq: int
    job: JobId
    at: datetime
    status: JobStatus
    request: Request | None
    attempt: int
    reason: str


@final
@dataclass(frozen=True, slots=True)
class QuietChanges:
    """Counts of what no event tells of. `deletions`: jobs that were ever deleted from the history; `reorderings`: how
    often a waiting job got another place or another time, and no other status."""

    deletions: int
    reorderings: int


@final
@dataclass(frozen=True, slots=True)
class JobSpeed:
    """How fast a job was in the `seconds` until `at` (UTC), without skipped work; None for what it does not count."""

    at: datetime
    seconds: float
    bytes_per_second: float | None
    items_per_second: float | None


@final
@dataclass(frozen=True, slots=True)
class AttemptInfo:
    """How an attempt ended that did not complete its job."""

    attempt: int
    ended_at: datetime
    outcome: Literal["failed", "cancelled", "paused", "interrupted", "snoozed", "crashed"]
    reason: str
    error_type: str
    error_traceback: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInfo:
    """A stored schedule. `rule` in words; `next_run` is None while it is paused or has ended. Times are UTC.

    `when` is the rule as plain values: its `rule` is `every` (with `seconds`), `cron` (`expression`, `tz`), `calendar`
    (`unit`, `count`, `at`, `tz`) or `once` (`at`). `catch_up` is how many missed times are each run, None where
    `misfire` is `once` or `skip`; `jitter` is in seconds.
    """

    id: str
    kind: str
    arguments: object
    rule: str
    misfire: str
    overlap: str
    paused: bool
    created_at: datetime
    next_run: datetime | None
    last_job: JobId | None
    when: dict[str, object]
    catch_up: int | None
    jitter: float
    priority: int


@final
@dataclass(frozen=True, slots=True)
class ScheduleRun:
    """What became of a time of a schedule. `count`: how many missed times this one stands for."""

    scheduled_at: datetime
    at: datetime
    outcome: Literal["dispatched", "missed", "skipped"]
    job: JobId | None
    count: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class KindLoad:
    """The unfinished jobs of one kind now. `unhandled`: how many of the queued have no handler in this process;
    `oldest_queued`: when the oldest of the queued was dispatched."""

    kind: str
    queued: int = 0
    running: int = 0
    paused: int = 0
    unhandled: int = 0
    oldest_queued: datetime | None = None


@final
@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """A process that has the library open. `state`: what its lock and its process say of it."""

    id: RunnerId
    mode: RunnerMode
    pid: int
    host: str
    program: str
    started_at: datetime
    state: Literal["alive", "silent", "stopped", "no_space", "dead"]


@final
@dataclass(frozen=True, slots=True)
class KindInfo:
    """A registered kind; `schema` is the JSON Schema of its arguments."""

    kind: str
    version: int
    description: str
    aliases: tuple[str, ...]
    source: str
    schema: dict[str, object]
