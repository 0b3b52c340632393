"""What the full-screen view asks the store for: no more than it shows, and what seldom changes seldom."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sdjobs import clock
from sdjobs.describe import plain_title, possible
from sdjobs.libraries import runner_of_all
from spacedrive_jobs import JobId, JobInfo, JobNotFound, JobStatus, JobSystem, Library, LibraryNotFound, QuestionInfo

FEW: Final = 8
"""Jobs of a list that are shown at first."""
MOST: Final = 1_000
"""No list is shown longer; a filter finds the rest."""
LOOKED_AT: Final = 60
"""The newest jobs among which those are looked for that need somebody."""
SELDOM: Final = 2.0
"""Seconds after which all is looked at though no job changed: disks fill up and processes leave without an event."""

WAITING: Final = (JobStatus.QUEUED, JobStatus.PAUSED)
ENDED: Final = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Window:
    """How much is asked for. `text`: only jobs that say it, as in JobFilter; `waiting`, `ended`: how many of each."""

    text: str = ""
    waiting: int = FEW
    ended: int = FEW


@dataclass(frozen=True, slots=True)
class Asked:
    """Open questions of one job on one matter: one answer may serve them all."""

    job: JobId
    title: str
    questions: tuple[QuestionInfo, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """Of the library; in bytes."""

    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The library at one moment, as far as it is shown.

    `attended`: some process runs its queue. `full`: its disk has no room for what jobs save. `more_waiting`,
    `more_ended`: how many are left out of the lists, None where that is not known (a filter).
    """

    at: datetime
    counts: Mapping[JobStatus, int]
    paused: Mapping[str | None, str]
    attended: bool
    full: bool
    disk: Disk | None
    asked: tuple[Asked, ...]
    failed: tuple[JobInfo, ...]
    running: tuple[JobInfo, ...]
    waiting: tuple[JobInfo, ...]
    ended: tuple[JobInfo, ...]
    more_waiting: int | None
    more_ended: int | None


class Looker:
    """Looks at a library again and again."""

    def __init__(self, library: Library) -> None:
        self._jobs: JobSystem = library.jobs
        self._path = library.path
        self._last: Look | None = None
        self._window: Window = Window()
        self._seq: int = -1
        self._until = float("-inf")
        self._titles: dict[JobId, str] = {}

    async def look(self, window: Window) -> Look:
        """Raises LibraryNotFound where its folder has gone, and what the store raises."""
        seq = await self._jobs.last_change()
        now = asyncio.get_running_loop().time()
        if self._last is None or window != self._window or seq != self._seq or now >= self._until:
            self._last = await self._look_at_all(window)
            self._window, self._seq, self._until = window, seq, now + SELDOM
        else:
            self._last = replace(self._last, at=clock.now(), running=await self._running(window))
        return self._last

    async def wait(self, seconds: float) -> None:
        """Until something changes, at most so long."""
        await self._jobs.changes_after(max(self._seq, 0), limit=1, wait=seconds)

    async def _look_at_all(self, window: Window) -> Look:
        if not await asyncio.to_thread(self._path.exists):  # an open database is read on though its file is gone
            raise LibraryNotFound(self._path)
        counts = await self._jobs.counts()
        waiting, more_waiting = await self._waiting(window, counts)
        ended = await self._jobs.list(statuses=ENDED, text=window.text, limit=window.ended)
        beyond = sum(counts[status] for status in ENDED) - len(ended.rows)
        return Look(
            at=clock.now(),
            counts=counts,
            paused=await self._jobs.paused_queues(),
            attended=await runner_of_all(self._jobs) is not None,
            full=any(runner.state == "no_space" for runner in await self._jobs.runners()),
            disk=await asyncio.to_thread(disk_of, self._path),
            asked=await self._asked(),
            failed=await self._failed(),
            running=await self._running(window),
            waiting=waiting,
            ended=ended.rows,
            more_waiting=more_waiting,
            more_ended=_more(ended.next is not None, window, beyond),
        )

    async def _running(self, window: Window) -> tuple[JobInfo, ...]:
        if not window.text:
            return tuple(await self._jobs.running())
        page = await self._jobs.list(statuses=[JobStatus.RUNNING], text=window.text, limit=MOST)
        return page.rows[::-1]

    async def _waiting(self, window: Window, counts: Mapping[JobStatus, int]) -> tuple[tuple[JobInfo, ...], int | None]:
        """In the order of their start, then as many that are paused; under a filter the newest first."""
        if window.text:
            page = await self._jobs.list(statuses=WAITING, text=window.text, limit=window.waiting)
            return page.rows, _more(page.next is not None, window, 0)
        queued = (await self._jobs.waiting(window.waiting)).rows
        paused = (await self._jobs.list(statuses=[JobStatus.PAUSED], limit=window.waiting)).rows
        beyond = sum(counts[status] for status in WAITING) - len(queued) - len(paused)
        return (*queued, *paused), max(beyond, 0)

    async def _failed(self) -> tuple[JobInfo, ...]:
        failed = await self._jobs.list(statuses=[JobStatus.FAILED], retried=False, limit=LOOKED_AT)
        partly = await self._jobs.list(
            statuses=[JobStatus.COMPLETED], retried=False, failed_items=True, limit=LOOKED_AT
        )
        return needing([*failed.rows, *partly.rows])

    async def _asked(self) -> tuple[Asked, ...]:
        groups: dict[tuple[JobId, str], list[QuestionInfo]] = {}
        for question in (await self._jobs.questions(limit=LOOKED_AT)).rows:
            groups.setdefault((question.job, question.topic or question.id), []).append(question)
        known = {job: await self._title(job) for job, _ in groups}
        self._titles = known
        return tuple(Asked(job, known[job], tuple(questions)) for (job, _), questions in groups.items())

    async def _title(self, job: JobId) -> str:
        if job in self._titles:
            return self._titles[job]
        try:
            return plain_title(await self._jobs.info(job))
        except JobNotFound:  # it went while we looked
            return job.short


def _more(there_are: bool, window: Window, beyond: int) -> int | None:
    if not there_are:
        return 0
    return None if window.text else max(beyond, 0)


def needing(jobs: Iterable[JobInfo]) -> tuple[JobInfo, ...]:
    """Those that failed, or are done but for some items, and were not done again since; nobody's children. The newest
    first."""
    known = {info.id: info for info in jobs}
    again = {info.retry_of for info in known.values()}
    return tuple(
        info
        for info in sorted(known.values(), key=lambda info: info.id, reverse=True)
        if info.status is not JobStatus.CANCELLED
        and "retry" in possible(info)
        and info.parent is None
        and info.id not in again
    )


def disk_of(path: Path) -> Disk | None:
    """Blocking. None where it cannot be asked."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None
    return Disk(usage.free, usage.total)
