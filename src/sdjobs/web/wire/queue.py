"""What the API says of the queue: kinds, schedules, runners and numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sdjobs.web.wire.words import Moment


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of jobs. `schema` is the JSON Schema of its arguments."""

    kind: str
    version: int
    description: str
    aliases: list[str]
    source: str
    schema: dict[str, object]


class KindList(Struct, frozen=True, kw_only=True):
    """The kinds that this process knows, by name."""

    kinds: list[Kind]


class Schedule(Struct, frozen=True, kw_only=True):
    """Jobs that run by the clock. `rule`, `next` and `sentence` are in words."""

    id: str
    kind: str
    title: str
    rule: str
    sentence: Annotated[str, Meta(description="`every 6 hours, next 2026-11-26 03:00:00`")]
    arguments: object
    misfire: str
    overlap: Literal["skip", "queue", "replace"]
    paused: bool
    created_at: Moment
    next_run: Moment | None
    last_job: str | None
    when: Annotated[dict[str, object], Meta(description="The rule, as `when` of a ScheduleRule.")]
    catch_up: Annotated[int | None, Meta(description="So many missed times are each run; null for other rules.")]
    jitter_seconds: float
    priority: int


class ScheduleList(Struct, frozen=True, kw_only=True):
    """All schedules, by id."""

    schedules: list[Schedule]


class ScheduleRun(Struct, frozen=True, kw_only=True):
    """What became of a time of a schedule."""

    scheduled_at: Moment
    at: Moment
    outcome: Literal["dispatched", "missed", "skipped"]
    sentence: str
    job: str | None
    count: int


class ScheduleDetails(Schedule, frozen=True, kw_only=True):
    """A schedule with its next times and what became of the last ones."""

    next_runs: list[Moment]
    runs: list[ScheduleRun]


class PausedQueue(Struct, frozen=True, kw_only=True):
    """Of this kind no job is started; null stands for every kind."""

    kind: str | None
    reason: str


class Queue(Struct, frozen=True, kw_only=True):
    """How many jobs are unfinished, and what is paused."""

    queued: int
    running: int
    paused: int
    paused_queues: list[PausedQueue]


class Counts(Struct, frozen=True, kw_only=True):
    """How many jobs are in each status."""

    queued: int
    running: int
    paused: int
    completed: int
    failed: int
    cancelled: int


class KindCounts(Struct, frozen=True, kw_only=True):
    """How many jobs of a kind are in each status."""

    kind: str
    counts: Counts


class Statistics(Counts, frozen=True, kw_only=True):
    """How many jobs are in each status, in all and of each kind."""

    kinds: list[KindCounts]


class Took(Struct, frozen=True, kw_only=True):
    """How long something took, over many jobs, in seconds; null where there is none. Quantiles are right within a
    factor of 1.4."""

    count: int
    total: float
    p50: float | None
    p95: float | None


class KindStatistics(Struct, frozen=True, kw_only=True):
    """What the jobs of a kind came to that ended in a span of time."""

    kind: str
    start: Moment
    end: Moment
    sentence: Annotated[str, Meta(description="`12 completed, 1 failed; half took up to 2 s, 95 % up to 9 s`")]
    completed: int
    failed: int
    cancelled: int
    attempts: int
    errors: int
    retries: int
    crashes: int
    bytes: int
    items: int
    items_per_second: float | None
    wait: Annotated[Took, Meta(description="From the dispatch to the first start.")]
    run: Annotated[Took, Meta(description="Running, over all attempts.")]


class History(Struct, frozen=True, kw_only=True):
    """What jobs came to. It outlives the jobs: neither the history's end nor `clear` takes anything from it."""

    spans: Annotated[list[KindStatistics], Meta(description="By kind and hour, by kind and day before eight days ago.")]
    totals: Annotated[list[KindStatistics], Meta(description="All spans of a kind together.")]


class Runner(Struct, frozen=True, kw_only=True):
    """A process that has the library open."""

    id: str
    mode: Literal["all", "own", "none"]
    pid: int
    host: str
    program: str
    started_at: Moment
    state: Literal["alive", "silent", "stopped", "no_space", "dead"]
