"""The walk's turns, taken from the process that walks. It is left behind where a disk does not answer."""

from __future__ import annotations

import asyncio
import marshal
import pickle
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final

from spacedrive_jobs import LibraryDb
from spacedrive_jobs.tasks import CallReturned, Child, ChildPool, ChildRaised
from spacedrive_ops.indexer import walker
from spacedrive_ops.indexer.rules import Rules
from spacedrive_ops.indexer.walk import Setting
from spacedrive_ops.library_index import entries
from spacedrive_ops.library_index.findings import PLAIN, Slice, unpacked

PATIENCE: Final = 60.0
"""Seconds that one folder may take to answer."""
FAREWELL: Final = 5.0
"""Seconds that the process has to end once it was killed; what hangs in the kernel ends when the kernel lets it go."""


class NoAnswer(Exception):
    """A folder did not answer."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        super().__init__(path)


class Turns:
    """`async with Turns(setting, rules, db, first_id)`, then `take` until it gives None.

    `first_id` is called once if there are new entries: they are numbered from there.
    """

    def __init__(
        self,
        setting: Setting,
        rules: Rules,
        db: LibraryDb,
        first_id: Callable[[], Awaitable[int]],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._setting, self._rules, self._db, self._patience = setting, rules, db, patience
        self._first_id = first_id
        self._pool = ChildPool(limit=1, warm=0)
        self._child: Child | None = None

    async def __aenter__(self) -> Turns:
        self._child = await self._pool.acquire()
        await self._child.begin(
            "spacedrive_ops.indexer.walker:serve", pickle.dumps((self._setting, self._rules, self._patience))
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child is not None
        self._pool.release(self._child)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._pool.close(0)

    async def take(self) -> Slice | None:
        """The next turn; None after the last. Questions on the way are answered.

        Raises NoAnswer, OSError where the root cannot be read, and ChildDied.
        """
        child = self._child
        assert child is not None
        try:
            while (message := await child.recv())[:1] != walker.SLICE:
                if message[:1] == walker.SILENT:
                    raise NoAnswer(message[1:])
                await child.send(await self._answer(message))
        except CallReturned:
            return None
        except ChildRaised as raised:
            if isinstance(error := raised.original(), OSError):
                raise error from raised
            raise
        return unpacked(message[1:])

    async def _answer(self, message: bytes) -> bytes:
        folders: list[int] = marshal.loads(message[1:])  # noqa: S302 - from our own child
        if message[:1] == walker.ASKS["folders"]:
            return marshal.dumps((await entries.read_folders(self._db, folders), {}, 0), PLAIN)
        if message[:1] == walker.ASKS["rows"]:
            return marshal.dumps(({}, await entries.read_children(self._db, folders), 0), PLAIN)
        return marshal.dumps(({}, {}, await self._first_id()), PLAIN)
