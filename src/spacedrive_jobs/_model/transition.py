"""Claims, what an attempt stores, and every way in which running code may leave its claim.

What is made for every job or item is a NamedTuple: a frozen dataclass costs several times as much to make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, Union, final

from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._model.record import ItemOutcome
from spacedrive_jobs._model.status import Request

OnFailure: TypeAlias = Literal["cancel", "run"]
"""What becomes of a job when one that it waits for fails or is cancelled."""

UniquePolicy: TypeAlias = Literal["return", "reject", "replace"]


class Wait(NamedTuple):
    """To wait for one job."""

    on: bytes
    policy: OnFailure


class KindWait(NamedTuple):
    """To wait for the jobs of a kind that are unfinished at the moment of dispatch; `names`: its aliases too."""

    names: tuple[str, ...]
    policy: OnFailure


class UniqueKey(NamedTuple):
    """16 bytes that no two unfinished jobs share, and what to do when one has them already."""

    key: bytes
    policy: UniquePolicy


class NewJob(NamedTuple):
    """One job to be stored as `queued`. Times are ms since 1970."""

    id: bytes
    kind: str
    version: int
    arguments: bytes
    resumable: bool
    priority: int
    created_at: int
    parent: bytes | None = None
    deadline_at: int | None = None
    lane: str = ""
    """What admission asks besides the kind, as `lane_text` writes it."""
    tidies: bool = False
    """Its kind has an `on_cancel` hook, which runs even if the job is cancelled while it waits."""
    scope: bytes | None = None
    unique: UniqueKey | None = None
    after: tuple[Wait, ...] = ()
    after_kinds: tuple[KindWait, ...] = ()
    retry_of: bytes | None = None
    action: bytes | None = None
    trace: bytes | None = None
    """The trace that it is part of, encoded."""

    @property
    def is_plain(self) -> bool:
        """Nothing about it depends on other jobs: it is stored as it is."""
        return self.unique is None and not self.after and not self.after_kinds


class Claim(NamedTuple):
    """The right to finish one attempt; a store write that does not hold it changes nothing."""

    job: JobId
    attempt: int
    runner: RunnerId


class Past(NamedTuple):
    """What the statistics count of an unfinished job; nothing of it changes while a claim holds. Times are ms.

    `started_at` is None until it has run, `claimed_at` unless it runs. `ran_ms`: how long the attempts before this one
    ran; `deaths`: how many of them ended with their process, whatever `crashes` forgave.
    """

    kind: str
    attempt: int
    created_at: int
    started_at: int | None
    claimed_at: int | None
    ran_ms: int
    errors: int
    deaths: int


class ClaimedJob(NamedTuple):
    """A claim with what is needed to run it. `request` is set where only `on_cancel` is to run."""

    claim: Claim
    kind: str
    version: int
    arguments: bytes
    priority: int
    errors: int
    crashes: int
    parent: JobId | None
    deadline_at: int | None
    request: Request | None
    reason: str
    lane: str = ""
    gained: int = 0
    """What waiting had added to its priority at the claim. To have this one suspended, a job must exceed their sum."""
    retry_of: JobId | None = None
    action: bytes | None = None
    trace: bytes | None = None
    past: Past | None = None


class ItemRow(NamedTuple):
    item: bytes
    outcome: ItemOutcome
    reason: str


class NoteRow(NamedTuple):
    at: int
    level: str
    message: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """What an attempt has gathered since it last stored: written in one transaction, or not at all.

    `state=None` leaves the stored state as it is. `items_seq` and `notes_seq` number the first row of each list.
    """

    state: bytes | None = None
    version: int = 1
    metrics: bytes | None = None
    items: tuple[ItemRow, ...] = ()
    items_seq: int = 0
    notes: tuple[NoteRow, ...] = ()
    notes_seq: int = 0
    kept: tuple[tuple[bytes, bytes], ...] = ()
    state_seq: int = 0
    """See Checkpoint."""
    written: int | None = None
    """Bytes written of the space that the job reserved, in all; None: as before."""


@final
@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last durable checkpoint of a job, as the next attempt finds it."""

    attempt: int
    version: int
    state: bytes | None
    metrics: bytes | None
    items_seq: int
    notes_seq: int
    state_seq: int = 0
    """Orders states over both databases: the attempt, times 2**32, plus the number of the state in it."""


@final
@dataclass(frozen=True, slots=True)
class ProgressRow:
    """`speeds`: the job's spans, where one of them has ended."""

    job: JobId
    attempt: int
    fraction: float | None
    progress: bytes | None
    view: bytes
    speeds: bytes | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What an ending attempt leaves behind. `stored`: rows besides its own may exist (checkpoints, progress, …)."""

    flush: Flush | None = None
    metrics: bytes | None = None
    progress: bytes | None = None
    view: bytes | None = None
    stored: bool = True


NOTHING = Trace()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """`past`: as it was claimed with, which spares the store a look."""

    claim: Claim
    at: int
    output: bytes
    trace: Trace = field(default=NOTHING)
    past: Past | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """For good: `error_message` is for people; `counts` adds one to the job's errors."""

    claim: Claim
    at: int
    error_type: str
    error_message: str
    error_traceback: str = ""
    counts: bool = True
    trace: Trace = field(default=NOTHING)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """An error with budget left: queued until `due_at`."""

    claim: Claim
    at: int
    due_at: int
    reason: str
    error_type: str = ""
    error_traceback: str = ""
    trace: Trace = field(default=NOTHING)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A user's pause: stays paused over restarts."""

    claim: Claim
    at: int
    reason: str = "paused"
    trace: Trace = field(default=NOTHING)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    claim: Claim
    at: int
    reason: str
    trace: Trace = field(default=NOTHING)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """Shutdown or suspension: first in line again, and no budget is spent."""

    claim: Claim
    at: int
    reason: str
    trace: Trace = field(default=NOTHING)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """The job itself wants to go on later: at `due_at`, or when all of `questions` are answered. Uses no budget."""

    claim: Claim
    at: int
    reason: str
    due_at: int | None = None
    questions: tuple[bytes, ...] = ()
    trace: Trace = field(default=NOTHING)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """The process that ran this attempt died while its runner lives (isolation="process")."""

    claim: Claim
    at: int
    reason: str
    max_crashes: int
    trace: Trace = field(default=NOTHING)


Transition: TypeAlias = Union[Complete, Fail, Retry, Pause, Cancel, Requeue, Snooze, Crash]
