"""The blocking API: the same library, its event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, final, overload
from uuid import UUID

from spacedrive_jobs._definition.handle import BlockingJobHandle, JobHandle
from spacedrive_jobs._definition.job import Job, Kind
from spacedrive_jobs._model.action import Action
from spacedrive_jobs._model.filter import JobFilter
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.options import Unique
from spacedrive_jobs._model.placement import Placement
from spacedrive_jobs._model.progress import Progress, ProgressView
from spacedrive_jobs._model.questions import QuestionInfo
from spacedrive_jobs._model.record import (
    AttemptInfo,
    ItemInfo,
    ItemOutcome,
    JobEvent,
    JobInfo,
    JobSpeed,
    KindInfo,
    KindLoad,
    LogLine,
    NoteInfo,
    Page,
    QuietChanges,
    RunnerInfo,
    ScheduleInfo,
)
from spacedrive_jobs._model.statistics import JobStatistics
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._model.transition import OnFailure
from spacedrive_jobs._model.trigger import Misfire, Overlap
from spacedrive_jobs._runtime.blocking_handle import BlockingSchedule, StoredBlockingJobHandle
from spacedrive_jobs._runtime.dispatcher import Terms, terms_of
from spacedrive_jobs._runtime.library_db import BlockingLibraryDb
from spacedrive_jobs._runtime.loop_thread import LoopCaller, LoopThread
from spacedrive_jobs._runtime.scheduling import Scheduling, scheduling_blocking
from spacedrive_jobs._runtime.transaction import BlockingTransaction

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.library import Library

T = TypeVar("T")
OutT = TypeVar("OutT")
OutT_co = TypeVar("OutT_co", covariant=True)


@final
class BlockingJobSystem:
    """JobSystem's verbs, not awaited."""

    def __init__(self, thread: LoopCaller, library: Library) -> None:
        self._thread, self._jobs = thread, library.jobs

    def dispatch(
        self,
        job: Job[Any, OutT],
        /,
        *,
        priority: int | None = None,
        after: Iterable[BlockingJobHandle[Any]] = (),
        on_failure: OnFailure = "cancel",
        unique: tuple[str, ...] | Unique | None = None,
        action: Action | None = None,
        tx: BlockingTransaction | None = None,
        timeout: float | None = None,
    ) -> BlockingJobHandle[OutT]:
        """As JobSystem.dispatch."""
        terms = terms_of(
            priority=priority, after=after, on_failure=on_failure, unique=unique, action=action, timeout=timeout
        )
        (handle,) = self._dispatch([job], terms, tx)
        return handle

    def dispatch_many(
        self,
        jobs: Iterable[Job[Any, OutT]],
        /,
        *,
        priority: int | None = None,
        after: Iterable[BlockingJobHandle[Any]] = (),
        on_failure: OnFailure = "cancel",
        unique: tuple[str, ...] | Unique | None = None,
        action: Action | None = None,
        tx: BlockingTransaction | None = None,
        timeout: float | None = None,
    ) -> builtins.list[BlockingJobHandle[OutT]]:
        """As JobSystem.dispatch_many."""
        terms = terms_of(
            priority=priority, after=after, on_failure=on_failure, unique=unique, action=action, timeout=timeout
        )
        return self._dispatch(jobs, terms, tx)

    def dispatch_named(
        self,
        kind: str,
        arguments: Mapping[str, object],
        /,
        *,
        priority: int | None = None,
        after: Iterable[BlockingJobHandle[Any]] = (),
        on_failure: OnFailure = "cancel",
        unique: tuple[str, ...] | Unique | None = None,
        action: Action | None = None,
        tx: BlockingTransaction | None = None,
        timeout: float | None = None,
    ) -> BlockingJobHandle[object]:
        """As JobSystem.dispatch_named."""
        terms = terms_of(
            priority=priority, after=after, on_failure=on_failure, unique=unique, action=action, timeout=timeout
        )
        (handle,) = self._dispatch([self._jobs.named(kind, arguments)], terms, tx)
        return handle

    def _dispatch(
        self, jobs: Iterable[object], terms: Terms, tx: BlockingTransaction | None
    ) -> builtins.list[BlockingJobHandle[Any]]:
        return [self._wrap(handle) for handle in self._thread.call(self._jobs.dispatch_all(jobs, terms, tx))]

    def schedule(
        self,
        job: Job[Any, OutT],
        /,
        *,
        id: str | None = None,
        misfire: Misfire = "once",
        overlap: Overlap = "skip",
        jitter: timedelta | None = None,
        priority: int | None = None,
    ) -> Scheduling[BlockingSchedule[OutT]]:
        """As JobSystem.schedule."""
        draft = self._jobs.draft_schedule(job, id, misfire, overlap, jitter, priority)
        return scheduling_blocking(self._thread, draft)

    def schedule_named(
        self,
        kind: str,
        arguments: Mapping[str, object],
        /,
        *,
        id: str | None = None,
        misfire: Misfire = "once",
        overlap: Overlap = "skip",
        jitter: timedelta | None = None,
        priority: int | None = None,
    ) -> Scheduling[BlockingSchedule[object]]:
        """As JobSystem.schedule_named."""
        job = self._jobs.named(kind, arguments)
        draft = self._jobs.draft_schedule(job, id, misfire, overlap, jitter, priority)
        return scheduling_blocking(self._thread, draft)

    def schedules(self) -> builtins.list[ScheduleInfo]:
        """As JobSystem.schedules."""
        return self._thread.call(self._jobs.schedules())

    def get_schedule(self, id: str, /) -> BlockingSchedule[object]:
        """As JobSystem.get_schedule."""
        return BlockingSchedule(self._thread, self._jobs.get_schedule(id))

    def pause_queue(self, kind: str | None = None, /, *, reason: str = "") -> None:
        """As JobSystem.pause_queue."""
        self._thread.call(self._jobs.pause_queue(kind, reason=reason))

    def resume_queue(self, kind: str | None = None, /) -> None:
        """As JobSystem.resume_queue."""
        self._thread.call(self._jobs.resume_queue(kind))

    def paused_queues(self) -> dict[str | None, str]:
        """As JobSystem.paused_queues."""
        return self._thread.call(self._jobs.paused_queues())

    def place(self, jobs: Iterable[JobId], where: Placement, /) -> None:
        """As JobSystem.place."""
        self._thread.call(self._jobs.place(jobs, where))

    def count(self, filter: JobFilter, /) -> int:
        """As JobSystem.count."""
        return self._thread.call(self._jobs.count(filter))

    def pause_all(self, filter: JobFilter, /) -> int:
        """As JobSystem.pause_all."""
        return self._thread.call(self._jobs.pause_all(filter))

    def resume_all(self, filter: JobFilter, /) -> int:
        """As JobSystem.resume_all."""
        return self._thread.call(self._jobs.resume_all(filter))

    def cancel_all(self, filter: JobFilter, /, reason: str = "") -> int:
        """As JobSystem.cancel_all."""
        return self._thread.call(self._jobs.cancel_all(filter, reason))

    def abort_all(self, filter: JobFilter, /, reason: str = "") -> int:
        """As JobSystem.abort_all."""
        return self._thread.call(self._jobs.abort_all(filter, reason))

    def retry_all(self, filter: JobFilter, /) -> int:
        """As JobSystem.retry_all."""
        return self._thread.call(self._jobs.retry_all(filter))

    def clear(self, filter: JobFilter, /) -> int:
        """As JobSystem.clear."""
        return self._thread.call(self._jobs.clear(filter))

    def expired(self) -> int:
        """As JobSystem.expired."""
        return self._thread.call(self._jobs.expired())

    def prune(self) -> int:
        """As JobSystem.prune."""
        return self._thread.call(self._jobs.prune())

    def questions(
        self, id: JobId | None = None, /, *, open_only: bool = True, limit: int = 100, after: str | None = None
    ) -> Page[QuestionInfo]:
        """As JobSystem.questions."""
        return self._thread.call(self._jobs.questions(id, open_only=open_only, limit=limit, after=after))

    def answer(self, question: str, answer: object, /, *, for_all: bool = False, by: str = "") -> None:
        """As JobSystem.answer."""
        self._thread.call(self._jobs.answer(question, answer, for_all=for_all, by=by))

    def attempts(self, id: JobId, /) -> builtins.list[AttemptInfo]:
        """As JobSystem.attempts."""
        return self._thread.call(self._jobs.attempts(id))

    def speeds(self, id: JobId, /) -> builtins.list[JobSpeed]:
        """As JobSystem.speeds."""
        return self._thread.call(self._jobs.speeds(id))

    def children(self, id: JobId, /) -> builtins.list[JobInfo]:
        """As JobSystem.children."""
        return self._thread.call(self._jobs.children(id))

    def handle_of(self, id: JobId, /) -> BlockingJobHandle[object]:
        """As JobSystem.handle_of."""
        return self._wrap(self._jobs.handle_of(id))

    @overload
    def get(self, id: JobId, /) -> BlockingJobHandle[object]: ...
    @overload
    def get(self, id: JobId, kind: Kind[OutT], /) -> BlockingJobHandle[OutT]: ...
    def get(self, id: JobId, kind: Any = None, /) -> BlockingJobHandle[Any]:
        """As JobSystem.get."""
        return self._wrap(self._thread.call(self._jobs.get(id, kind)))

    def find(self, text: str, /) -> BlockingJobHandle[object]:
        """As JobSystem.find."""
        return self._wrap(self._thread.call(self._jobs.find(text)))

    def unfinished(self, job: Job[Any, OutT], /) -> BlockingJobHandle[OutT] | None:
        """As JobSystem.unfinished."""
        handle = self._thread.call(self._jobs.unfinished(job))
        return self._wrap(handle) if handle is not None else None

    def list(
        self,
        *,
        statuses: Collection[JobStatus] | None = None,
        kind: str | None = None,
        limit: int = 100,
        after: str | None = None,
        text: str = "",
        retried: bool | None = None,
        failed_items: bool | None = None,
        created_from: datetime | None = None,
    ) -> Page[JobInfo]:
        """As JobSystem.list."""
        return self._thread.call(
            self._jobs.list(
                statuses=statuses,
                kind=kind,
                limit=limit,
                after=after,
                text=text,
                retried=retried,
                failed_items=failed_items,
                created_from=created_from,
            )
        )

    def running(self) -> builtins.list[JobInfo]:
        """As JobSystem.running."""
        return self._thread.call(self._jobs.running())

    def waiting(
        self,
        limit: int = 100,
        /,
        *,
        statuses: Collection[JobStatus] = (JobStatus.QUEUED,),
        kind: str | None = None,
        after: str | None = None,
        text: str = "",
    ) -> Page[JobInfo]:
        """As JobSystem.waiting."""
        return self._thread.call(self._jobs.waiting(limit, statuses=statuses, kind=kind, after=after, text=text))

    def info(self, id: JobId, /) -> JobInfo:
        """As JobSystem.info."""
        return self._thread.call(self._jobs.info(id))

    def ahead(self, id: JobId, /) -> int:
        """As JobSystem.ahead."""
        return self._thread.call(self._jobs.ahead(id))

    def ready(self) -> int:
        """As JobSystem.ready."""
        return self._thread.call(self._jobs.ready())

    def counts(self) -> dict[JobStatus, int]:
        """As JobSystem.counts."""
        return self._thread.call(self._jobs.counts())

    def load(self) -> builtins.list[KindLoad]:
        """As JobSystem.load."""
        return self._thread.call(self._jobs.load())

    def statistics(
        self, *, since: datetime | None = None, until: datetime | None = None, kind: str | None = None
    ) -> builtins.list[JobStatistics]:
        """As JobSystem.statistics."""
        return self._thread.call(self._jobs.statistics(since=since, until=until, kind=kind))

    def counts_by_kind(self) -> dict[str, dict[JobStatus, int]]:
        """As JobSystem.counts_by_kind."""
        return self._thread.call(self._jobs.counts_by_kind())

    def changes_after(self, seq: int, /, *, limit: int = 1_000, wait: float = 0) -> builtins.list[JobEvent]:
        """As JobSystem.changes_after."""
        return self._thread.call(self._jobs.changes_after(seq, limit=limit, wait=wait))

    def last_change(self) -> int:
        """As JobSystem.last_change."""
        return self._thread.call(self._jobs.last_change())

    def quiet_changes(self) -> QuietChanges:
        """As JobSystem.quiet_changes."""
        return self._thread.call(self._jobs.quiet_changes())

    def running_views(self) -> dict[JobId, tuple[Progress | None, ProgressView]]:
        """As JobSystem.running_views."""
        return self._thread.call(self._jobs.running_views())

    def items(
        self,
        id: JobId,
        /,
        *,
        outcomes: Collection[ItemOutcome] | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[ItemInfo]:
        """As JobSystem.items."""
        return self._thread.call(self._jobs.items(id, outcomes=outcomes, limit=limit, after=after))

    def notes(self, id: JobId, /, *, limit: int = 100, after: str | None = None) -> Page[NoteInfo]:
        """As JobSystem.notes."""
        return self._thread.call(self._jobs.notes(id, limit=limit, after=after))

    def logs(self, id: JobId, /, *, limit: int = 1_000) -> builtins.list[LogLine]:
        """As JobSystem.logs."""
        return self._thread.call(self._jobs.logs(id, limit=limit))

    def events(self, id: JobId, /) -> builtins.list[JobEvent]:
        """As JobSystem.events."""
        return self._thread.call(self._jobs.events(id))

    def kinds(self) -> builtins.list[KindInfo]:
        """As JobSystem.kinds."""
        return self._thread.call(self._jobs.kinds())

    def runners(self) -> builtins.list[RunnerInfo]:
        """As JobSystem.runners."""
        return self._thread.call(self._jobs.runners())

    def _wrap(self, handle: JobHandle[OutT]) -> BlockingJobHandle[OutT]:
        return StoredBlockingJobHandle(self._thread, handle)


@final
class BlockingLibrary:
    """Entered, never constructed: `with Library.open_blocking(path) as library`."""

    def __init__(self, thread: LoopCaller, library: Library) -> None:
        self._thread, self._library = thread, library
        self._jobs = BlockingJobSystem(thread, library)
        self._db = library.db.blocking(thread)

    @property
    def path(self) -> Path:
        """The library's folder, absolute."""
        return self._library.path

    @property
    def id(self) -> UUID:
        """As Library.id."""
        return self._library.id

    @property
    def jobs(self) -> BlockingJobSystem:
        return self._jobs

    @property
    def db(self) -> BlockingLibraryDb:
        """As Library.db."""
        return self._db

    def backup(self, to: str | PathLike[str], /) -> None:
        """As Library.backup."""
        self._thread.call(self._library.backup(to))


@contextmanager
def open_blocking_library(
    open_async: Callable[[], AbstractAsyncContextManager[Library, None]],
) -> Generator[BlockingLibrary]:
    """Run `open_async()` on a loop in a thread, for the time of the block."""
    thread = LoopThread()
    entered: asyncio.Future[Library] = asyncio.Future(loop=thread.loop)
    leave = asyncio.Event()

    async def keep_open() -> None:
        try:
            async with open_async() as library:
                entered.set_result(library)
                await leave.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    async def until_entered() -> Library:
        return await entered

    try:
        lifetime = asyncio.run_coroutine_threadsafe(keep_open(), thread.loop)
        library = thread.call(until_entered())
        try:
            yield BlockingLibrary(thread, library)
        finally:
            thread.loop.call_soon_threadsafe(leave.set)
            lifetime.result()
    finally:
        thread.close()
