"""Child processes kept warm: each with its own process group, each called and killed alone."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, ParamSpec, TypeVar

from spacedrive_jobs._pool.child_process import KILL_GRACE, Child
from spacedrive_jobs._pool.failures import CallReturned, ChildDied, ChildRaised

__all__ = [
    "KILL_GRACE",
    "CallReturned",
    "Child",
    "ChildDied",
    "ChildPool",
    "ChildPoolClosed",
    "ChildRaised",
    "run_in_child",
]

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)

CORES: Final = os.cpu_count() or 1


class ChildPoolClosed(RuntimeError):
    """The pool was closed and starts nothing more."""

    def __init__(self) -> None:
        super().__init__("the pool of child processes is closed")


class ChildPool:
    """At most `limit` child processes (None: any number); `warm` of them wait ready for the next `acquire`.

    A child that has served goes back to wait, unless more than `keep` do or its call left threads or processes behind.
    `preload` names modules that each imports as it starts. An async context manager; for one event loop.
    """

    def __init__(
        self,
        *,
        limit: int | None = None,
        warm: int = 1,
        keep: int = CORES,
        preload: Sequence[str] = (),
        python: str = sys.executable,
    ) -> None:
        if limit is not None and limit < 1:
            raise ValueError(f"a pool of child processes needs at least one, not {limit}")
        self._limit = limit
        self._warm = warm
        self._keep = max(keep, warm)
        self._preload = tuple(preload)
        self._python = python
        self._all: set[Child] = set()
        self._idle: list[Child] = []
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._endings: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> ChildPool:
        self.warm_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def children(self) -> int:
        """How many live, idle ones included."""
        return len(self._all)

    @property
    def idle(self) -> int:
        return len(self._idle)

    def warm_up(self) -> None:
        """Start children until `warm` wait. Does not wait for them."""
        while not self._closed and len(self._idle) < self._warm and self._has_room():
            self._idle.insert(0, self._start())

    async def acquire(self) -> Child:
        """A child for any number of calls, one after another; `release` gives it back. Waits while `limit` are out."""
        while not self._closed:
            if self._idle:
                child = self._idle.pop()
                if len(self._idle) < self._warm:
                    asyncio.get_running_loop().call_soon(self.warm_up)
                return child
            if self._has_room():
                return self._start()
            await self._wait_for_room()
        raise ChildPoolClosed

    def release(self, child: Child) -> None:
        """Take a child back. One whose call still runs is killed, in the background."""
        if child in self._idle:
            return
        if not child.is_alive:
            child.drop()
            return
        if child.is_free and not self._closed and len(self._idle) < self._keep:
            self._idle.append(child)
            self._let_in()
        else:
            self._end(_finish(child))

    async def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a picklable function in a child; its result comes back, or its error is raised.

        If the waiter is cancelled, the child is killed. An interruption is only passed on: `interrupt_requested()`
        then is true in the child. Raises ChildDied if the child dies.
        """
        child = await self.acquire()
        try:
            return await child.run(fn, *args, **kwargs)
        finally:
            self.release(child)

    async def close(self, grace: float = KILL_GRACE) -> None:
        """End all children: idle ones by closing their pipe, the others as `Child.kill` does. Waits for their end."""
        self._closed = True
        self._let_in(all_of_them=True)
        for child in tuple(self._all):
            self._end(child.close(grace) if child.is_free else child.kill(grace))
        self._idle.clear()
        while self._endings:
            await asyncio.wait(tuple(self._endings))

    def _has_room(self) -> bool:
        return self._limit is None or len(self._all) < self._limit

    def _start(self) -> Child:
        child = Child(self._python, self._preload, self._forget)
        self._all.add(child)
        return child

    def _forget(self, child: Child) -> None:
        """The child has been reaped."""
        self._all.discard(child)
        if child in self._idle:
            self._idle.remove(child)
            child.drop()
            _log.warning("an idle child process ended by itself (pid %d)", child.pid)
        self._let_in()

    async def _wait_for_room(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._let_in()  # it was let in and does not come: the next one may
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _let_in(self, *, all_of_them: bool = False) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                if not all_of_them:
                    return

    def _end(self, ending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._endings.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a child process could not be ended", exc_info=error)


async def _finish(child: Child) -> None:
    """End a child to which nobody listens any more."""
    if not child.is_free:
        await child.kill(KILL_GRACE)
    await child.close(KILL_GRACE)


async def run_in_child(pool: ChildPool, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As `ChildPool.run`."""
    return await pool.run(fn, *args, **kwargs)
