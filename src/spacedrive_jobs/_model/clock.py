"""The only file that reads the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

EARLIEST_MS: Final = -62_135_510_400_000
LATEST_MS: Final = 253_402_128_000_000
"""0001-01-02 and 9999-12-30: what is between them has a date in every time zone."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the engine asks of time. `testing.ManualClock` is the other implementation."""

    def now_ms(self) -> int:
        """Wall clock, in milliseconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for durations within one process."""
        ...

    def call_later(self, delay: float, fn: Callable[[], object]) -> Timer:
        """Call `fn` on the running event loop after `delay` seconds, unless cancelled."""
        ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def call_later(self, delay: float, fn: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(delay, fn)


async def sleep(clock: Clock, delay: float) -> None:
    """Return after `delay` seconds of `clock`."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not done.done():
            done.set_result(None)

    timer = clock.call_later(delay, wake)
    try:
        await done
    finally:
        timer.cancel()


def has_date(ms: int) -> bool:
    """Whether `to_datetime` can tell it, and any time zone show it."""
    return EARLIEST_MS <= ms <= LATEST_MS


def to_datetime(ms: int) -> datetime:
    """From stored milliseconds to an aware UTC datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """From an aware datetime to stored milliseconds. A naive one raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: pass an aware datetime, for example datetime.now(UTC)")
    return round(moment.timestamp() * 1000)
