"""What the API says: values as JSON, in the words of `describe` and under the names of `--json`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

StatusWord: TypeAlias = Literal["queued", "running", "paused", "completed", "failed", "cancelled"]
WaitingWord: TypeAlias = Literal["queued", "paused"]
RequestWord: TypeAlias = Literal["pause", "cancel", "abort"]
Verb: TypeAlias = Literal["pause", "resume", "cancel", "abort", "retry", "front"]
OutcomeWord: TypeAlias = Literal["ok", "skipped", "warning", "error"]

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]

Cursor: TypeAlias = Annotated[
    str | None, Meta(description="Give it as `after` for the following part; null at the end.")
]
PathValue: TypeAlias = Annotated[
    object, Meta(description='The exact path: a string, or {"bytes": base64} where it is no UTF-8.')
]


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


class Dispatched(Struct, frozen=True, kw_only=True):
    """A job was stored."""

    id: str
    short_id: str


class Done(Struct, frozen=True, kw_only=True):
    """What was done, and to how many jobs."""

    count: int
    sentence: str


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


class Location(Struct, frozen=True, kw_only=True):
    """A folder that is indexed."""

    id: int
    path: PathValue
    shown: str
    state: Annotated[str, Meta(description="`new`, `online`, or `offline` when its disk was not there.")]
    complete: bool
    indexed_at: Moment | None
    sentence: str


class CategoryTotal(Struct, frozen=True, kw_only=True):
    """How many indexed files are of a category."""

    category: str
    files: int
    bytes: int


class Disk(Struct, frozen=True, kw_only=True):
    """The disk that a folder is on."""

    shown: str
    library: Annotated[bool, Meta(description="The library itself lies on it.")]
    free: int
    total: int
    sentence: Annotated[str, Meta(description="`120.4 of 500.0 GB free`")]


class Overview(Struct, frozen=True, kw_only=True):
    """The library at a glance."""

    id: str
    name: str
    shown: Annotated[str, Meta(description="The library's folder.")]
    role: Annotated[Literal["full", "read"], Meta(description="What the token of this request may do.")]
    sentence: Annotated[str, Meta(description="What goes on, in one sentence.")]
    attended: Annotated[bool, Meta(description="A process runs the jobs.")]
    warning: Annotated[str, Meta(description="What is wrong with how the server is reached; empty where nothing is.")]
    counts: Counts
    questions: int
    paused_queues: list[PausedQueue]
    runners: list[Runner]
    locations: list[Location]
    files: int
    bytes: int
    categories: list[CategoryTotal]
    disks: list[Disk]


class Entry(Struct, frozen=True, kw_only=True):
    """One file or folder, as the index has it."""

    path: PathValue
    shown: str
    name: str
    kind: Literal["file", "folder", "link", "special"]
    category: str
    size: int
    size_words: str
    modified_ns: int
    modified_at: Moment | None
    digest: Annotated[str | None, Meta(description="BLAKE3 of what it holds: the content id of its thumbnail.")]


class EntryList(Struct, frozen=True, kw_only=True):
    """Entries of the index."""

    entries: list[Entry]


class DuplicateGroup(Struct, frozen=True, kw_only=True):
    """Files that hold the same bytes."""

    digest: str
    size: int
    count: int
    wasted: int
    sentence: str
    files: list[Entry]


class DuplicateList(Struct, frozen=True, kw_only=True):
    """Groups of files with the same bytes, the most wasteful first."""

    groups: list[DuplicateGroup]


class Folder(Struct, frozen=True, kw_only=True):
    """A folder that may be chosen. `id` names it to this endpoint, `path` in a job's arguments."""

    id: Annotated[str, Meta(description="Its path's bytes in URL-safe base64.")]
    path: PathValue
    shown: str
    readable: bool


class FolderList(Struct, frozen=True, kw_only=True):
    """The folders in a folder; without one, the roots."""

    folder: Folder | None
    parent: Annotated[str | None, Meta(description="The id of the folder above; null at a root.")]
    folders: list[Folder]
    more: Annotated[bool, Meta(description="There are more folders than were listed.")]


class Hello(Struct, frozen=True, kw_only=True):
    """The first message of a stream. `resumed`: it goes on after the number that was asked for, so what follows may be
    applied to lists of that time; what has no number (see Changed) may have changed meanwhile. Else look at all lists
    after this, and apply what follows to them."""

    cursor: int
    resumed: bool
    library: str


class Resync(Struct, frozen=True, kw_only=True):
    """Changes were left out: look at all lists anew. The stream goes on after `cursor`."""

    cursor: int


class Moved(Struct, frozen=True, kw_only=True):
    """How far a running job is now."""

    job: str
    progress: Progress


class Movement(Struct, frozen=True, kw_only=True):
    """The running jobs that have moved; values in between were left out."""

    jobs: list[Moved]


class Changed(Struct, frozen=True, kw_only=True):
    """Something else is not as it was: `schedules`, `queue`, `questions`, `runners`, or `history`, because jobs
    were deleted from it."""

    what: list[str]


TYPES: Final[tuple[type[Struct], ...]] = (
    Attempt,
    AttemptList,
    Changed,
    Counts,
    Dispatched,
    Done,
    DuplicateList,
    EntryList,
    Event,
    EventList,
    Explanation,
    FolderList,
    History,
    Hello,
    ItemPage,
    JobDetails,
    JobList,
    JobPage,
    KindList,
    Log,
    Movement,
    NotePage,
    Overview,
    QuestionPage,
    Queue,
    Resync,
    ScheduleDetails,
    ScheduleList,
    SpeedList,
    Statistics,
)
"""All that is answered, the messages of the event stream among them."""
