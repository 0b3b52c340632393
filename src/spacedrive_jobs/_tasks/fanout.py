"""A bounded number of calls at once over any number of items."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from spacedrive_jobs._model.interruption import JobInterrupted
from spacedrive_jobs._tasks.interrupt import Interrupter, interruption_of, strongest

T = TypeVar("T")
R = TypeVar("R")


async def bounded_map(
    call: Callable[[T], Awaitable[R]], items: Iterable[T], /, *, limit: int, interrupter: Interrupter | None = None
) -> list[R]:
    """Await `call(item)` for each item, at most `limit` at once, and return the results in order.

    Items are drawn on the event loop as calls start. The first error stops the drawing; it is raised as it was once
    the calls in flight have ended. So is an interruption: a bare JobInterrupted, unless everything was drawn already
    (then the results are returned, and the caller's next check raises) or a call failed otherwise.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if interrupter is not None:
        interrupter.check()
    fan = _FanOut(call, items, interrupter)
    calls = fan.open(limit)
    if calls:
        try:
            await asyncio.wait(calls)
        except asyncio.CancelledError:
            for one in calls:
                one.cancel()
            await asyncio.wait(calls)
            raise
    return fan.collect()


class _FanOut(Generic[T, R]):
    def __init__(self, call: Callable[[T], Awaitable[R]], items: Iterable[T], interrupter: Interrupter | None) -> None:
        self._call = call
        self._items = enumerate(items)
        self._interrupter = interrupter
        self._exhausted = False
        self._errors: list[BaseException] = []
        self._results: dict[int, R] = {}

    def open(self, limit: int) -> list[asyncio.Task[None]]:
        """Start up to `limit` workers, each with an item of its own; no more than there are items."""
        loop = asyncio.get_running_loop()
        workers: list[asyncio.Task[None]] = []
        while len(workers) < limit and (drawn := self._draw()) is not None:
            workers.append(loop.create_task(self._work(*drawn)))
        return workers

    def collect(self) -> list[R]:
        failures = [error for error in self._errors if interruption_of(error) is None]
        if failures:
            raise failures[0]
        kind = strongest(kind for error in self._errors if (kind := interruption_of(error)) is not None)
        if kind is not None:
            raise JobInterrupted(kind)
        if not self._exhausted and self._interrupter is not None:
            self._interrupter.check()
        return [self._results[index] for index in range(len(self._results))]

    async def _work(self, index: int, item: T) -> None:
        while True:
            try:
                self._results[index] = await self._call(item)
            except BaseException as error:
                self._errors.append(error)
                return
            drawn = self._draw()
            if drawn is None:
                return
            index, item = drawn

    def _draw(self) -> tuple[int, T] | None:
        if self._errors or self._exhausted:
            return None
        if self._interrupter is not None and self._interrupter.acknowledge() is not None:
            return None
        try:
            return next(self._items)
        except StopIteration:
            self._exhausted = True
        except BaseException as error:
            self._errors.append(error)
        return None
