"""The task system, usable without a library: run, bound, prioritise, pause, cancel and time out async tasks.

    async with TaskSystem(slots=4) as system:
        handle = system.submit(MyTask(), priority=1, timeout=60)
        output = await handle.result()

A task is any object with `async def run(self, interrupter)`; it keeps in its attributes what a resumed run needs.
Blocking calls go to a ThreadPool, CPU-bound or fragile ones to a ChildPool. Nothing here survives its process: what
must, is a job.
"""

from __future__ import annotations

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._pool.child import Channel
from spacedrive_jobs._pool.process import (
    CallReturned,
    Child,
    ChildDied,
    ChildPool,
    ChildPoolClosed,
    ChildRaised,
    run_in_child,
)
from spacedrive_jobs._pool.stream import AsyncChannel
from spacedrive_jobs._pool.threads import ThreadPool, ThreadPoolClosed
from spacedrive_jobs._tasks.fanout import bounded_map
from spacedrive_jobs._tasks.interrupt import Interrupter, interrupt_requested, interruption_of
from spacedrive_jobs._tasks.system import TaskHandle, TaskState, TaskStopped, TaskSystem, TaskSystemClosed
from spacedrive_jobs._tasks.task import Cancelled, CancelledItself, Crashed, Done, Paused, Task, TaskOutcome

__all__ = [
    "TaskSystem",
    "TaskHandle",
    "Task",
    "TaskOutcome",
    "Done",
    "Paused",
    "Cancelled",
    "Crashed",
    "CancelledItself",
    "TaskState",
    "TaskStopped",
    "TaskSystemClosed",
    "Interrupter",
    "Interruption",
    "JobInterrupted",
    "interrupt_requested",
    "interruption_of",
    "bounded_map",
    "ThreadPool",
    "ThreadPoolClosed",
    "ChildPool",
    "ChildPoolClosed",
    "Child",
    "ChildDied",
    "ChildRaised",
    "CallReturned",
    "Channel",
    "AsyncChannel",
    "run_in_child",
]
