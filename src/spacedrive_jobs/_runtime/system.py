"""JobSystem: the public face of the engine. It delegates, and nothing else."""

from __future__ import annotations

import builtins
from collections.abc import Coroutine, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar, overload

from spacedrive_jobs._definition.handle import JobHandle
from spacedrive_jobs._definition.job import Job, Kind
from spacedrive_jobs._model.action import Action
from spacedrive_jobs._model.errors import AmbiguousJobId, JobNotFound
from spacedrive_jobs._model.filter import JobFilter
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.options import Unique
from spacedrive_jobs._model.placement import Placement
from spacedrive_jobs._model.questions import QuestionInfo
from spacedrive_jobs._model.record import (
    Page,
    ScheduleInfo,
)
from spacedrive_jobs._model.transition import OnFailure
from spacedrive_jobs._model.trigger import Misfire, Overlap
from spacedrive_jobs._runtime.dispatcher import Terms, terms_of
from spacedrive_jobs._runtime.handle import StoredJobHandle
from spacedrive_jobs._runtime.looking import Looking
from spacedrive_jobs._runtime.schedules import Schedule, schedule_info
from spacedrive_jobs._runtime.scheduling import Draft, Scheduling, scheduling
from spacedrive_jobs._runtime.transaction import BlockingTransaction, Transaction, refuse_inside, work_of
from spacedrive_jobs._runtime.views import question_info
from spacedrive_jobs._store import reads, steps
from spacedrive_jobs._store import schedules as stored_schedules

OutT = TypeVar("OutT")


class JobSystem(Looking):
    """The jobs of one open library: `library.jobs`."""

    # --- dispatch -----------------------------------------------------------------------------------------------------

    async def dispatch(
        self,
        job: Job[Any, OutT],
        /,
        *,
        priority: int | None = None,
        after: Iterable[JobHandle[Any]] = (),
        on_failure: OnFailure = "cancel",
        unique: tuple[str, ...] | Unique | None = None,
        action: Action | None = None,
        tx: Transaction | None = None,
        timeout: float | None = None,
    ) -> JobHandle[OutT]:
        """Store a job; durable when it returns.

        `priority` overrides the kind's. `after`: jobs that it waits for; if one of them fails or is cancelled, the job
        is cancelled too, or runs all the same (`on_failure="run"`). `unique`: names of arguments, see Unique; a twin
        that is unfinished gives its handle. A job that an unfinished one of its kind `covers` gives that one's handle.
        `action`: who dispatched it, why and with what. `timeout`: seconds to wait for a database that another process
        holds, or for space on a full disk (default 5). `tx`: a transaction of `library.db`: the job is stored with its
        rows or not at all; its handle works once the block was left, and raises JobNotFound if that was rolled back.

        Raises ArgumentError (nothing was stored), NotUnique, JobNotFound (one of `after`), NoSpace, StoreBusy.
        """
        terms = terms_of(
            priority=priority, after=after, on_failure=on_failure, unique=unique, action=action, timeout=timeout
        )
        (handle,) = await self.dispatch_all([job], terms, tx)
        return handle

    async def dispatch_many(
        self,
        jobs: Iterable[Job[Any, OutT]],
        /,
        *,
        priority: int | None = None,
        after: Iterable[JobHandle[Any]] = (),
        on_failure: OnFailure = "cancel",
        unique: tuple[str, ...] | Unique | None = None,
        action: Action | None = None,
        tx: Transaction | None = None,
        timeout: float | None = None,
    ) -> builtins.list[JobHandle[OutT]]:
        """Store many jobs in one transaction: all, or none. As `dispatch`, but coverage is not looked at."""
        terms = terms_of(
            priority=priority, after=after, on_failure=on_failure, unique=unique, action=action, timeout=timeout
        )
        return await self.dispatch_all(jobs, terms, tx)

    async def dispatch_named(
        self,
        kind: str,
        arguments: Mapping[str, object],
        /,
        *,
        priority: int | None = None,
        after: Iterable[JobHandle[Any]] = (),
        on_failure: OnFailure = "cancel",
        unique: tuple[str, ...] | Unique | None = None,
        action: Action | None = None,
        tx: Transaction | None = None,
        timeout: float | None = None,
    ) -> JobHandle[object]:
        """Dispatch by a kind's name with JSON values: for command lines, pages and plugins. Raises UnknownKind too."""
        terms = terms_of(
            priority=priority, after=after, on_failure=on_failure, unique=unique, action=action, timeout=timeout
        )
        (handle,) = await self.dispatch_all([self.named(kind, arguments)], terms, tx)
        return handle

    def named(self, kind: str, arguments: Mapping[str, object]) -> object:
        """A job from its kind's name and JSON values; for the blocking API."""
        return self._engine.dispatcher.named(kind, arguments)

    async def dispatch_all(
        self, jobs: Iterable[object], terms: Terms, tx: Transaction | BlockingTransaction | None
    ) -> builtins.list[JobHandle[Any]]:
        """What the verbs above come to; for the blocking API."""
        engine, jobs = self._engine, builtins.list(jobs)
        if engine.ephemeral.wants(jobs, in_transaction=tx is not None):
            engine = await engine.ephemeral.engine()
        if tx is None:
            refuse_inside("dispatch without tx=tx")
            ids = await engine.dispatcher.dispatch(jobs, terms)
            return [StoredJobHandle(engine, id_, known=True) for id_ in ids]
        handles: builtins.list[StoredJobHandle[Any]] = []

        def relayed(ids: Mapping[bytes, bytes]) -> None:
            for handle in handles:
                handle.relayed(ids)

        ids = await engine.dispatcher.dispatch_in(work_of(tx), jobs, terms, relayed)
        handles += [StoredJobHandle(engine, id_, known=False) for id_ in ids]
        return [*handles]

    # --- schedules ----------------------------------------------------------------------------------------------------

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
    ) -> Scheduling[Coroutine[Any, Any, Schedule[OutT]]]:
        """Begin a schedule: go on with `.every(...)`, `.cron(...)`, `.calendar(...)` or `.at(...)`, and `.dispatch()`.

        `id` defaults to the kind; dispatching one that exists changes it. `misfire`: what to do with times that passed
        while nothing ran: one run ("once"), none ("skip"), or each of the latest n (CatchUp(n)). `overlap`: when the
        run before is unfinished: leave this one out ("skip"), let it wait ("queue"), or cancel that one ("replace").
        `jitter`: each run is late by a random time of up to this.
        """
        return scheduling(self.draft_schedule(job, id, misfire, overlap, jitter, priority))

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
    ) -> Scheduling[Coroutine[Any, Any, Schedule[object]]]:
        """Schedule by a kind's name with JSON values, as `dispatch_named` does. Raises UnknownKind, ArgumentError."""
        job = self.named(kind, arguments)
        return scheduling(self.draft_schedule(job, id, misfire, overlap, jitter, priority))

    def draft_schedule(
        self,
        job: object,
        id: str | None,
        misfire: Misfire,
        overlap: Overlap,
        jitter: timedelta | None,
        priority: int | None,
    ) -> Draft:
        """What a chain begins with; for the blocking API."""
        return Draft(self._engine, job, id, misfire, overlap, jitter, priority)

    async def schedules(self) -> builtins.list[ScheduleInfo]:
        """All schedules, by id."""
        rows = await self._engine.store.read_slowly(stored_schedules.read_all)
        return [schedule_info(self._engine, row) for row in rows]

    def get_schedule(self, id: str, /) -> Schedule[object]:
        """The handle of a schedule; its verbs raise ScheduleNotFound if there is none."""
        return Schedule(self._engine, id)

    # --- the queue ----------------------------------------------------------------------------------------------------

    async def pause_queue(self, kind: str | None = None, /, *, reason: str = "") -> None:
        """Start no more jobs of a kind, or (None) of any; what runs is suspended at its next check. Over restarts.

        Raises ValueError for an empty kind.
        """
        await self._engine.control.pause_queue(kind, reason)

    async def resume_queue(self, kind: str | None = None, /) -> None:
        """Take `pause_queue` back: that of the kind, or that of everything. Raises ValueError for an empty kind."""
        await self._engine.control.resume_queue(kind)

    async def paused_queues(self) -> dict[str | None, str]:
        """What is paused, with the reason: kinds by name, everything as None."""
        return await self._engine.store.read(reads.paused_queues)

    async def place(self, jobs: Iterable[JobId], where: Placement, /) -> None:
        """Put waiting jobs elsewhere in line, one behind the other in the order given: all of them, or none.

        `where`: Before or After another waiting job, "first" or "last" among those of their own priority. Beside a job
        of another priority they take that priority on, with their unfinished descendants. Raises TransitionRefused if
        one of the jobs does not wait any more (it may have started meanwhile); JobNotFound; ValueError if one is to be
        put beside itself.
        """
        await self._engine.control.place(list(jobs), where)

    # --- many at once -------------------------------------------------------------------------------------------------

    async def count(self, filter: JobFilter, /) -> int:
        """How many jobs the filter means: to be shown before something is done to them."""
        return await self._engine.bulk.count(filter)

    async def pause_all(self, filter: JobFilter, /) -> int:
        """Pause the waiting and running jobs that the filter means. How many; those that cannot be are left out."""
        return await self._engine.bulk.pause(filter)

    async def resume_all(self, filter: JobFilter, /) -> int:
        """Resume paused jobs, and take pauses back that have not come about yet. How many."""
        return await self._engine.bulk.resume(filter)

    async def cancel_all(self, filter: JobFilter, /, reason: str = "") -> int:
        """Cancel unfinished jobs. How many."""
        return await self._engine.bulk.cancel(filter, reason)

    async def abort_all(self, filter: JobFilter, /, reason: str = "") -> int:
        """Abort unfinished jobs. How many."""
        return await self._engine.bulk.abort(filter, reason)

    async def retry_all(self, filter: JobFilter, /) -> int:
        """Do failed and cancelled jobs again, each as a new job that starts from what the old one left. How many.

        One that was tried again since is left out, unless the filter has its id or says `retried`: to do it once more
        is to do the new one again. Where it says `failed_items`, completed ones are done again too, for these alone.
        """
        return await self._engine.bulk.retry(filter)

    async def clear(self, filter: JobFilter, /) -> int:
        """Delete ended jobs from the history now, with their items, notes and logs. How many."""
        return await self._engine.bulk.clear(filter)

    async def expired(self) -> int:
        """How many ended jobs are older than the library's `history_days`."""
        return await self._engine.bulk.expired()

    async def prune(self) -> int:
        """Delete these now, with all that is stored of them: it happens by itself too, now and then. How many."""
        return await self._engine.bulk.prune()

    # --- questions ----------------------------------------------------------------------------------------------------

    async def questions(
        self, id: JobId | None = None, /, *, open_only: bool = True, limit: int = 100, after: str | None = None
    ) -> Page[QuestionInfo]:
        """What jobs ask: of one job or of all, by default what is not answered yet."""
        job = id.bytes if id is not None else None
        rows = await self._engine.store.read_slowly(
            lambda connection: steps.list_questions(
                connection, job, open_only=open_only, limit=limit + 1, after=bytes.fromhex(after or "")
            )
        )
        shown = tuple(question_info(row) for row in rows[:limit])
        return Page(shown, shown[-1].id if len(rows) > limit else None)

    async def answer(self, question: str, answer: object, /, *, for_all: bool = False, by: str = "") -> None:
        """Answer a question by its id. `for_all`: all open ones of its job and topic too, and those asked later.

        Raises QuestionNotOpen; ValueError for an answer that is not among the choices.
        """
        await self._engine.control.answer_checked(question, answer, by, for_all=for_all)

    # --- handles ------------------------------------------------------------------------------------------------------

    @overload
    async def get(self, id: JobId, /) -> JobHandle[object]: ...
    @overload
    async def get(self, id: JobId, kind: Kind[OutT], /) -> JobHandle[OutT]: ...
    async def get(self, id: JobId, kind: Any = None, /) -> JobHandle[Any]:
        """The handle of a stored job. Raises JobNotFound; TypeError if it is of another kind than `kind`."""
        engine = await self._home_of(id)
        row = await engine.store.read(lambda connection: reads.read_job(connection, id))
        if row is None:
            raise JobNotFound(id)
        if kind is not None:
            definition = self._engine.registry.get(row.kind)
            if definition is None or definition is not getattr(kind, "__job_definition__", None):
                raise TypeError(f"job {id.short} is of kind {row.kind!r}, not {kind!r}")
        return StoredJobHandle(engine, id, known=True)

    def handle_of(self, id: JobId, /) -> JobHandle[object]:
        """The handle of a job by its id, without a look at whether it is stored."""
        return StoredJobHandle(self._engine, id, known=False)

    async def find(self, text: str, /) -> JobHandle[object]:
        """The job that `text` names: a whole id, or an unambiguous end or beginning of one.

        Raises JobNotFound, AmbiguousJobId.
        """
        digits = text.strip().lower().replace("-", "")
        if not digits or not all(digit in "0123456789abcdef" for digit in digits):
            raise JobNotFound(text)
        found = await self._engine.store.read_slowly(lambda connection: reads.find_jobs(connection, digits))
        if not found:
            raise JobNotFound(text)
        if len(found) > 1:
            raise AmbiguousJobId(text, tuple(found))
        return StoredJobHandle(self._engine, found[0], known=True)

    async def unfinished(self, job: Job[Any, OutT], /) -> JobHandle[OutT] | None:
        """The oldest unfinished job of the same kind with equal arguments, if there is one."""
        definition, arguments = self._engine.dispatcher.encoded(job)
        id_ = await self._engine.store.read_slowly(
            lambda connection: reads.find_unfinished(connection, definition.kind, arguments)
        )
        return StoredJobHandle(self._engine, id_, known=True) if id_ is not None else None
