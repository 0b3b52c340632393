"""The task system: runs tasks, suspends low for high priority, gives back what did not finish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Final, TypeVar

from spacedrive_jobs._model.clock import Clock, SystemClock
from spacedrive_jobs._tasks.core import Core, TaskSystemClosed
from spacedrive_jobs._tasks.entry import TaskState
from spacedrive_jobs._tasks.fanout import bounded_map
from spacedrive_jobs._tasks.handle import TaskHandle, TaskStopped
from spacedrive_jobs._tasks.interrupt import current_interrupter
from spacedrive_jobs._tasks.task import Task

__all__ = ["SYSTEM_CLOCK", "TaskHandle", "TaskState", "TaskStopped", "TaskSystem", "TaskSystemClosed"]

T = TypeVar("T")

SYSTEM_CLOCK: Final = SystemClock()


class TaskSystem:
    """Runs at most `slots` tasks at once (None: any number), the highest priority first, then in order of arrival.

    With slots, a task of higher priority that finds none free suspends the lowest running one at its next check. An
    async context manager; leaving it is `shutdown(grace=grace)`. A task that has had its time is cancelled
    `timeout_grace` seconds after it was asked to stop (None: never). All calls belong to one event loop.
    """

    def __init__(
        self,
        *,
        slots: int | None,
        clock: Clock = SYSTEM_CLOCK,
        grace: float = 10.0,
        timeout_grace: float | None = 10.0,
    ) -> None:
        self._core = Core(slots=slots, clock=clock, timeout_grace=timeout_grace)
        self._grace = grace
        self._closed: asyncio.Future[None] | None = None
        self.given_back: list[Task[Any]] = []

    async def __aenter__(self) -> TaskSystem:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.shutdown(grace=self._grace)

    @property
    def running(self) -> int:
        """How many tasks have started and neither rest nor have ended."""
        return len(self._core.running)

    @property
    def queued(self) -> int:
        """How many wait for a slot."""
        return self._core.slots.queued

    def submit(self, task: Task[T], *, priority: int = 0, timeout: float | None = None) -> TaskHandle[T]:
        """Run `task` as soon as a slot is free. After `timeout` seconds of running it is asked to stop, then made to.

        The time in the queue, at rest, and while waiting for tasks of this system does not count. Raises
        TaskSystemClosed after shutdown began (inside a task of this system: JobInterrupted).
        """
        return TaskHandle(self._core, self._core.add(task, priority, timeout))

    async def map(self, tasks: Iterable[Task[T]], *, limit: int, priority: int = 0) -> list[T]:
        """Run the tasks, at most `limit` of them at once, and return their outputs in order.

        Tasks are drawn from the iterable as others finish. The first error stops the drawing, waits for those on their
        way, and is raised; so does an interruption of the task that calls this, raised as a bare JobInterrupted.
        """

        async def run(task: Task[T]) -> T:
            return await self.submit(task, priority=priority).result()

        async with self._core.slot_given_back():
            return await bounded_map(run, tasks, limit=limit, interrupter=current_interrupter.get())

    def slot_given_back(self) -> AbstractAsyncContextManager[None]:
        """While inside, the calling task holds no slot and its timeout stands still. For waits on other tasks.

        Does nothing outside the tasks of this system. Leaving waits for a slot, ahead of what came later.
        """
        return self._core.slot_given_back()

    def check_timeouts(self) -> None:
        """Act on timeouts that the clock has passed. A timer of the clock calls it."""
        self._core.clock.check()

    async def shutdown(self, *, grace: float) -> list[Task[Any]]:
        """Stop everything and return the tasks that did not run or were interrupted, in order of arrival.

        Running tasks are asked to stop, and cancelled after `grace` seconds; one that swallows even that is left
        behind. Paused tasks are given back too. A second call waits for the first. If the caller is cancelled, the
        grace is over at once.
        """
        if self._closed is not None:
            await asyncio.shield(self._closed)
            return self.given_back
        self._closed = asyncio.get_running_loop().create_future()
        try:
            self.given_back = await self._core.close(grace)
        finally:
            self._closed.set_result(None)
        return self.given_back
