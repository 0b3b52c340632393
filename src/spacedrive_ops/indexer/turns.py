"""The walk's turns in a thread of its own, which is left behind where a disk does not answer."""

from __future__ import annotations

import asyncio
from time import monotonic
from types import TracebackType
from typing import Final

from spacedrive_jobs.tasks import ThreadPool
from spacedrive_ops.indexer.walk import Slice, Walk

PATIENCE: Final = 60.0
"""Seconds that one folder may take to answer."""
LOOK_EVERY: Final = 1.0


class NoAnswer(Exception):
    """A folder did not answer; the thread that waits for it is written off."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        super().__init__(path)


class Turns:
    """`async with Turns(walk)`, then one `take` after the other."""

    def __init__(self, walk: Walk, *, patience: float = PATIENCE) -> None:
        self._walk, self._patience = walk, patience
        self._pool = ThreadPool(1, name="index-walk")
        self._hangs = False

    async def __aenter__(self) -> Turns:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._hangs:
            await self._pool.run(self._walk.close)
        self._pool.close()

    async def take(self) -> Slice:
        """One turn. Raises NoAnswer, and OSError where the root cannot be read."""
        self._walk.look_at(self._walk.at)
        call = self._pool.submit(self._walk.step)
        turn = asyncio.wrap_future(call)
        while not turn.done():
            await asyncio.wait([turn], timeout=min(LOOK_EVERY, self._patience))
            if not turn.done() and monotonic() - self._walk.since > self._patience:
                self._hangs = True
                self._pool.write_off(call)
                turn.add_done_callback(lambda late: late.cancelled() or late.exception())
                raise NoAnswer(self._walk.at)
        return turn.result()
