"""The handle of a submitted task."""

from __future__ import annotations

from typing import Generic, TypeVar

from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._tasks.core import Core
from spacedrive_jobs._tasks.entry import Entry, TaskState
from spacedrive_jobs._tasks.task import Cancelled, Crashed, Done, Paused, Task, TaskOutcome

T = TypeVar("T")


class TaskStopped(Exception):
    """`TaskHandle.result` has no result to give: the task was cancelled, timed out, or given back at shutdown."""

    def __init__(self, outcome: Paused | Cancelled) -> None:
        self.outcome = outcome
        word = "cancelled" if isinstance(outcome, Cancelled) else "stopped"
        super().__init__(f"the task was {word} ({outcome.kind.value}{', forced' if outcome.forced else ''})")


class TaskHandle(Generic[T]):
    """One submitted task: to await, interrupt and resume it. Made by `TaskSystem.submit`; for its event loop only."""

    __slots__ = ("_core", "_entry")

    def __init__(self, core: Core, entry: Entry[T]) -> None:
        self._core = core
        self._entry = entry

    @property
    def task(self) -> Task[T]:
        return self._entry.task

    @property
    def state(self) -> TaskState:
        return self._entry.state

    @property
    def priority(self) -> int:
        return self._entry.priority

    def interrupt(self, kind: Interruption) -> None:
        """Ask the task to stop, without waiting. One that is not running stops at once; an ended one is left alone."""
        self._core.interrupt(self._entry, kind)

    async def pause(self) -> bool:
        """Ask for a pause and wait until the task rests or has ended. False if it ended instead, or was resumed."""
        self._core.interrupt(self._entry, Interruption.PAUSE)
        while self._entry.outcome is None and self._entry.asked_for(Interruption.PAUSE):
            await self._core.wait_for(self._entry)
        return self._entry.state is TaskState.RESTING

    async def resume(self) -> bool:
        """Queue a paused task again, ahead of later ones of its priority, or take back a pause it has not acted upon.

        Returns once that is done. False if the task neither rests nor was asked to pause.
        """
        return await self._core.resume(self._entry)

    async def cancel(self) -> bool:
        """Ask for a cancel and wait for the task's end. False if it ended otherwise before it noticed."""
        self._core.interrupt(self._entry, Interruption.CANCEL)
        while self._entry.state is not TaskState.ENDED:
            await self._core.wait_for(self._entry)
        return isinstance(self._entry.outcome, Cancelled)

    def abort(self, kind: Interruption = Interruption.CANCEL) -> None:
        """Stop the task by asyncio's cancel, wherever it is. A blocked event loop, or a thread it awaits, runs on."""
        self._core.abort(self._entry, kind)

    async def outcome(self) -> TaskOutcome[T]:
        """Wait until the task rests or has ended. Cancelling the waiter never cancels the task.

        A suspension by the system for a higher priority is not seen here: such a task is still on its way. From inside
        another task of the same system, that one's slot is given back while it waits.
        """
        while (outcome := self._entry.outcome) is None:
            await self._core.wait_for(self._entry)
        return outcome

    async def result(self) -> T:
        """Wait for the end, over any number of pauses, and return the output.

        What `run` raised is raised; a task that was cancelled or given back at shutdown raises TaskStopped.
        """
        while self._entry.state is not TaskState.ENDED:
            await self._core.wait_for(self._entry)
        match self._entry.outcome:
            case Done(output):
                return output
            case Crashed(error):
                raise error
            case Paused() | Cancelled() as outcome:
                raise TaskStopped(outcome)
            case None:
                raise AssertionError("an ended task has an outcome")
