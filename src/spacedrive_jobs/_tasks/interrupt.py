"""A request to pause, cancel or stop, and how an error is told from an interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import cast

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._pool.interrupter import Interrupter, current_interrupter, interrupt_requested, strongest

__all__ = [
    "Interrupter",
    "current_interrupter",
    "interrupt_requested",
    "interruption_of",
    "is_cancellation",
    "strongest",
]


def interruption_of(error: BaseException) -> Interruption | None:
    """The interruption that `error` is, or None if it is an error of its own.

    An asyncio.TaskGroup wraps what its tasks raise in a BaseExceptionGroup. A group whose leaves are all JobInterrupted
    or CancelledError, with at least one JobInterrupted, is the strongest of these; any other leaf makes it an error.
    """
    leaves = list(_leaves(error))
    if not all(isinstance(leaf, (JobInterrupted, asyncio.CancelledError)) for leaf in leaves):
        return None
    return strongest(leaf.kind for leaf in leaves if isinstance(leaf, JobInterrupted))


def is_cancellation(error: BaseException) -> bool:
    """Whether `error` is asyncio's CancelledError, or a group of nothing else."""
    return all(isinstance(leaf, asyncio.CancelledError) for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    pending = [error]
    while pending:
        inner = pending.pop()
        if isinstance(inner, BaseExceptionGroup):
            pending.extend(cast("BaseExceptionGroup[BaseException]", inner).exceptions)
        else:
            yield inner
