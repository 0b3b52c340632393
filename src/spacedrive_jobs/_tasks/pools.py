"""The worker pool as the layers above may use it: through the task system."""

from __future__ import annotations

from spacedrive_jobs._pool.child import Channel
from spacedrive_jobs._pool.identity import holders_of, is_alive, is_same_process, kill_recorded_group, start_time
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

__all__ = [
    "AsyncChannel",
    "CallReturned",
    "Channel",
    "Child",
    "ChildDied",
    "ChildPool",
    "ChildPoolClosed",
    "ChildRaised",
    "ThreadPool",
    "ThreadPoolClosed",
    "holders_of",
    "is_alive",
    "is_same_process",
    "kill_recorded_group",
    "run_in_child",
    "start_time",
]
