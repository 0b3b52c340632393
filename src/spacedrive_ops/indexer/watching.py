"""Keeping the index fresh: the folder is watched, and what changes is indexed soon after."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from spacedrive_jobs import JobError, JobHandle, Library
from spacedrive_jobs.tasks import ThreadPool
from spacedrive_ops.indexer.job import IndexerJob
from spacedrive_ops.indexer.model import IndexOutput
from spacedrive_ops.indexer.mounts import closed_places
from spacedrive_ops.indexer.notices import Notices
from spacedrive_ops.indexer.rules import Judge, Rules
from spacedrive_ops.whole_files.names import PARTIAL

MOST_FOLDERS: Final = 200
"""Where more have changed at once, the whole location is looked at."""
LOOK_EVERY: Final = 0.5
"""How often, in seconds, the watching thread looks whether it is to stop."""
SHARE: Final = 4.0
"""The pause after a run is this many times what the run took beyond SHORT_RUN seconds: a large folder that changes all
the time costs a fifth of a core."""
SHORT_RUN: Final = 0.5
LONGEST_PAUSE: Final = 60.0
UNWATCHED_EVERY: Final = timedelta(minutes=5)
"""How often a folder that cannot be watched is looked at."""
Changed = frozenset[Path] | None
"""The folders in which something has changed; None: it is not known where."""


async def keep_indexed(
    library: Library, job: IndexerJob, *, every: timedelta = timedelta(hours=1), warn: Callable[[str], None] = print
) -> AsyncGenerator[JobHandle[IndexOutput]]:
    """Dispatch `job`, then runs of the folders in it that have changed, until the generator is closed.

    Each run is yielded as it is dispatched; the next follows when it has ended and something has changed. All of the
    folder is looked at again after `every`, since a system may lose notices. A folder that cannot be watched is looked
    at every five minutes, and `warn` is told why; so is one whose disk is not there.

    Raises MissingExtra. The library must run jobs, here or in another process.
    """
    changed: Changed = None
    while True:
        async with _watched(job, library.path, warn) as changes:
            watched = True
            while watched:
                began = monotonic()
                handle = await library.jobs.dispatch(
                    job if changed is None else replace(job, only=tuple(sorted(changed)))
                )
                yield handle
                watched = await _is_online(handle) and changes.watches
                pause = min(SHARE * max(0.0, monotonic() - began - SHORT_RUN), LONGEST_PAUSE)
                await asyncio.sleep(pause)  # waits: for the machine to do something else
                changed = await changes.take((every if watched else min(every, UNWATCHED_EVERY)).total_seconds())
        changed = None


async def _is_online(run: JobHandle[IndexOutput]) -> bool:
    """When it has ended. A run that failed is no reason to stop: the next may not."""
    try:
        return not (await run.wait()).offline
    except JobError:
        return True


class _Changes:
    """What the watching thread has seen and nobody has taken yet."""

    def __init__(self) -> None:
        self.watches = True
        self._folders: set[bytes] = set()
        self._everything = False
        self._some = asyncio.Event()

    def add(self, folders: set[bytes] | None) -> None:
        if folders is None:
            self._everything = True
        else:  # the time of a folder itself is a row of the one above
            self._folders |= folders | {os.path.dirname(folder) for folder in folders}
        self._everything = self._everything or len(self._folders) > MOST_FOLDERS
        self._some.set()

    async def take(self, patience: float) -> Changed:
        """What has changed, as soon as something has; after so many seconds everything may have."""
        try:
            async with asyncio.timeout(patience):
                await self._some.wait()
        except TimeoutError:
            self._everything = True
        folders = None if self._everything else frozenset(Path(os.fsdecode(folder)) for folder in self._folders)
        self._folders.clear()
        self._everything = False
        self._some.clear()
        return folders


@asynccontextmanager
async def _watched(job: IndexerJob, library: Path, warn: Callable[[str], None]) -> AsyncGenerator[_Changes]:
    """Watch from now on; the notices come from a thread."""
    loop = asyncio.get_running_loop()
    changes, stop, ready = _Changes(), threading.Event(), loop.create_future()
    pool = ThreadPool(1, name="index-watch")

    def tell(folders: set[bytes] | None) -> None:
        loop.call_soon_threadsafe(changes.add, folders)

    def begun() -> None:
        loop.call_soon_threadsafe(ready.set_result, None)

    call = asyncio.wrap_future(pool.submit(_watch, job, library, stop, begun, tell))
    try:
        await asyncio.wait([call, ready], return_when=asyncio.FIRST_COMPLETED)
        if call.done() and (error := call.exception()) is not None:
            if not isinstance(error, OSError):
                raise error
            warn(f"{job.root} cannot be watched, and is looked at every five minutes instead: {_advice(error)}")
            changes.watches = False
        yield changes
    finally:
        stop.set()
        with suppress(Exception):
            await call
        pool.close()


def _watch(
    job: IndexerJob,
    library: Path,
    stop: threading.Event,
    begun: Callable[[], None],
    tell: Callable[[set[bytes] | None], None],
) -> None:
    root = os.fsencode(job.root)
    with Notices(root, _left_out(job, root, library)) as notices:
        begun()
        while not stop.is_set():
            if (changed := notices.read(LOOK_EVERY)) != set():
                tell(changed)


def _left_out(job: IndexerJob, root: bytes, library: Path) -> Callable[[bytes], bool]:
    """What is not indexed is not watched: above all the library itself, whose writes would be changes without end."""
    judge = Judge(Rules(job.hidden, job.development, job.system))
    own = os.path.join(root, os.path.relpath(os.path.realpath(os.fsencode(library)), os.path.realpath(root)))
    closed = closed_places(root, system=job.system)

    def leaves_out(path: bytes) -> bool:
        name = os.path.basename(path)
        return (
            path == own
            or path in closed
            or PARTIAL.fullmatch(name) is not None
            or judge.excludes_name(os.fsdecode(name))
        )

    return leaves_out


def _advice(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return (
            "the system lets a user watch no more folders; `sysctl fs.inotify.max_user_watches=1048576`, as root, "
            "allows a million"
        )
    return error.strerror or str(error)
