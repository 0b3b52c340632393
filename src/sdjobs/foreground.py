"""Running a job in the foreground: start it or attach to it, show it, and say how it ended."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import Protocol

from sdjobs import clock
from sdjobs.describe import job_json, runner_json, title
from sdjobs.endings import closing, say
from sdjobs.exit_codes import ExitCode
from sdjobs.follow import Ending, Follower, Stance, Stopped, Unattended
from sdjobs.libraries import open_library, runner_name, runner_of_all
from sdjobs.settings import Settings
from sdjobs.signals import Signals, listening
from sdjobs.text import percent
from sdjobs.views.choice import choose_view
from sdjobs.views.presenter import Presenter
from spacedrive_jobs import JobHandle, JobId, JobInfo, JobStatus, JobSystem, Request, RunnerInfo


@dataclass(frozen=True, slots=True)
class Begun:
    """`attached`: the job was there already."""

    handle: JobHandle[object]
    attached: bool


class Work(Protocol):
    """What a command wants done."""

    @property
    def makes_library(self) -> bool:
        """Whether the default library is made where it is missing."""
        ...

    async def begin(self, jobs: JobSystem) -> Begun:
        """Dispatch the job, or find the unfinished one that this is about."""
        ...


@dataclass(frozen=True, slots=True)
class Existing:
    """A job that is in the library already."""

    id: JobId
    makes_library: bool = False

    async def begin(self, jobs: JobSystem) -> Begun:
        return Begun(await jobs.get(self.id), attached=True)


async def detach(work: Work, settings: Settings) -> ExitCode:
    """Put the job into the queue, print its id, say who will run it, and leave."""
    async with open_library(settings, may_create=work.makes_library) as library:
        begun = await work.begin(library.jobs)
        info = await library.jobs.info(begun.handle.id)
        if begun.attached:
            await _wake(begun.handle, info, adopt=False)
            info = await library.jobs.info(begun.handle.id)
        runner = await runner_of_all(library.jobs)
    if settings.json:
        who = runner_json(runner) if runner else None
        settings.out.document({"job": job_json(info), "attached": begun.attached, "runner": who})
    else:
        settings.out.line(info.id.short)
        settings.err.line(_who_runs_it(info, runner, settings))
    return ExitCode.DONE


def _who_runs_it(info: JobInfo, runner: RunnerInfo | None, settings: Settings) -> str:
    watch = settings.command("jobs", "watch", info.id.short)
    if runner is not None:
        return f"{runner_name(runner)} runs it. Watch it: {watch}"
    if info.status is JobStatus.RUNNING:  # in a process that runs nothing but its own jobs
        return f"It runs already. Watch it: {watch}"
    return f"No process runs the jobs of this library now. Start one: {settings.command('worker', needs_code=True)}"


async def _wake(handle: JobHandle[object], info: JobInfo, *, adopt: bool) -> None:
    """Let a job that was found go on: one that is paused, and with `adopt` one that waits for any runner."""
    paused = info.status is JobStatus.PAUSED or info.request is Request.PAUSE
    if paused or (adopt and info.status is JobStatus.QUEUED):
        await handle.resume()


async def run(work: Work, settings: Settings, *, hand_over: bool = True) -> ExitCode:
    """Do the work here, or have it done by the process that runs this library's jobs; show it until it ends.

    Ctrl-C pauses the job, a second one aborts it. SIGTERM and SIGHUP end this command's part: a job that ran here is
    queued again.
    """
    session = _Session(work, settings)
    try:
        with listening(session.deliver) as signals:
            info, stopped = await session.run(signals, hand_over=hand_over)
    finally:
        await asyncio.to_thread(session.close)
    if info is None:
        settings.err.line("Interrupted before anything was started.")
        return ExitCode.INTERRUPTED
    end = closing(info, settings, clock.now(), stopped_by=stopped.name if stopped else "")
    return say(end, info, settings)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Another process runs this library's jobs, and gets this one."""

    runner: RunnerInfo


class _Session:
    """One command in the foreground, perhaps over several openings of the library: watching, then running itself."""

    def __init__(self, work: Work, settings: Settings) -> None:
        self._work, self._settings = work, settings
        self._presenter: Presenter | None = None
        self._follower: Follower | None = None
        self._early: list[signal.Signals] = []
        self._last_info: JobInfo | None = None

    def deliver(self, number: signal.Signals) -> None:
        if self._follower is None:
            self._early.append(number)
        else:
            self._follower.deliver(number)

    def close(self) -> None:
        if self._presenter is not None:
            self._presenter.close()

    async def run(self, signals: Signals, *, hand_over: bool) -> tuple[JobInfo | None, Stopped | None]:
        ending = await self._run_here(signals, give_way=hand_over)
        while isinstance(ending, Unattended | HandOver):
            if isinstance(ending, HandOver):
                ending = await self._watch_elsewhere(ending.runner)
            else:
                ending = await self._run_here(signals)
        if self._presenter is None:
            return None, None
        if isinstance(ending, Stopped):
            return await self._info_afterwards(), ending
        return self._last_info, None

    async def _run_here(self, signals: Signals, *, give_way: bool = False) -> Ending | HandOver:
        """With `give_way` nothing is begun where another process runs this library's jobs."""
        async with open_library(self._settings, runs="own", may_create=self._work.makes_library) as library:
            if give_way and (runner := await runner_of_all(library.jobs)) is not None:
                return HandOver(runner)
            if self._early:
                return Stopped(self._early[0])
            here = "" if self._presenter is None else "The process that ran it has gone: it goes on here."
            ending = await self._begin_and_follow(library.jobs, Stance(pauses=True, adopts=True), here)
            if isinstance(ending, Stopped):
                # Leaving the library takes up to the grace of its jobs; whoever presses again wants out now.
                signals.no_more_patience()
                self._say("Stopping.")
            return ending

    async def _watch_elsewhere(self, runner: RunnerInfo) -> Ending:
        async with open_library(self._settings, may_create=self._work.makes_library) as library:
            if self._early:
                return Stopped(self._early[0])
            stance = Stance(pauses=True, minds=True)
            return await self._begin_and_follow(library.jobs, stance, f"{runner_name(runner)} runs it.")

    async def _begin_and_follow(self, jobs: JobSystem, stance: Stance, where: str) -> Ending:
        begun = await self._work.begin(jobs)
        info = await jobs.info(begun.handle.id)
        first = self._presenter is None
        if first:
            self._presenter = Presenter(choose_view(self._settings))
            self._say(
                _opening_words(info, begun), {"type": "started", "job": job_json(info), "attached": begun.attached}
            )
        if where:
            self._say(where)
        self._work = Existing(info.id)
        if begun.attached:
            await _wake(begun.handle, info, adopt=stance.adopts)
        assert self._presenter is not None
        self._follower = Follower(jobs, begun.handle, self._presenter, stance)
        for number in self._early:
            self._follower.deliver(number)
        self._early.clear()
        try:
            ending = await self._follower.follow()
        finally:
            self._follower = None
        self._last_info = await jobs.info(info.id)
        return ending

    def _say(self, text: str, record: dict[str, object] | None = None) -> None:
        if self._presenter is not None:
            self._presenter.say(text, record)

    async def _info_afterwards(self) -> JobInfo:
        """What is stored now that this process has let go of the job: it may have ended in the last moment."""
        assert isinstance(self._work, Existing)
        async with open_library(self._settings) as library:
            return await library.jobs.info(self._work.id)


def _opening_words(info: JobInfo, begun: Begun) -> str:
    if not begun.attached:
        return f"{title(info)} (job {info.id.short})"
    at = f" at {percent(info.view.fraction)}" if info.view.fraction is not None else ""
    verb = "Watching" if info.status is JobStatus.RUNNING else "Resuming"
    return f"{verb} job {info.id.short}{at}: {title(info)}"
