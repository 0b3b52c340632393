"""The request to stop, as running code sees it: in the event loop, in a thread of the pool, in a child process."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

from spacedrive_jobs._model.interruption import STRENGTH, Interruption, JobInterrupted
from spacedrive_jobs._pool import child

T = TypeVar("T")
Listener: TypeAlias = Callable[[Interruption], None]

_log = logging.getLogger(__name__)

# One for all interrupters: it is taken when something is requested, never by code that runs undisturbed.
_lock = threading.Lock()


def strongest(kinds: Iterable[Interruption]) -> Interruption | None:
    """The kind that wins, or None of none."""
    return max(kinds, key=STRENGTH.__getitem__, default=None)


class Interrupter:
    """What one run of a task is asked to do. Thread-safe; reading `requested` costs an attribute.

    A request is level-triggered: once made, every `check` raises it, until the run ends or it is withdrawn. A request
    that was acted upon (raised, awaited, or answered with True by `interrupt_requested`) cannot be withdrawn.
    """

    __slots__ = ("_acted", "_listeners", "_wanted", "requested")

    def __init__(self) -> None:
        self.requested: Interruption | None = None
        self._wanted: tuple[Interruption, ...] = ()
        self._acted = False
        self._listeners: list[Listener] | None = None

    def request(self, kind: Interruption) -> None:
        """Ask to stop. The strongest kind so far is the one that counts; listeners hear of each strengthening."""
        with _lock:
            before = self.requested
            if kind not in self._wanted:
                self._wanted += (kind,)
            self.requested = after = strongest(self._wanted)
            listeners = tuple(self._listeners or ())
        if after is not None and after is not before:
            for listener in listeners:
                _tell(listener, after)

    def withdraw(self, kind: Interruption) -> bool:
        """Take a request back. False if it was not made, or if the run has acted upon a request already."""
        with _lock:
            if self._acted or kind not in self._wanted:
                return False
            self._wanted = tuple(other for other in self._wanted if other is not kind)
            self.requested = strongest(self._wanted)
            return True

    def check(self) -> None:
        """Raise JobInterrupted if the run was asked to stop."""
        if self.requested is not None and (kind := self.acknowledge()) is not None:
            raise JobInterrupted(kind)

    def acknowledge(self) -> Interruption | None:
        """What was requested; from now on it cannot be withdrawn. For code that stops without `check`."""
        with _lock:
            if self.requested is not None:
                self._acted = True
            return self.requested

    def add_listener(self, fn: Listener) -> None:
        """Call `fn(kind)` at each request that changes `requested`, at once if one is pending.

        It is called in the thread of whoever requests, so it must be quick and thread-safe.
        """
        with _lock:
            if self._listeners is None:
                self._listeners = []
            self._listeners.append(fn)
            pending = self.requested
        if pending is not None:
            _tell(fn, pending)

    def remove_listener(self, fn: Listener) -> None:
        """Undo `add_listener`; unknown listeners are ignored."""
        with _lock:
            if self._listeners and fn in self._listeners:
                self._listeners.remove(fn)

    async def wait(self) -> Interruption:
        """Wait until something is requested, and acknowledge it."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake(_: Interruption) -> None:
            loop.call_soon_threadsafe(woken.set)

        self.add_listener(wake)
        try:
            while (kind := self.acknowledge()) is None:
                await woken.wait()
                woken.clear()
            return kind
        finally:
            self.remove_listener(wake)

    async def guard(self, awaitable: Awaitable[T]) -> T:
        """Await `awaitable`; at a request cancel it, wait for its end, and raise JobInterrupted.

        For awaits that know nothing of interruption. What has a result by then gives it: the next check raises.
        """
        loop = asyncio.get_running_loop()
        work = loop.create_task(_plain(awaitable))
        request = loop.create_task(self.wait())
        try:
            await asyncio.wait((work, request), return_when=asyncio.FIRST_COMPLETED)
        finally:
            request.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait((work,))
        if work.cancelled() and request.done() and not request.cancelled():
            raise JobInterrupted(request.result())
        return work.result()


async def _plain(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _tell(listener: Listener, kind: Interruption) -> None:
    try:
        listener(kind)
    except Exception:
        _log.exception("a listener for interruptions failed; the request stands")


# Set in a child process of a ChildPool, where a call has no interrupter of its own.
_flag = child.flag_page()

current_interrupter: ContextVar[Interrupter | None] = ContextVar("spacedrive_jobs_interrupter", default=None)
"""The interrupter of the run for which the present code works. A thread of the pool gets its caller's."""


def interrupt_requested() -> bool:
    """Whether the work that this code belongs to was asked to stop; for long calls in threads and child processes.

    Costs well under a microsecond. After True, return soon: the request can no longer be taken back.
    """
    current = current_interrupter.get()
    if current is None:
        return _flag is not None and _flag[0] != 0
    return current.requested is not None and current.acknowledge() is not None


def requested_of_this_process() -> Interruption | None:
    """In a child process of a ChildPool: what its parent asked of the present call."""
    kind = child.requested_kind()
    return None if kind is None else Interruption(kind)
