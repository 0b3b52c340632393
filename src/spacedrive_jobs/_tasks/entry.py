"""One submitted task, as the parts of the task system keep it."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any, Generic, TypeVar

from spacedrive_jobs._model.interruption import STRENGTH, Interruption
from spacedrive_jobs._tasks.interrupt import Interrupter, current_interrupter
from spacedrive_jobs._tasks.task import Task, TaskOutcome

T = TypeVar("T")


class TaskState(Enum):
    """Where a task stands in its system."""

    QUEUED = "queued"
    RUNNING = "running"
    RESTING = "resting"
    """Paused: not in the queue until it is resumed."""
    ENDED = "ended"


class Entry(Generic[T]):
    """A task with its state. Only `Core`, `Slots` and `RunClock` write to it."""

    task: Task[T]
    priority: int
    timeout: float | None
    sequence: int
    state: TaskState
    awaited_inside: bool
    began: bool
    entered: bool
    preempted: bool
    resume_after: bool
    holds_slot: bool
    waits: int
    used: float

    __slots__ = (
        "asyncio_task",
        "awaited_inside",
        "began",
        "entered",
        "forced",
        "holds_slot",
        "interrupter",
        "outcome",
        "preempted",
        "priority",
        "regaining",
        "resume_after",
        "sequence",
        "since",
        "state",
        "task",
        "timeout",
        "used",
        "waiters",
        "waits",
    )

    def __init__(self, task: Task[T], priority: int, timeout: float | None, sequence: int) -> None:
        self.task = task
        self.priority = priority
        self.timeout = timeout
        self.sequence = sequence
        self.state = TaskState.QUEUED
        self.outcome: TaskOutcome[T] | None = None
        self.waiters: list[asyncio.Future[None]] | None = None
        self.awaited_inside = False
        self.entered = False
        # Of the present run:
        self.interrupter: Interrupter | None = None
        self.asyncio_task: RunTask | None = None
        self.began = False
        self.forced: Interruption | None = None
        self.preempted = False
        self.resume_after = False
        # Its slot, see Slots:
        self.holds_slot = False
        self.waits = 0
        self.regaining: asyncio.Future[None] | None = None
        # Its running time, see RunClock:
        self.used = 0.0
        self.since: float | None = None

    def asked_for(self, kind: Interruption) -> bool:
        """Whether the present run was asked for this kind or a stronger one."""
        requested = None if self.interrupter is None else self.interrupter.requested
        return requested is not None and STRENGTH[requested] >= STRENGTH[kind]

    async def change(self) -> None:
        """Wait until the task changes its state, or a request to it is withdrawn."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.waiters is None:
            self.waiters = []
        self.waiters.append(waiter)
        await waiter

    def wake(self) -> None:
        """End every `change` that waits."""
        waiters, self.waiters = self.waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)


class RunInterrupter(Interrupter):
    """The interrupter of one run; by it code further down finds the task that it works for."""

    __slots__ = ("entry", "owner")

    def __init__(self, entry: Entry[Any], owner: object) -> None:
        super().__init__()
        self.entry = entry
        self.owner = owner


class RunTask(asyncio.Task[None]):
    """The asyncio task of one run. It notes whether a cancel came from outside or from the run's own code.

    Both arrive as the same CancelledError. The first is the program around the system closing down; the second is the
    task's own doing (its timers and helper tasks included: their context is a copy of the run's).
    """

    run_interrupter: Interrupter | None = None
    cancelled_from_outside: bool = False

    def cancel(self, msg: Any = None) -> bool:
        if current_interrupter.get() is not self.run_interrupter:
            self.cancelled_from_outside = True
        return super().cancel(msg)


def calling_entry(owner: object) -> Entry[Any] | None:
    """The running task of `owner` for which the calling code works."""
    current = current_interrupter.get()
    if isinstance(current, RunInterrupter) and current.owner is owner and current.entry.interrupter is current:
        return current.entry
    return None
