"""What the API says of what hangs on a job: its items, notes, log, attempts, speeds and changes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sdjobs.web.wire.words import Cursor, Moment, OutcomeWord, PathValue, RequestWord, StatusWord


class Item(Struct, frozen=True, kw_only=True):
    """What became of one item of a job."""

    seq: int
    item: PathValue
    shown: Annotated[str, Meta(description="Its name for people, with what could do harm escaped.")]
    outcome: OutcomeWord
    reason: str


class ItemPage(Struct, frozen=True, kw_only=True):
    """Part of a job's items, in order."""

    items: list[Item]
    next: Cursor


class Note(Struct, frozen=True, kw_only=True):
    """A warning or an error that did not end the job."""

    seq: int
    at: Moment
    level: Literal["warning", "error"]
    message: str


class NotePage(Struct, frozen=True, kw_only=True):
    """Part of a job's notes, in order."""

    notes: list[Note]
    next: Cursor


class LogLine(Struct, frozen=True, kw_only=True):
    """A line that a job's code has written."""

    at: Moment
    attempt: int
    message: str


class Log(Struct, frozen=True, kw_only=True):
    """The end of a job's log, oldest line first."""

    lines: list[LogLine]


class Attempt(Struct, frozen=True, kw_only=True):
    """How an attempt ended that did not complete its job."""

    attempt: int
    ended_at: Moment
    outcome: Literal["failed", "cancelled", "paused", "interrupted", "snoozed", "crashed"]
    reason: str
    error_type: str
    error_traceback: str


class AttemptList(Struct, frozen=True, kw_only=True):
    """The attempts of a job that did not complete it, in order."""

    attempts: list[Attempt]


class Speed(Struct, frozen=True, kw_only=True):
    """How fast a job was in the `seconds` until `at`; null for what it does not count."""

    at: Moment
    seconds: float
    bytes_per_second: float | None
    items_per_second: float | None


class SpeedList(Struct, frozen=True, kw_only=True):
    """How fast a job has been from its beginning, oldest first; the time between two attempts is in none."""

    speeds: list[Speed]


class Event(Struct, frozen=True, kw_only=True):
    """One change of a job's status, or of what is asked of it."""

    seq: Annotated[int, Meta(description="Orders all events of the library.")]
    job: str
    at: Moment
    status: StatusWord
    request: RequestWord | None
    attempt: int
    reason: str
    state: str
    sentence: str


class EventList(Struct, frozen=True, kw_only=True):
    """Every change of one job, in order."""

    events: list[Event]
