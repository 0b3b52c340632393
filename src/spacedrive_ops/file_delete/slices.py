"""A walk in slices: a fraction of a second of blocking work at a time, whose results an interruption does not lose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from spacedrive_ops.file_delete.model import Event, Failure, Removed

LONGEST: Final = 0.1
"""Seconds of one slice."""


@dataclass(slots=True)
class Batch:
    """What one slice did. `ended`: there is no more to do."""

    removed: int = 0
    bytes: int = 0
    failures: list[Failure] = field(default_factory=list[Failure])
    ended: bool = False


class Slices:
    """Takes events from a walk. One thread at a time; `close` may come from another."""

    def __init__(self, events: Iterator[Event], interrupted: Callable[[], bool]) -> None:
        self._events, self._interrupted = events, interrupted
        self._batch = Batch()
        self._closed = False
        self._working = threading.Lock()

    def some(self) -> None:
        """Work for a moment, or until an interruption. What was done waits in `take`."""
        end = monotonic() + LONGEST
        with self._working:
            while not self._closed and monotonic() < end and not self._interrupted():
                event = next(self._events, None)
                if event is None:
                    self._batch.ended = True
                    break
                _add(self._batch, event)
            if self._closed:
                self._close_events()

    def take(self) -> Batch:
        batch, self._batch = self._batch, Batch()
        return batch

    def close(self) -> None:
        """Let go of the walk's open folders; by the thread that still works, if one does."""
        self._closed = True
        if self._working.acquire(blocking=False):
            self._close_events()
            self._working.release()

    def _close_events(self) -> None:
        close = getattr(self._events, "close", None)
        if close is not None:
            close()


def _add(batch: Batch, event: Event) -> None:
    match event:
        case Removed(freed):
            batch.removed += 1
            batch.bytes += freed
        case Failure():
            batch.failures.append(event)
