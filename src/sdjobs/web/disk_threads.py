"""Asking disks that may never answer, such as a network mount whose server is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

MOST: Final = 4
"""Threads at a time; who comes meanwhile waits for one. One that hangs is not free again before its disk answers."""
PATIENCE: Final = 5.0


class DiskThreads:
    """Daemon threads, so that one that hangs for good keeps no process from ending. On the event loop."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MOST)

    async def ask(self, run: Callable[[], T], *, patience: float = PATIENCE) -> T:
        """What a blocking function returns. Raises TimeoutError where the disk does not answer within `patience`, or
        those that were asked before do not, and what it raises."""
        async with asyncio.timeout(patience):
            await self._free.acquire()
            return await self._ask(run)

    async def _ask(self, run: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                result = run()
            except BaseException as error:  # belongs to the caller, whatever it is
                _deliver(loop, _fail, answer, error)
            else:
                _deliver(loop, _resolve, answer, result)
            finally:
                _deliver(loop, self._free.release)

        threading.Thread(target=work, name="page-disk", daemon=True).start()
        return await answer


def _deliver(loop: asyncio.AbstractEventLoop, how: Callable[..., None], *what: Any) -> None:
    try:
        loop.call_soon_threadsafe(how, *what)
    except RuntimeError:
        pass  # the loop was closed meanwhile: nobody waits any more


def _resolve(answer: asyncio.Future[Any], result: Any) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
