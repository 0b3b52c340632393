"""The life of each task: started, run, settled, interrupted, resumed, and all of them stopped at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final, TypeVar

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.interruption import STRENGTH, Interruption
from spacedrive_jobs._tasks.deadlines import RunClock
from spacedrive_jobs._tasks.entry import Entry, RunInterrupter, RunTask, TaskState, calling_entry
from spacedrive_jobs._tasks.interrupt import current_interrupter
from spacedrive_jobs._tasks.slots import Slots
from spacedrive_jobs._tasks.task import Cancelled, Done, Paused, Task, TaskOutcome, TellsIfNeverRun, outcome_of, stopped

T = TypeVar("T")

_log = logging.getLogger(__name__)

AFTER_ABORT: Final = 2.0
"""How many seconds shutdown waits for a task that swallows its own cancellation before it leaves it behind."""


class TaskSystemClosed(RuntimeError):
    """The task system is shutting down and takes nothing more."""

    def __init__(self) -> None:
        super().__init__("the task system is shutting down and takes no more tasks")


class Core:
    """What TaskSystem and TaskHandle are the outside of. Lives on one event loop and is called there."""

    slots: Slots
    clock: RunClock

    def __init__(self, *, slots: int | None, clock: Clock, timeout_grace: float | None) -> None:
        self.running: set[Entry[Any]] = set()
        self.slots = Slots(slots, self._start)
        self.clock = RunClock(clock, timeout_grace, self.abort)
        self._resting: set[Entry[Any]] = set()
        self._sequence = count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._idle = asyncio.Event()

    def add(self, task: Task[T], priority: int, timeout: float | None) -> Entry[T]:
        """Take a new task in, to run as soon as it may."""
        if self._closing:
            if (caller := calling_entry(self)) is not None and caller.interrupter is not None:
                caller.interrupter.check()  # it is itself being shut down: that is its outcome, not an error
            raise TaskSystemClosed
        entry = Entry(task, priority, timeout, next(self._sequence))
        self.slots.enter(entry)
        return entry

    # -- one run

    def _start(self, entry: Entry[Any]) -> None:
        entry.state = TaskState.RUNNING
        entry.preempted = entry.resume_after = False
        entry.interrupter = interrupter = RunInterrupter(entry, self)
        self.running.add(entry)
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        entry.asyncio_task = RunTask(self._execute(entry, interrupter), loop=loop, name="spacedrive-task")
        entry.asyncio_task.run_interrupter = interrupter
        if entry.timeout is not None:
            self.clock.start(entry)

    async def _execute(self, entry: Entry[T], interrupter: RunInterrupter) -> None:
        entry.began = True
        outcome: TaskOutcome[T]
        if interrupter.requested is not None:
            outcome = stopped(interrupter.requested)
        else:
            current_interrupter.set(interrupter)
            try:
                entry.entered = True
                outcome = Done(await entry.task.run(interrupter))
            except GeneratorExit:
                raise  # the loop is gone and this coroutine is being collected
            except BaseException as error:
                # Whatever a task raises is its own outcome: it must not end the loop that runs the others.
                requested, forced = interrupter.requested, entry.forced
                from_outside = entry.asyncio_task is not None and entry.asyncio_task.cancelled_from_outside
                outcome = outcome_of(error, requested=requested, forced=forced, from_outside=from_outside)
        if entry.interrupter is interrupter:
            self._settle(entry, outcome)

    def _settle(self, entry: Entry[T], outcome: TaskOutcome[T]) -> None:
        """Take note of the end of a run, or of a task that will not run now."""
        self._leave(entry)
        if type(outcome) is Paused and self._goes_on(entry, outcome):
            entry.resume_after = False
            self.slots.enter(entry)
        else:
            entry.outcome = outcome
            if type(outcome) is Paused and not self._closing:
                entry.state = TaskState.RESTING
                self._resting.add(entry)
            else:
                entry.state = TaskState.ENDED
        if entry.waiters is not None:
            entry.wake()
        if not entry.entered and isinstance(outcome, (Paused, Cancelled)) and isinstance(entry.task, TellsIfNeverRun):
            entry.task.never_ran(outcome)
        if self.slots.queued:
            self._fill(entry)
        if self._closing and not self.running:
            self._idle.set()

    def _fill(self, ended: Entry[Any]) -> None:
        if ended.awaited_inside and self._loop is not None:
            # The task that waited for this one wants its slot back, ahead of what came later: let it get in line first.
            self._loop.call_soon(self.slots.fill)
        else:
            self.slots.fill()

    def _leave(self, entry: Entry[Any]) -> None:
        match entry.state:
            case TaskState.RUNNING:
                self.running.discard(entry)
                self.slots.leave(entry)
                if entry.since is not None:
                    self.clock.stop(entry)
                entry.interrupter = entry.asyncio_task = entry.forced = None
                entry.began = False
            case TaskState.QUEUED:
                self.slots.withdraw(entry)
            case TaskState.RESTING | TaskState.ENDED:
                self._resting.discard(entry)

    def _goes_on(self, entry: Entry[Any], outcome: Paused) -> bool:
        """Whether a run that stopped is to be queued again at once."""
        if self._closing or outcome.forced:
            return False
        if outcome.kind is Interruption.SUSPEND:
            return entry.preempted or entry.resume_after
        return outcome.kind is Interruption.PAUSE and entry.resume_after

    # -- waiting for one another

    @asynccontextmanager
    async def slot_given_back(self) -> AsyncGenerator[None]:
        entry = calling_entry(self)
        if entry is None:
            yield
            return
        self.clock.stop(entry)
        self.slots.begin_wait(entry)
        cancelled = False
        try:
            yield
        except asyncio.CancelledError:
            cancelled = True  # it may be an abort, which must not wait for a slot
            raise
        finally:
            if cancelled:
                self.slots.end_wait_at_once(entry)
            else:
                await self.slots.end_wait(entry)
            if not entry.waits and entry.state is TaskState.RUNNING:
                self.clock.start(entry)

    async def wait_for(self, awaited: Entry[Any]) -> None:
        """Wait for a change of `awaited`; a task of this system gives its slot back meanwhile."""
        if calling_entry(self) is None:
            await awaited.change()
            return
        awaited.awaited_inside = True
        async with self.slot_given_back():
            await awaited.change()

    # -- interruption

    def interrupt(self, entry: Entry[Any], kind: Interruption) -> None:
        match entry.state:
            case TaskState.RUNNING if entry.interrupter is not None:
                entry.resume_after = False
                entry.interrupter.request(kind)
            case TaskState.QUEUED:
                self._settle(entry, stopped(kind))
            case TaskState.RESTING if not isinstance(stopped(kind), Paused):
                self._settle(entry, stopped(kind))
            case TaskState.RESTING if self._closing and entry.outcome is not None:
                self._settle(entry, entry.outcome)
            case _:
                pass

    def abort(self, entry: Entry[Any], kind: Interruption) -> None:
        if entry.state is TaskState.ENDED:
            return
        if entry.asyncio_task is not None and entry.interrupter is not None:
            if entry.forced is None or STRENGTH[kind] > STRENGTH[entry.forced]:
                entry.forced = kind
            entry.interrupter.request(kind)
            entry.asyncio_task.cancel()
            if entry.began:
                return
            # asyncio never enters a coroutine that was cancelled before its first step: nobody else would settle it.
        self._settle(entry, stopped(kind, forced=True))

    async def resume(self, entry: Entry[Any]) -> bool:
        if entry.state is TaskState.RESTING:
            self._resting.discard(entry)
            entry.outcome = None
            self.slots.enter(entry)
            return True
        if entry.interrupter is None or entry.interrupter.requested is not Interruption.PAUSE:
            return False
        if entry.interrupter.withdraw(Interruption.PAUSE):
            entry.wake()
            return True
        # The run is on its way to its pause and cannot be held back: it is queued again as soon as it is there.
        entry.resume_after = True
        while entry.resume_after and entry.outcome is None:
            await entry.change()
        return not entry.resume_after

    # -- the end

    async def close(self, grace: float) -> list[Task[Any]]:
        """Stop everything; what did not finish, in order of arrival."""
        self._closing = True
        waiting = [*self.slots.drain(), *self._resting]
        everything = sorted([*waiting, *self.running], key=lambda entry: entry.sequence)
        for entry in everything:
            self.interrupt(entry, Interruption.SHUTDOWN)
        try:
            await self._until_idle(grace)
        finally:
            for entry in tuple(self.running):
                self.abort(entry, Interruption.SHUTDOWN)
            await self._until_idle(AFTER_ABORT)
            for entry in tuple(self.running):
                _log.error("task %r ignores its cancellation and is left behind", entry.task)
                self._settle(entry, Paused(Interruption.SHUTDOWN, forced=True))
            self.clock.close()
        return [entry.task for entry in everything if isinstance(entry.outcome, Paused)]

    async def _until_idle(self, seconds: float) -> None:
        if not self.running:
            return
        self._idle.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            pass
