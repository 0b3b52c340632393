"""Running time: how much a task has used, and when it has had its share."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

from spacedrive_jobs._model.clock import Clock, Timer
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._tasks.entry import Entry

T = TypeVar("T")

SHORTEST_SLEEP = 0.001


class Deadlines(Generic[T]):
    """For each item at most one moment; items are told apart by identity."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._live: dict[int, tuple[float, int, T]] = {}
        self._order = count()

    def set(self, item: T, moment: float) -> None:
        entry = (moment, next(self._order), item)
        self._live[id(item)] = entry
        heappush(self._heap, entry)
        self._drop_dead()

    def clear(self, item: T) -> None:
        self._live.pop(id(item), None)
        self._drop_dead()

    def first(self) -> float | None:
        """The earliest moment."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[T]:
        """Take out what is due at `now`, earliest first."""
        due: list[T] = []
        while self._heap and self._heap[0][0] <= now:
            item = heappop(self._heap)[2]
            del self._live[id(item)]
            due.append(item)
            self._drop_dead()
        return due

    def _drop_dead(self) -> None:
        """Keep the heap's first entry a live one."""
        while self._heap and self._live.get(id(self._heap[0][2])) is not self._heap[0]:
            heappop(self._heap)


class RunClock:
    """Measures entries that have a timeout while they run; asks them to stop, and after `grace` seconds makes them."""

    def __init__(self, clock: Clock, grace: float | None, abort: Callable[[Entry[Any], Interruption], None]) -> None:
        self._clock = clock
        self._grace = grace
        self._abort = abort
        self._deadlines: Deadlines[Entry[Any]] = Deadlines()
        self._timer: Timer | None = None

    def start(self, entry: Entry[Any]) -> None:
        """The entry runs from now on."""
        if entry.timeout is not None and entry.since is None:
            entry.since = self._clock.monotonic()
            self._deadlines.set(entry, entry.since + entry.timeout - entry.used)
            self._set_timer()

    def stop(self, entry: Entry[Any]) -> None:
        """The entry has stopped, or waits."""
        if entry.since is not None:
            entry.used += self._clock.monotonic() - entry.since
            entry.since = None
            self._deadlines.clear(entry)

    def check(self) -> None:
        """Act on what is due. Called by a timer of the clock."""
        now = self._clock.monotonic()
        for entry in self._deadlines.take_due(now):
            if entry.asked_for(Interruption.TIMEOUT):
                self._abort(entry, Interruption.TIMEOUT)
            elif entry.interrupter is not None:
                entry.interrupter.request(Interruption.TIMEOUT)
                if self._grace is not None:
                    self._deadlines.set(entry, now + self._grace)
        self._set_timer()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        self.close()
        if (first := self._deadlines.first()) is not None:
            self._timer = self._clock.call_later(max(SHORTEST_SLEEP, first - self._clock.monotonic()), self.check)
