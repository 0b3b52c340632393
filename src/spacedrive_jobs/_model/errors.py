"""The tree of errors. Each carries facts; its text is for the person who meets it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from spacedrive_jobs._model.ids import JobId


class JobError(Exception):
    """Base of all errors of this package."""


class DefinitionError(JobError):
    """A job is written wrong; raised where it is defined, at import."""


class ArgumentError(JobError):
    """A job's arguments do not fit its kind; nothing was stored."""

    field: str | None
    kind: str
    problem: str

    def __init__(self, kind: str, problem: str, *, field: str | None = None) -> None:
        self.kind, self.field, self.problem = kind, field, problem
        where = f"argument {field!r} of {kind!r}" if field else f"arguments of {kind!r}"
        super().__init__(f"{where}: {problem}")


class UnknownKind(JobError):
    """No job of this kind is registered in this process."""

    kind: str
    known: tuple[str, ...]

    def __init__(self, kind: str, known: tuple[str, ...] = ()) -> None:
        self.kind, self.known = kind, known
        listed = f" (known: {', '.join(known)})" if known else ""
        super().__init__(f"no job of kind {kind!r} is registered in this process{listed}")


class PayloadTooLarge(JobError):
    """Something to be stored is over its limit; nothing was stored."""

    limit: int
    size: int
    what: str

    def __init__(self, what: str, size: int, limit: int) -> None:
        self.what, self.size, self.limit = what, size, limit
        super().__init__(
            f"{what} is {size:,} bytes; the limit is {limit:,}. Store a cursor or a path instead of the data."
        )


class JobNotFound(JobError):
    """The library has no such job."""

    def __init__(self, job: JobId | str) -> None:
        self.job = job
        super().__init__(f"the library has no job {job}")


class AmbiguousJobId(JobError):
    """A short id names several jobs."""

    matches: tuple[JobId, ...]
    text: str

    def __init__(self, text: str, matches: tuple[JobId, ...]) -> None:
        self.text, self.matches = text, matches
        super().__init__(f"{text!r} names {len(matches)} jobs: {', '.join(map(str, matches))}")


class JobGone(JobError):
    """The job ended and its history was pruned, so its output is no longer stored."""

    def __init__(self, job: JobId) -> None:
        self.job = job
        super().__init__(f"job {job.short} is no longer stored: its history was pruned")


class JobFailed(JobError):
    """The job ended `failed`. `error_type` is the exception's name, empty where no exception was raised."""

    job: JobId
    kind: str
    message: str
    attempt: int
    error_type: str
    traceback: str

    def __init__(
        self, job: JobId, kind: str, message: str, *, error_type: str = "", attempt: int = 0, traceback: str = ""
    ) -> None:
        self.job, self.kind, self.message = job, kind, message
        self.error_type, self.attempt, self.traceback = error_type, attempt, traceback
        super().__init__(f"{kind} {job.short} failed: {message}")


class JobCancelled(JobError):
    """The job ended `cancelled`."""

    job: JobId
    kind: str
    reason: str

    def __init__(self, job: JobId, kind: str, reason: str = "") -> None:
        self.job, self.kind, self.reason = job, kind, reason
        super().__init__(f"{kind} {job.short} was cancelled" + (f": {reason}" if reason else ""))


class TransitionRefused(JobError):
    """What was asked cannot be done from the job's present status."""

    job: JobId
    status: str
    verb: str
    why: str

    def __init__(self, job: JobId, verb: str, status: str, why: str = "") -> None:
        self.job, self.verb, self.status, self.why = job, verb, status, why
        super().__init__(f"cannot {verb} job {job.short}: " + (why or f"it is {status}"))


class NotUnique(JobError):
    """A unique job was refused, because one like it is unfinished; nothing was stored."""

    existing: JobId
    kind: str

    def __init__(self, kind: str, existing: JobId, existing_kind: str, status: str) -> None:
        self.kind, self.existing = kind, existing
        super().__init__(
            f"{kind} was not stored: {existing_kind} {existing.short} is like it and {status}. "
            'Wait for that one, cancel it, or dispatch with the policy "return" or "replace".'
        )


class ResourceNeverThere(JobError):
    """A job asks for more than this machine has at all; nothing was stored."""

    kind: str
    words: str

    def __init__(self, kind: str, words: str) -> None:
        self.kind, self.words = kind, words
        super().__init__(f"{kind} can never run here: it {words}")


class DependencyCycle(JobError):
    """A job would wait for one that waits for it; nothing was stored."""

    on: JobId
    waits: JobId

    def __init__(self, on: JobId, waits: JobId) -> None:
        self.on, self.waits = on, waits
        super().__init__(
            f"a child of job {waits.short} cannot wait for job {on.short}, which itself waits for {waits.short}: "
            "neither would ever run. Leave it out of `after`."
        )


class ScheduleNotFound(JobError):
    """The library has no schedule of this id."""

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule
        super().__init__(f"the library has no schedule {schedule!r}")


class QuestionNotOpen(JobError):
    """There is no open question of this id: it was answered, or its job has ended."""

    def __init__(self, question: str) -> None:
        self.question = question
        super().__init__(f"there is no open question {question}: it was answered already, or its job has ended")


class AttemptEnded(JobError):
    """The attempt is over or has lost its claim: what it still tries to write is refused."""

    attempt: int
    job: JobId

    def __init__(self, job: JobId, attempt: int) -> None:
        self.job, self.attempt = job, attempt
        super().__init__(f"attempt {attempt} of job {job.short} has ended; another may be running")


class NoSpace(JobError):
    """The library's disk is full; nothing was stored."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"no space for job state on the disk of {path}: free some space, then try again")


class StoreBusy(JobError):
    """A caller's own time limit passed while the database was held; nothing was stored."""

    holder: str
    path: Path

    def __init__(self, path: Path, holder: str) -> None:
        self.path, self.holder = path, holder
        super().__init__(f"{path} is held by {holder}, for longer than was to be waited; nothing was stored")


class RetryLater(JobError):
    """Raised by a job's code: give this attempt up and run again after `delay`, without using a retry (a snooze)."""

    delay: timedelta

    def __init__(self, delay: timedelta | float, reason: str = "") -> None:
        self.delay = delay if isinstance(delay, timedelta) else timedelta(seconds=delay)
        if self.delay < timedelta():
            raise ValueError(f"a delay is at least 0, not {delay!r}")
        super().__init__(reason or f"asked to be run again in {self.delay.total_seconds():g} s")


class LibraryError(JobError):
    """A library cannot be opened as asked."""


class LibraryNotFound(LibraryError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"there is no library at {path}: open it with create=True (sdjobs init makes one)")


class LibraryNotWritable(LibraryError):
    """This process may not read and write all of the library's files, or its disk is mounted read-only."""

    path: Path

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"the library {path} cannot be used: some of it may not be written here, which even looking at it takes. "
            "Nothing was changed."
        )


class NotALibrary(LibraryError):
    """The file in the database's place is none, is damaged at its head, or is empty."""

    path: Path

    def __init__(self, path: Path, *, is_empty: bool = False) -> None:
        self.path = path
        super().__init__(
            f"{path} is empty, and what was in it is lost: restore it from a backup; or delete it, and sdjobs init "
            "begins with an empty queue. It was not changed."
            if is_empty
            else f"{path} is not a library's database: restore it, or choose another folder. It was not changed."
        )


class LibraryTooNew(LibraryError):
    """The library's database was written by a newer version of this package."""

    found: int
    known: int
    path: Path

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        super().__init__(
            f"{path} has schema version {found}; this version of spacedrive-jobs knows up to {known}. "
            "Upgrade spacedrive-jobs; the file was not changed."
        )


class LibraryInUse(LibraryError):
    """A migration needs every other process gone."""

    holders: tuple[str, ...]
    path: Path

    def __init__(self, path: Path, holders: tuple[str, ...]) -> None:
        self.path, self.holders = path, holders
        super().__init__(f"{path} must be upgraded, but is open in {', '.join(holders)}: close these first")


class UnsupportedFileSystem(LibraryError):
    """The library's folder is on a file system whose locks or shared memory cannot be relied on."""

    file_system: str
    path: Path

    def __init__(self, path: Path, file_system: str, why: str = "") -> None:
        self.path, self.file_system = path, file_system
        super().__init__(
            f"{path} is on {file_system}{f' ({why})' if why else ''}, where SQLite's locks cannot be relied on. "
            "Keep the library on a local disk; the files that jobs work on may be anywhere."
        )
