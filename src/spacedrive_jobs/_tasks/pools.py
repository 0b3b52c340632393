"""The worker pool as the layers above may use it: through the task system."""

from __future__ import annotations

from spacedrive_jobs._pool.process import CallReturned, Child, ChildDied, ChildPool, ChildRaised
from spacedrive_jobs._pool.threads import ThreadPool, ThreadPoolClosed

__all__ = ["CallReturned", "Child", "ChildDied", "ChildPool", "ChildRaised", "ThreadPool", "ThreadPoolClosed"]
