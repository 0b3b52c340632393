"""Daemon threads that run blocking calls: grown on demand, reused, and counted out when a call never returns."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from itertools import count
from types import CoroutineType
from typing import Any, Final, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_numbers: Final = count(1)


class ThreadPoolClosed(RuntimeError):
    """The pool was closed and starts nothing more."""


class _Delivery(Protocol):
    """Where the end of a call goes. Both run in the thread of the pool."""

    def begin(self) -> bool:
        """Whether the call is still wanted."""
        ...

    def end(self, result: Any, error: BaseException | None) -> None: ...


class _Call:
    """One call: made by the caller, run by a worker."""

    __slots__ = ("args", "context", "delivery", "fn", "kwargs", "worker")

    def __init__(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], delivery: _Delivery
    ) -> None:
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.context = contextvars.copy_context()
        self.delivery = delivery
        self.worker: _Worker | None = None

    def run(self) -> None:
        if not self.delivery.begin():
            return
        result: Any = None
        error: BaseException | None = None
        try:
            result = self.context.run(self.fn, *self.args, **self.kwargs)
            if type(result) is CoroutineType:
                result.close()
                raise TypeError(f"{self.fn!r} is a coroutine function: await it instead of running it in a thread")
        except StopIteration as stop:
            # Neither a future nor a coroutine can carry a StopIteration.
            error = RuntimeError("the call raised StopIteration")
            error.__cause__ = stop
        except BaseException as raised:
            error = raised
        try:
            self.delivery.end(result, error)
        finally:
            # The frame of `error` refers to this frame: leave no cycle behind.
            del result, error


class _Next(Enum):
    GO_ON = "it has its next call"
    WAIT = "it is idle"
    END = "it is not needed any more"


class _Worker:
    """One thread. It waits on a lock of its own: so the last to finish, with warm caches, is first to go on."""

    __slots__ = ("call", "pool", "wake", "written_off")

    def __init__(self, pool: ThreadPool, call: _Call) -> None:
        self.pool = pool
        self.call: _Call | None = call
        self.wake = threading.Lock()
        self.wake.acquire()
        self.written_off = False
        call.worker = self
        threading.Thread(target=self.work, name=f"{pool.name}-{next(_numbers)}", daemon=True).start()

    def work(self) -> None:
        while self.call is not None:
            self.call.run()
            match self.pool._next(self):  # pyright: ignore[reportPrivateUsage]
                case _Next.GO_ON:
                    pass
                case _Next.WAIT:
                    self.wake.acquire()
                case _Next.END:
                    return


class ThreadPool:
    """At most `limit` threads. Thread-safe.

    Threads are daemons: one that is stuck never keeps the program from ending.
    """

    def __init__(self, limit: int, *, name: str = "spacedrive-jobs") -> None:
        if limit < 1:
            raise ValueError(f"a thread pool needs at least one thread, not {limit}")
        self.limit = limit
        self.name = name
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._waiting: deque[_Call] = deque()
        self._threads = 0
        self._stuck = 0
        self._closed = False
        self._calls: dict[Future[Any], _Call] = {}

    @property
    def threads(self) -> int:
        """How many threads count against the limit."""
        return self._threads

    @property
    def busy(self) -> int:
        """How many of them are in a call."""
        with self._lock:
            return self._threads - len(self._idle)

    @property
    def stuck(self) -> int:
        """How many were written off and are still in their call."""
        return self._stuck

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` in a thread, in a copy of the caller's context. A call not yet begun can be cancelled."""
        future: Future[T] = Future()
        call = _Call(fn, args, kwargs, _ToFuture(self, future))
        self._calls[future] = call
        self._put(call)
        return future

    async def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `submit`, awaited. If the waiter is cancelled, a call that has begun runs on and its result is dropped."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Call(fn, args, kwargs, _ToLoop(loop, future)))
        return await future

    def write_off(self, future: Future[Any]) -> bool:
        """Count the thread that is stuck in this call out, so that another may take its place.

        The future still ends when the call does. False if the call is not running.
        """
        with self._lock:
            call = self._calls.get(future)
            worker = None if call is None else call.worker
            if worker is None or worker.written_off:
                return False
            worker.written_off = True
            self._threads -= 1
            self._stuck += 1
            if self._waiting:
                self._grow(self._waiting.popleft())
            return True

    def close(self) -> None:
        """Start nothing more, cancel what waits, let idle threads end. Does not wait for calls that run."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
            for worker in self._idle:
                worker.wake.release()
            self._threads -= len(self._idle)
            self._idle.clear()
        for call in waiting:
            call.delivery.end(None, ThreadPoolClosed("the thread pool was closed before the call began"))

    def _put(self, call: _Call) -> None:
        with self._lock:
            if self._closed:
                raise ThreadPoolClosed("the thread pool is closed")
            if self._idle:
                worker = self._idle.pop()
                call.worker = worker
                worker.call = call
                worker.wake.release()
            elif self._threads < self.limit:
                self._grow(call)
            else:
                self._waiting.append(call)

    def _grow(self, call: _Call) -> None:
        try:
            _Worker(self, call)
        except RuntimeError:
            # The system gives no more threads: make do with those there are.
            call.worker = None
            if not self._threads:
                raise
            self._waiting.append(call)
        else:
            self._threads += 1

    def _next(self, worker: _Worker) -> _Next:
        """For a worker that has finished. All is set under the lock: once idle, it may be given a call at once."""
        with self._lock:
            if worker.call is not None:
                worker.call.worker = None
            worker.call = None
            if worker.written_off:
                self._stuck -= 1
                return _Next.END
            if self._waiting:
                worker.call = self._waiting.popleft()
                worker.call.worker = worker
                return _Next.GO_ON
            if self._closed:
                self._threads -= 1
                return _Next.END
            self._idle.append(worker)
            return _Next.WAIT

    def _forget(self, future: Future[Any]) -> None:
        self._calls.pop(future, None)


class _ToFuture:
    __slots__ = ("future", "pool")

    def __init__(self, pool: ThreadPool, future: Future[Any]) -> None:
        self.pool = pool
        self.future = future

    def begin(self) -> bool:
        if self.future.set_running_or_notify_cancel():
            return True
        self.pool._forget(self.future)  # pyright: ignore[reportPrivateUsage]
        return False

    def end(self, result: Any, error: BaseException | None) -> None:
        self.pool._forget(self.future)  # pyright: ignore[reportPrivateUsage]
        if error is None:
            self.future.set_result(result)
        elif self.future.running() or self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


class _ToLoop:
    __slots__ = ("future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]) -> None:
        self.loop = loop
        self.future = future

    def begin(self) -> bool:
        return not self.future.cancelled()

    def end(self, result: Any, error: BaseException | None) -> None:
        try:
            self.loop.call_soon_threadsafe(_deliver, self.future, result, error)
        except RuntimeError:
            pass  # the loop is closed: nobody waits


def _deliver(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
