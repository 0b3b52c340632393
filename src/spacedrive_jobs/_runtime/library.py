"""Library: a directory with its jobs, opened by an `async with`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, cast, final
from uuid import UUID

from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.errors import LibraryNotFound, LibraryNotWritable, NoSpace
from spacedrive_jobs._runtime.engine import Engine
from spacedrive_jobs._runtime.hot_copy import back_up
from spacedrive_jobs._runtime.library_db import LibraryDb
from spacedrive_jobs._runtime.presence import is_held, runner_files
from spacedrive_jobs._runtime.settings import GRACE, HISTORY_DAYS, LEASE, Runs, Settings, default_slots
from spacedrive_jobs._runtime.system import JobSystem
from spacedrive_jobs._store.connection import Durability
from spacedrive_jobs._store.filesystem import refuse_network
from spacedrive_jobs._store.rights import FOLDERS, is_denied
from spacedrive_jobs._store.space import is_no_space
from spacedrive_jobs._store.store import DATABASE, Store

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.blocking import BlockingLibrary
    from spacedrive_jobs._runtime.tracing import OpenTelemetry


@final
class Library:
    """Entered, never constructed: `async with Library.open(path) as library`."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path, self._engine = path, engine
        self._jobs = JobSystem(engine)

    @staticmethod
    def open(
        path: str | PathLike[str],
        *,
        create: bool = False,
        runs: Runs = "all",
        slots: int | None = None,
        durability: Durability = "full",
        lease: float = LEASE,
        grace: float = GRACE,
        history_days: float = HISTORY_DAYS,
        resources: Mapping[str, int] | None = None,
        telemetry: OpenTelemetry | None = None,
    ) -> AbstractAsyncContextManager[Library, None]:
        """Open a library; leaving the block shuts its jobs down, and they resume when it is opened again.

        `create`: make it if it is missing. `runs`: "all" claims every job that has a handler here, "own" only jobs that
        this handle dispatched or resumed, "none" none. `slots`: how many attempts run at once (default
        max(4, 2 × cores)). `durability="full"`: what returned survives a power cut; "normal" may lose the last second.
        `lease`: seconds after which a *stopped* process loses its jobs. `grace`: seconds that running jobs get at
        shutdown. `history_days`: how long ended jobs are kept. `resources`: what the library declares by name, such as
        {"license": 2}; it stands in for what is discovered under the same name. `telemetry`: spans and metrics of the
        jobs (`spacedrive_jobs.telemetry`).

        Raises LibraryNotFound, LibraryNotWritable, NotALibrary, LibraryTooNew, LibraryInUse,
        UnsupportedFileSystem, NoSpace, OSError.
        """
        settings = Settings(
            runs=runs,
            slots=default_slots() if slots is None else slots,
            durability=durability,
            lease=lease,
            grace=grace,
            history_days=history_days,
            resources=resources or {},
            telemetry=telemetry,
        )
        opening = open_library(Path(path), create=create, settings=settings)
        # contextlib types the exit as `bool | None`; this one never swallows what the block raised.
        return cast("AbstractAsyncContextManager[Library, None]", opening)

    @staticmethod
    def open_blocking(
        path: str | PathLike[str],
        *,
        create: bool = False,
        runs: Runs = "all",
        slots: int | None = None,
        durability: Durability = "full",
        lease: float = LEASE,
        grace: float = GRACE,
        history_days: float = HISTORY_DAYS,
        resources: Mapping[str, int] | None = None,
        telemetry: OpenTelemetry | None = None,
    ) -> AbstractContextManager[BlockingLibrary, None]:
        """As `open`, for programs without asyncio: `with Library.open_blocking(path) as library`."""
        from spacedrive_jobs._runtime.blocking import open_blocking_library

        opening = open_blocking_library(
            lambda: Library.open(
                path,
                create=create,
                runs=runs,
                slots=slots,
                durability=durability,
                lease=lease,
                grace=grace,
                history_days=history_days,
                resources=resources,
                telemetry=telemetry,
            )
        )
        return cast("AbstractContextManager[BlockingLibrary, None]", opening)

    @property
    def path(self) -> Path:
        """The library's folder, absolute."""
        return self._path

    @property
    def id(self) -> UUID:
        """Made with the library; a copy of its folder has the same."""
        return self._engine.store.library_id

    @property
    def jobs(self) -> JobSystem:
        return self._jobs

    @property
    def db(self) -> LibraryDb:
        """`library.db`: the application's own tables, in transactions that jobs can be dispatched in."""
        return self._engine.library_db

    async def backup(self, to: str | PathLike[str], /) -> None:
        """Copy `jobs.db` and `library.db` into a new folder `to`, while jobs run: both as they were at one moment.

        The folder appears whole or not at all, and is a library: opened, its queue is paused, since the original may
        run those jobs. Jobs that ran are unfinished in it, at their last checkpoint. Thumbnails and logs are files
        beside the databases and are not copied. Raises FileExistsError, NoSpace, OSError.
        """
        await back_up(self._engine, to)


@asynccontextmanager
async def open_library(
    path: Path, *, create: bool, settings: Settings, within: Engine | None = None
) -> AsyncGenerator[Library]:
    """`Library.open`, with settings that tests give. `within`: the library whose ephemeral jobs this one is for."""
    folder = await asyncio.to_thread(_absolute, path)
    store = Store(folder, settings.clock, durability=settings.durability, vfs=settings.vfs)
    await asyncio.to_thread(_prepare, folder, store, create)
    if settings.runs != "none":
        await asyncio.to_thread(registry.discover)
    engine = _built(folder, store, settings, within)
    library = Library(folder, engine)
    engine.open_library = lambda: library
    engine.ephemeral.open_inner = lambda inner, terms: open_library(inner, create=True, settings=terms, within=engine)
    engine.open_blocking_library = partial(_blocking, library, asyncio.get_running_loop())
    raised: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            await engine.start(group)
            try:
                yield library
            except Exception as error:  # the caller's own: not to be wrapped in the group's
                raised = error
            finally:
                await asyncio.shield(engine.close())
    except BaseExceptionGroup as failures:
        if len(failures.exceptions) == 1:
            raise failures.exceptions[0] from None
        raise
    if raised is not None:
        raise raised


def _blocking(library: Library, loop: asyncio.AbstractEventLoop) -> BlockingLibrary:
    """The same library for plain functions, which run in threads beside its loop."""
    from spacedrive_jobs._runtime.blocking import BlockingLibrary
    from spacedrive_jobs._runtime.loop_thread import LoopCaller

    return BlockingLibrary(LoopCaller(loop), library)


def _built(folder: Path, store: Store, settings: Settings, within: Engine | None) -> Engine:
    """Takes the runner's lock, which needs a few bytes of disk."""
    try:
        return Engine(folder, store, registry, settings, within)
    except OSError as error:
        store.close(patience=0)
        _raise_in_words(error, folder)
        raise


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _prepare(folder: Path, store: Store, create: bool) -> None:
    """Blocking: folders, file system, schema. Raises NoSpace where even these find none, LibraryNotWritable."""
    try:
        _make(folder, store, create)
    except Exception as error:
        _raise_in_words(error, folder)
        raise


def _raise_in_words(error: Exception, folder: Path) -> None:
    """Raise what `error` means where that is known; return where it is not."""
    if is_no_space(error):
        raise NoSpace(folder) from error
    if is_denied(error, folder):
        raise LibraryNotWritable(folder) from error


def _make(folder: Path, store: Store, create: bool) -> None:
    if not create and not (folder / DATABASE).exists():
        raise LibraryNotFound(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_network(folder)
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    store.open(create=create, holders=lambda: _holders(folder / "run"))


def _holders(run_folder: Path) -> tuple[str, ...]:
    """Other processes that have the library open, for people."""
    alive = [runner for runner, path in runner_files(run_folder) if is_held(path)]
    return tuple(f"another process (runner {runner.hex()[:8]})" for runner in alive)
