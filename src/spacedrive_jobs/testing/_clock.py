"""A clock that is turned by hand."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Final

from spacedrive_jobs._model.clock import Timer, to_ms

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


class _ManualTimer:
    def __init__(self, fn: Callable[[], object]) -> None:
        self.fn: Callable[[], object] | None = fn

    def cancel(self) -> None:
        self.fn = None

    def call(self) -> None:
        if self.fn is not None:
            self.fn()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class ManualClock:
    """Stands still until `advance`, which moves wall and monotonic clock together; `set_wall` moves the first alone."""

    def __init__(self, start: datetime = START) -> None:
        self._wall_ms = to_ms(start)
        self._seconds = 0.0
        self._timers: list[tuple[float, int, _ManualTimer]] = []
        self._order = count()

    def now_ms(self) -> int:
        return self._wall_ms

    def monotonic(self) -> float:
        return self._seconds

    def call_later(self, delay: float, fn: Callable[[], object]) -> Timer:
        timer = _ManualTimer(fn)
        if delay <= 0 and (loop := _running_loop()) is not None:
            loop.call_soon(timer.call)  # it is due now, and nothing needs to pass
            return timer
        heapq.heappush(self._timers, (self._seconds + max(delay, 0.0), next(self._order), timer))
        return timer

    def set_wall(self, moment: datetime) -> None:
        """As an administrator, a time server or a dead battery sets it: to any time, at once."""
        self._wall_ms = to_ms(moment)

    async def advance(self, seconds: float) -> None:
        """Let time pass: each timer that becomes due is called at its own moment, in order."""
        until = self._seconds + seconds
        while self._timers and self._timers[0][0] <= until:
            moment, _, timer = heapq.heappop(self._timers)
            self._pass(max(0.0, moment - self._seconds))
            if timer.fn is not None:
                timer.fn()
                await asyncio.sleep(0)
        self._pass(until - self._seconds)
        await asyncio.sleep(0)

    def _pass(self, seconds: float) -> None:
        self._seconds += seconds
        self._wall_ms += round(seconds * 1000)
