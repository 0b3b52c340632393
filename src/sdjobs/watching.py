"""Watching jobs that other processes run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from sdjobs import clock
from sdjobs.describe import event_json, job_json, progress_json, state_line, title
from sdjobs.endings import closing, say
from sdjobs.exit_codes import ExitCode
from sdjobs.follow import Follower, Stance, Stopped
from sdjobs.libraries import open_library, runner_of_all
from sdjobs.settings import Settings
from sdjobs.signals import listening
from sdjobs.views.choice import choose_view, draws
from sdjobs.views.lines import progress_line
from sdjobs.views.presenter import Presenter
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import JobEvent, JobId, JobInfo, JobStatus, JobSystem, ProgressView

UNFINISHED: Final = frozenset({JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.PAUSED})
SECOND: Final = 1.0
"""How often the progress of all is looked at; changes of status are told at once."""
MANY: Final = 1000


async def watch_one(settings: Settings, text: str) -> ExitCode:
    """Show one job until it ends or is paused."""
    async with open_library(settings) as library:
        info = await library.jobs.info((await library.jobs.find(text)).id)
        stopped: Stopped | None = None
        if not info.status.is_terminal:
            stopped = await _follow(settings, library.jobs, info)
            info = await library.jobs.info(info.id)
    return say(closing(info, settings, clock.now(), stopped_by=stopped.name if stopped else ""), info, settings)


async def _follow(settings: Settings, jobs: JobSystem, info: JobInfo) -> Stopped | None:
    presenter = Presenter(choose_view(settings))
    try:
        presenter.say(
            f"{title(info)} (job {info.id.short})", {"type": "started", "job": job_json(info), "attached": True}
        )
        if info.status is JobStatus.QUEUED and await runner_of_all(jobs) is None:
            presenter.say(f"No process runs the jobs of this library now. Start one: {settings.command('worker')}")
        follower = Follower(jobs, await jobs.get(info.id), presenter, Stance(reader=settings.out))
        with listening(follower.deliver, patience=1):
            ending = await follower.follow()
        return ending if isinstance(ending, Stopped) else None
    finally:
        await asyncio.to_thread(presenter.close)


class _Board(Protocol):
    """Shows all unfinished jobs."""

    def event(self, event: JobEvent) -> None: ...

    def look(self, jobs: tuple[JobInfo, ...], *, attended: bool) -> None: ...

    def close(self) -> None: ...


async def watch_all(settings: Settings) -> ExitCode:
    """Show the unfinished jobs until a signal says that it is enough."""
    enough = asyncio.Event()
    async with open_library(settings) as library:
        with listening(lambda _: enough.set(), patience=1):
            board = _board(settings)
            try:
                async with _each_event(library.jobs, board):
                    while not enough.is_set() and not settings.out.closed:
                        page = await library.jobs.list(statuses=UNFINISHED, limit=MANY)
                        board.look(page.rows, attended=await runner_of_all(library.jobs) is not None)
                        with suppress(TimeoutError):
                            await asyncio.wait_for(enough.wait(), SECOND)
            finally:
                board.close()
    return ExitCode.INTERRUPTED


@asynccontextmanager
async def _each_event(jobs: JobSystem, board: _Board) -> AsyncGenerator[None, None]:
    async def tell() -> None:
        async for event in jobs.changes():
            board.event(event)

    async with asyncio.TaskGroup() as group:
        telling = group.create_task(tell())
        try:
            yield
        finally:
            telling.cancel()


def _board(settings: Settings) -> _Board:
    if draws(settings):
        from sdjobs.views.board import TableBoard

        return TableBoard(settings.out)
    return _LinesBoard(settings)


class _LinesBoard:
    """A line for each change of status, and one a second for each running job that has moved."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._views: dict[JobId, ProgressView] = {}

    def event(self, event: JobEvent) -> None:
        if self._settings.json:
            self._settings.out.document({"type": "status", **event_json(event)})
            return
        self._settings.out.line(f"{event.job.short} {state_line(event.status, event.request, event.reason)}")

    def look(self, jobs: tuple[JobInfo, ...], *, attended: bool) -> None:
        moved = [info for info in jobs if info.status is JobStatus.RUNNING and self._views.get(info.id) != info.view]
        self._views = {info.id: info.view for info in jobs}
        for info in moved:
            self._progress(info)

    def _progress(self, info: JobInfo) -> None:
        if self._settings.json:
            progress = progress_json(info.view)
            self._settings.out.document({"type": "progress", "job": str(info.id), "progress": progress})
            return
        line = progress_line(Snapshot(job=info.id, title=title(info), status=info.status, view=info.view))
        if line:
            self._settings.out.line(f"{info.id.short} {line}")

    def close(self) -> None:
        pass
