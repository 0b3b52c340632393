"""Ephemeral jobs: the whole engine, over a database that is thrown away when the process ends.

They have no rows in the library's own database, so nothing outlives the process and nobody else sees them; all else
(handles, progress, children, pause, retries) is the same code over another store.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from spacedrive_jobs._model.errors import ArgumentError
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._runtime import presence
from spacedrive_jobs._runtime.settings import Settings
from spacedrive_jobs._store import reads

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine

SUFFIX: Final = ".ephemeral"

Open: TypeAlias = Callable[[Path, Settings], AbstractAsyncContextManager[object, Any]]


class Ephemeral:
    """The second engine of a library: opened with the first ephemeral job, closed with the library."""

    def __init__(self, outer: Engine) -> None:
        self._outer = outer
        self.inner: Engine | None = None
        self.open_inner: Open = _not_open
        self._closing = asyncio.Event()
        self._opened: asyncio.Future[Engine] | None = None
        self._served: asyncio.Task[None] | None = None

    def wants(self, jobs: Sequence[object], *, in_transaction: bool) -> bool:
        """Whether these jobs are ephemeral. Raises ArgumentError where they are and what is asked needs rows."""
        found = {kind for job in jobs if (kind := self._kind_of(job)) is not None}
        if not found:
            return False
        kind = min(found)
        if any(self._kind_of(job) is None for job in jobs):
            raise ArgumentError(kind, "it is ephemeral: dispatch it apart from jobs that are stored")
        if in_transaction:
            raise ArgumentError(kind, "it is ephemeral: it has no row that a transaction could store")
        if self._outer.settings.runs == "none":
            advice = 'open the library with runs="own" or "all"'
            raise ArgumentError(kind, f"it is ephemeral, and this process runs no jobs: {advice}")
        return True

    def _kind_of(self, job: object) -> str | None:
        definition = self._outer.registry.definition_of(job)
        return definition.kind if definition.options.ephemeral else None

    async def engine(self) -> Engine:
        """The second engine, opened if it is not."""
        if self._opened is None:
            loop = asyncio.get_running_loop()
            self._opened = loop.create_future()
            self._served = loop.create_task(self._serve(self._opened))
        return await asyncio.shield(self._opened)

    async def home_of(self, job: JobId) -> Engine | None:
        """The second engine, if it has this job."""
        if self._opened is None or not self._opened.done() or self._opened.exception() is not None:
            return None
        inner = self._opened.result()
        row = await inner.store.read(lambda connection: reads.read_job(connection, job))
        return inner if row is not None else None

    async def close(self) -> None:
        """Its jobs get the library's grace; what does not end by then is gone."""
        self._closing.set()
        if self._served is not None:
            await self._served

    async def _serve(self, opened: asyncio.Future[Engine]) -> None:
        """Entering and leaving the second library belong to one task."""
        outer = self._outer
        folder = outer.run_folder / f"{outer.runner.hex()}{SUFFIX}"
        settings = replace(outer.settings, runs="all", durability="normal")
        try:
            async with self.open_inner(folder, settings):
                assert self.inner is not None
                opened.set_result(self.inner)
                await self._closing.wait()
        except Exception as error:
            if opened.done():
                outer.broken(error)  # as loudly as where its own store breaks
            else:
                opened.set_exception(error)
                self._opened = None
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _not_open(_folder: Path, _settings: Settings) -> Any:
    raise RuntimeError("the library is not open yet")


def sweep(run_folder: Path) -> None:
    """Remove what processes left that were killed. Blocking."""
    for folder in run_folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):
            if not lives(folder):
                shutil.rmtree(folder, ignore_errors=True)


def lives(folder: Path) -> bool:
    """By the lock of the engine inside, which nobody takes over; where it is not there yet, by that of its process."""
    inside = folder / "run"
    locks = [path for _, path in presence.runner_files(inside)] if inside.exists() else []
    owner = folder.with_name(folder.name.removesuffix(SUFFIX) + presence.RUNNER_SUFFIX)
    return any(map(presence.is_held, locks or [owner]))
