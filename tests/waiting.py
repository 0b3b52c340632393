"""The one place where tests wait for something that gives no signal, such as another process.

Wait for what you want to see, never for time to pass: a sleep is too short on a busy machine and too long on any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T], *, within: float = 10.0, every: float = 0.005, what: str = "") -> T:
    """Call `probe` until it returns something true, and return that. Raises AssertionError after `within` seconds."""
    end = time.monotonic() + within
    while not (seen := probe()):
        if time.monotonic() > end:
            raise AssertionError(f"{what or 'it'} did not come about within {within} s; last seen: {seen!r}")
        time.sleep(every)  # noqa: TID251 - the pause between two looks
    return seen


async def aeventually(
    probe: Callable[[], Awaitable[T]], *, within: float = 10.0, every: float = 0.005, what: str = ""
) -> T:
    """`eventually` for a coroutine function."""
    end = time.monotonic() + within
    while not (seen := await probe()):
        if time.monotonic() > end:
            raise AssertionError(f"{what or 'it'} did not come about within {within} s; last seen: {seen!r}")
        await asyncio.sleep(every)  # waits: the pause between two looks
    return seen
