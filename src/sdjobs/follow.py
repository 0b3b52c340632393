"""Following one job to its end, or to the moment where this command's part in it ends."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sdjobs.describe import title, trouble
from sdjobs.libraries import runner_of_all
from sdjobs.streams import Output
from sdjobs.views.presenter import Presenter
from sdjobs.views.snapshot import Snapshot
from spacedrive_jobs import (
    Cancelled,
    Completed,
    Failed,
    JobError,
    JobHandle,
    JobInfo,
    JobStatus,
    JobSystem,
    JobUpdate,
    ProgressChanged,
    Request,
    StatusChanged,
    TransitionRefused,
)

LOOK_AGAIN: Final = 2.0
"""Seconds after which the counters, and whether anybody will run a queued job, are looked at."""

PAUSING: Final = "Pausing at the next safe point. Ctrl-C again aborts and cancels the job."
ABORTING: Final = "Aborting."
UNSTOPPABLE: Final = "This job cannot be paused. Ctrl-C again aborts it."


@dataclass(frozen=True, slots=True)
class Ended:
    """Completed, failed or cancelled: the record says which."""


@dataclass(frozen=True, slots=True)
class Paused:
    pass


@dataclass(frozen=True, slots=True)
class Stopped:
    """A signal ended the following, not the job."""

    signal: signal.Signals

    @property
    def name(self) -> str:
        """`Ctrl-C`, `SIGTERM`, ..."""
        return "Ctrl-C" if self.signal is signal.SIGINT else self.signal.name


@dataclass(frozen=True, slots=True)
class Unattended:
    """The job is queued, and no process runs this library's queue any more."""


Ending: TypeAlias = Ended | Paused | Stopped | Unattended
_Mail: TypeAlias = "JobUpdate[object] | signal.Signals | BaseException | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """What the follower does beyond watching.

    `adopts`: a queued job is taken up by this process. `pauses`: Ctrl-C pauses the job; else it ends the watching.
    `minds`: ends with Unattended where nobody will run the job. `reader`: the following ends when it has left.
    """

    adopts: bool = False
    pauses: bool = False
    minds: bool = False
    reader: Output | None = None


class Follower:
    """Turns a job's updates and the person's signals into what is shown, and into an ending."""

    def __init__(self, jobs: JobSystem, handle: JobHandle[object], presenter: Presenter, stance: Stance) -> None:
        self._jobs, self._handle, self._presenter, self._stance = jobs, handle, presenter, stance
        self._mail: asyncio.Queue[_Mail] = asyncio.Queue()
        self._snapshot = Snapshot(job=handle.id, title="", status=JobStatus.QUEUED)
        self._interrupts = 0
        self._told: tuple[JobStatus, Request | None, str] | None = None

    def deliver(self, number: signal.Signals) -> None:
        """Deliver a signal; call it in the loop."""
        self._mail.put_nowait(number)

    async def follow(self) -> Ending:
        """Until the job ends, is paused, or a signal says that it is enough."""
        self._take(await self._jobs.info(self._handle.id), tell=False)  # the subscription begins with the status
        async with asyncio.TaskGroup() as group:
            pump = group.create_task(self._pump())
            try:
                return await self._read_mail()
            finally:
                pump.cancel()

    async def _pump(self) -> None:
        try:
            async for update in self._handle.subscribe():
                self._mail.put_nowait(update)
        except JobError as error:
            self._mail.put_nowait(error)

    async def _read_mail(self) -> Ending:
        loop = asyncio.get_running_loop()
        next_look = loop.time() + LOOK_AGAIN
        while True:
            mail: _Mail = None
            with suppress(TimeoutError):
                mail = await asyncio.wait_for(self._mail.get(), max(next_look - loop.time(), 0))
            ending = self._reader_has_left()
            if ending is None and mail is not None:
                ending = await self._act_on(mail)
            if ending is None and loop.time() >= next_look:
                next_look = loop.time() + LOOK_AGAIN
                ending = await self._look_again()
            if ending is not None:
                return ending

    def _reader_has_left(self) -> Ending | None:
        reader = self._stance.reader
        return Stopped(signal.SIGPIPE) if reader is not None and reader.closed else None

    async def _act_on(self, mail: JobUpdate[object] | signal.Signals | BaseException) -> Ending | None:
        match mail:
            case ProgressChanged(view=view):
                self._show(replace(self._snapshot, view=view))
                return None
            case StatusChanged():
                return await self._on_status(mail)
            case Completed() | Failed() | Cancelled():
                return Ended()
            case signal.Signals():
                return await self._on_signal(mail)
            case _:
                raise mail

    async def _on_status(self, change: StatusChanged) -> Ending | None:
        info = await self._jobs.info(self._handle.id)
        self._take(info, change)
        if change.status is JobStatus.PAUSED and info.status is JobStatus.PAUSED:
            return Paused()
        if change.status is JobStatus.QUEUED and info.status is JobStatus.QUEUED:
            return await self._on_queued()
        return None

    async def _on_queued(self) -> Ending | None:
        if self._stance.adopts:
            # Whoever ran it has gone; resuming puts it among the jobs of this process.
            with suppress(TransitionRefused):
                await self._handle.resume()
        elif self._stance.minds and await runner_of_all(self._jobs) is None:
            return Unattended()
        return None

    async def _look_again(self) -> Ending | None:
        info = await self._jobs.info(self._handle.id)
        self._take(info)
        if info.status.is_terminal:
            return Ended()
        if info.status is JobStatus.PAUSED:
            return Paused()
        # A job that is queued is not taken up here: that was done when it was queued, and putting it first in line
        # every two seconds would be unfair to the others.
        if info.status is JobStatus.QUEUED and self._stance.minds and await runner_of_all(self._jobs) is None:
            return Unattended()
        return None

    async def _on_signal(self, number: signal.Signals) -> Ending | None:
        if number is not signal.SIGINT or not self._stance.pauses:
            return Stopped(number)
        self._interrupts += 1
        if self._interrupts > 1:
            self._note(ABORTING)
            await self._handle.abort("Ctrl-C was pressed twice")
            return None
        try:
            await self._handle.pause()
        except TransitionRefused:
            if not (await self._handle.status()).is_terminal:
                self._note(UNSTOPPABLE)
            return None
        self._note(PAUSING)
        return None

    def _note(self, text: str) -> None:
        self._presenter.say(text)
        self._show(replace(self._snapshot, note=text))

    def _show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._presenter.show(snapshot)

    def _take(self, info: JobInfo, change: StatusChanged | None = None, *, tell: bool = True) -> None:
        """Take over what the record says; tell it as a change where the status or the request is new."""
        status, reason = (change.status, change.reason) if change else (info.status, info.reason)
        request = info.request if status is info.status else None
        self._snapshot = replace(
            self._snapshot,
            title=title(info), status=status, request=request, reason=reason, view=info.view, trouble=trouble(info),
        )  # fmt: skip
        if tell and (status, request, reason) != self._told:
            self._told = (status, request, reason)
            self._presenter.status(self._snapshot)
        else:
            self._show(self._snapshot)
