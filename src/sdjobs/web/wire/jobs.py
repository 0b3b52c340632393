"""What the API says of jobs: how they are listed, and what one is."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sdjobs.web.wire.words import Cursor, Moment, RequestWord, StatusWord, Verb


class Progress(Struct, frozen=True, kw_only=True):
    """How far a job is. The words are for people, the numbers for a bar; null while unknown."""

    fraction: Annotated[float | None, Meta(description="From 0 to 1; it never falls.")]
    growing: Annotated[bool, Meta(description="The total may still rise.")]
    catching_up: bool
    phase: str
    message: str
    current_path: str
    items_done: int | None
    items_total: int | None
    bytes_done: int | None
    bytes_total: int | None
    items_per_second: float | None
    bytes_per_second: float | None
    eta: Annotated[float | None, Meta(description="Seconds left.")]
    phases: Annotated[list[str], Meta(description="All phases of the job in order, where it has named them.")]
    percent: Annotated[str, Meta(description="`62 %`")]
    amount: Annotated[str, Meta(description="`1.2 of 2.0 GB`")]
    items: Annotated[str, Meta(description="`14 of 20 items`")]
    rate: Annotated[str, Meta(description="`84.1 MB/s`")]
    left: Annotated[str, Meta(description="`9 s left`")]


class Counters(Struct, frozen=True, kw_only=True):
    """What a job has done so far, over all its attempts."""

    bytes_processed: int
    items_processed: int
    items_ok: int
    items_skipped: int
    items_warning: int
    items_error: int
    warnings: int
    errors: int


class Job(Struct, frozen=True, kw_only=True):
    """One job, as a list shows it."""

    id: str
    short_id: Annotated[str, Meta(description="What people type.")]
    kind: str
    title: Annotated[str, Meta(description="What it does, in one line: `Copy Pictures to Backup`.")]
    state: Annotated[str, Meta(description="Its status, or what it was asked to do: `pausing`.")]
    why: Annotated[str, Meta(description="Why it is so, in words; empty where there is nothing to say.")]
    sentence: Annotated[str, Meta(description="State and reason in one: `queued: after 03:00`.")]
    trouble: Annotated[str, Meta(description="`2 items failed, 3 warnings`; empty where all is well.")]
    took: Annotated[str, Meta(description="How long its latest attempt has run: `1 min 20 s`.")]
    can: Annotated[list[Verb], Meta(description="What may be asked of it now.")]
    status: StatusWord
    request: RequestWord | None
    reason: str
    priority: int
    attempt: int
    errors: int
    crashes: int
    parent: str | None
    retry_of: str | None
    created_at: Moment
    due_at: Moment | None
    started_at: Moment | None
    finished_at: Moment | None
    deadline: Moment | None
    seconds: Annotated[float | None, Meta(description="`took` as a number.")]
    handled: Annotated[bool, Meta(description="This process knows its kind.")]
    held: Annotated[bool, Meta(description="It waits for other jobs or for an answer.")]
    progress: Progress
    counters: Counters


class Failure(Struct, frozen=True, kw_only=True):
    """Why a job failed."""

    type: str
    message: str
    traceback: str


class JobDetails(Job, frozen=True, kw_only=True):
    """All that is known of one job."""

    version: int
    description: str
    runner: str | None
    arguments: object
    output: object
    action: Annotated[object, Meta(description="Who dispatched it, why and with what.")]
    error: Failure | None


class JobPage(Struct, frozen=True, kw_only=True):
    """Part of a list of jobs, in the order of that list."""

    jobs: list[Job]
    next: Cursor


class JobList(Struct, frozen=True, kw_only=True):
    """Jobs, all of them."""

    jobs: list[Job]


class Dispatched(Struct, frozen=True, kw_only=True):
    """A job was stored."""

    id: str
    short_id: str


class Done(Struct, frozen=True, kw_only=True):
    """What was done, and to how many jobs."""

    count: int
    sentence: str


class Explanation(Struct, frozen=True, kw_only=True):
    """Why a job is as it is, and what would change it, a sentence each."""

    job: str
    sentences: list[str]


class Question(Struct, frozen=True, kw_only=True):
    """What a job asks. `choices` is empty where any text may be answered."""

    id: str
    job: str
    topic: Annotated[str, Meta(description="One answer may serve all questions of a topic of a job.")]
    text: str
    choices: list[object]
    asked_at: Moment


class QuestionPage(Struct, frozen=True, kw_only=True):
    """Part of the open questions."""

    questions: list[Question]
    next: Cursor
