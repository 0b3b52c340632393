"""What is known of the jobs: the half of JobSystem that changes nothing."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from functools import partial

from spacedrive_jobs._definition.progress_codec import decode_progress, decode_view
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.clock import to_ms
from spacedrive_jobs._model.errors import JobNotFound
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.progress import Progress, ProgressView
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
)
from spacedrive_jobs._model.statistics import JobStatistics
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._runtime.engine import Engine
from spacedrive_jobs._runtime.speeds import job_speeds
from spacedrive_jobs._runtime.views import item_info, job_info, kind_info, kind_loads, runner_info
from spacedrive_jobs._store import line, reads, rescue, statistics
from spacedrive_jobs._store.rows import JobRow


def kinds() -> list[KindInfo]:
    """The registered kinds, those of installed packages among them; needs no library."""
    registry.discover()
    return [kind_info(definition) for definition in registry.all()]


class Looking:
    """Questions to the store, and to what runs here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def _home_of(self, id: JobId) -> Engine:
        """Where the job's rows are: an ephemeral one has none in the library."""
        return await self._engine.ephemeral.home_of(id) or self._engine

    async def list(
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
        """Jobs, active and ended, newest first. `after` is the `next` of the page before; `text`, `created_from`
        and `failed_items` as in JobFilter; `retried=False` leaves out those that were tried again since, True all
        others."""
        since = to_ms(created_from) if created_from is not None else 0
        page = await self._engine.store.read_slowly(
            self._engine.explained(
                lambda connection: reads.list_jobs(
                    connection, statuses or (), kind, limit, after, text, retried, since, failed_items
                )
            )
        )
        return Page(tuple(self._info(*row) for row in page.rows), page.next)

    async def running(self) -> builtins.list[JobInfo]:
        """The jobs that run now, in any process, oldest first; however many wait or have ended, it costs the same."""
        rows = await self._engine.store.read(reads.running_jobs)
        return [self._info(row, "") for row in rows]

    async def waiting(
        self,
        limit: int = 100,
        /,
        *,
        statuses: Collection[JobStatus] = (JobStatus.QUEUED,),
        kind: str | None = None,
        after: str | None = None,
        text: str = "",
    ) -> Page[JobInfo]:
        """What waits, in line: by priority, and in one priority in the order in which jobs start as far as nothing else
        keeps them; behind that what waits for a time, a job or an answer; last, where `statuses` has PAUSED, what is
        paused. `after` is the `next` of the page before; `text` as in JobFilter."""
        page = await self._engine.store.read_slowly(
            self._engine.explained(lambda connection: line.waiting_jobs(connection, statuses, kind, limit, after, text))
        )
        return Page(tuple(self._info(*row) for row in page.rows), page.next)

    async def info(self, id: JobId, /) -> JobInfo:
        """All that is known of one job. Raises JobNotFound."""
        engine = await self._home_of(id)
        page = await engine.store.read(
            engine.explained(lambda connection: Page(tuple(reads.read_jobs(connection, [id]))))
        )
        if not page.rows:
            raise JobNotFound(id)
        return self._info(*page.rows[0])

    def _info(self, row: JobRow, why: str) -> JobInfo:
        return job_info(row, self._engine.registry, why)

    async def running_views(self) -> dict[JobId, tuple[Progress | None, ProgressView]]:
        """The progress of the jobs that run now, in any process, as last stored; for a page that looks often."""
        rows = await self._engine.store.read(reads.running_views)
        return {job: (decode_progress(raw) if raw is not None else None, decode_view(view)) for job, raw, view in rows}

    async def ahead(self, id: JobId, /) -> int:
        """How many queued jobs are before this one in line, those that cannot start now among them; 0 for one that is
        not queued."""
        return await self._engine.store.read(lambda connection: reads.jobs_ahead(connection, id))

    async def ready(self) -> int:
        """How many queued jobs wait for nothing but a free slot, as far as this process knows their kinds."""
        page = await self._engine.store.read_slowly(
            self._engine.explained(
                lambda connection: reads.list_jobs(connection, [JobStatus.QUEUED], None, 10_000, None)
            )
        )
        return sum(not why and self._engine.registry.get(row.kind) is not None for row, why in page.rows)

    async def counts(self) -> dict[JobStatus, int]:
        """How many jobs are in each status."""
        return await self._engine.store.read_slowly(reads.count_jobs)

    async def load(self) -> builtins.list[KindLoad]:
        """The unfinished jobs of each kind that has any, by kind."""
        registry.discover()
        rows = await self._engine.store.read_slowly(reads.load)
        return kind_loads(rows, self._engine.registry)

    async def statistics(
        self, *, since: datetime | None = None, until: datetime | None = None, kind: str | None = None
    ) -> builtins.list[JobStatistics]:
        """What the jobs that ended came to: a record for each kind and hour, oldest first; `total_by_kind` adds up.

        They outlive the history: neither `clear` nor its retention changes them. Hours (of UTC) that `since` or `until`
        cuts are whole; after eight days the hours of a day become one record, after 400 days all of a kind together.
        """
        start = to_ms(since) if since is not None else 0
        end = to_ms(until) if until is not None else statistics.END_OF_TIME
        return await self._engine.store.read_slowly(partial(statistics.read, since=start, until=end, kind=kind))

    async def counts_by_kind(self) -> dict[str, dict[JobStatus, int]]:
        """How many jobs of each kind are in each status, by kind."""
        return await self._engine.store.read_slowly(reads.count_by_kind)

    async def items(
        self,
        id: JobId,
        /,
        *,
        outcomes: Collection[ItemOutcome] | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[ItemInfo]:
        """What became of a job's items, in order. `outcomes` keeps only these."""
        page = await (await self._home_of(id)).store.read_slowly(
            lambda connection: reads.list_items(connection, id, outcomes or (), limit, after)
        )
        return Page(tuple(item_info(row) for row in page.rows), page.next)

    async def notes(self, id: JobId, /, *, limit: int = 100, after: str | None = None) -> Page[NoteInfo]:
        """A job's warnings and non-critical errors, in order."""
        engine = await self._home_of(id)
        return await engine.store.read_slowly(lambda connection: reads.list_notes(connection, id, limit, after))

    async def logs(self, id: JobId, /, *, limit: int = 1_000) -> builtins.list[LogLine]:
        """The last lines of a job's log, oldest first."""
        return await asyncio.to_thread((await self._home_of(id)).joblog.read, id, limit)

    async def attempts(self, id: JobId, /) -> builtins.list[AttemptInfo]:
        """How the attempts of a job ended that did not complete it, in order."""
        engine = await self._home_of(id)
        return await engine.store.read_slowly(lambda connection: reads.read_attempts(connection, id))

    async def speeds(self, id: JobId, /) -> builtins.list[JobSpeed]:
        """How fast a job has been from its beginning, oldest first: at most 120 spans, longer the longer it runs. The
        time between two attempts is in none; a job that counts neither bytes nor items has none."""
        engine = await self._home_of(id)
        return job_speeds(await engine.store.read_slowly(lambda connection: reads.read_speeds(connection, id)))

    async def children(self, id: JobId, /) -> builtins.list[JobInfo]:
        """The children of a job, oldest first."""
        engine = await self._home_of(id)
        page = await engine.store.read_slowly(
            engine.explained(lambda connection: Page(tuple(reads.children_of(connection, id))))
        )
        return [self._info(*row) for row in page.rows]

    async def events(self, id: JobId, /) -> builtins.list[JobEvent]:
        """Every change of a job's status or requests, in order."""
        engine = await self._home_of(id)
        return await engine.store.read_slowly(lambda connection: reads.job_events(connection, id))

    def changes(self, *, after: int | None = None) -> AsyncIterator[JobEvent]:
        """Every change of every job, from this call on, by any process; none is left out.

        A listing asked for after this call is not older than it, so the two together miss nothing. `after`: the `seq`
        of the event to go on after, by which a reader that was away reads on. Numbers follow one another without
        holes, except where jobs were deleted from the history.
        """
        start: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if after is not None:
            start.set_result(after)
        else:
            self._engine.store.read_to(reads.last_event, start, reader=1)  # the listings' own, which keeps the order
        return self._changes(start)

    async def changes_after(self, seq: int, /, *, limit: int = 1_000, wait: float = 0) -> builtins.list[JobEvent]:
        """The changes after the one of this number, in order; if there is none yet, those of the next `wait` seconds.

        For readers that also look at other things between two calls, or cannot keep `changes` open.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        with self._engine.hub.watching(None) as watcher:
            while True:
                events = await self._engine.store.read(partial(reads.events_after, after=seq, limit=limit))
                if events or loop.time() >= end:
                    return events
                try:
                    async with asyncio.timeout_at(end):
                        await watcher.wait()
                except TimeoutError:
                    return []  # nothing rang: what comes now is seen first thing by the next call

    async def last_change(self) -> int:
        """The `seq` of the newest event; 0 before the first. A listing asked for after this is not older than it."""
        return await self._engine.store.read_slowly(reads.last_event)

    async def quiet_changes(self) -> QuietChanges:
        """How often anything changed, by any process, of which no event tells: whoever shows a list looks anew when
        one of these numbers is another."""
        return await self._engine.store.read_slowly(reads.quiet_changes)

    async def _changes(self, start: asyncio.Future[int]) -> AsyncIterator[JobEvent]:
        store, hub = self._engine.store, self._engine.hub
        watcher = hub.watch(None)
        try:
            cursor = await start
            while True:
                events = await store.read(partial(reads.events_after, after=cursor))
                for event in events:
                    cursor = event.seq
                    yield event
                if not events:
                    await watcher.woken.wait()
                    watcher.woken.clear()
        finally:
            hub.unwatch(watcher)

    async def kinds(self) -> builtins.list[KindInfo]:
        """The registered kinds, those of installed packages among them."""
        return kinds()

    async def runners(self) -> builtins.list[RunnerInfo]:
        """The processes that have the library open, this one among them."""
        folder = self._engine.run_folder
        # In the thread of slow reads, because it looks at files too.
        return await self._engine.store.read_slowly(
            lambda connection: [runner_info(row, folder) for row in rescue.read_runners(connection)]
        )
