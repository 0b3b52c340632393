"""`Library.backup`: the order of its steps."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

from spacedrive_jobs._model.errors import NoSpace
from spacedrive_jobs._runtime.engine import Engine
from spacedrive_jobs._runtime.transaction import refuse_inside
from spacedrive_jobs._store.hot_copy import CopyStopped, Snapshot, write_copies
from spacedrive_jobs._store.space import is_no_space


async def back_up(engine: Engine, target: str | os.PathLike[str]) -> None:
    """Copy the databases of an open library."""
    refuse_inside("a backup of the library")
    folder = await asyncio.to_thread(Path(target).absolute)
    jobs, rows = await engine.library_file.while_held(lambda: _snapshots(engine))
    stop = threading.Event()
    try:
        await asyncio.to_thread(_write, jobs, rows, folder, stop)
    except asyncio.CancelledError:
        stop.set()
        raise


def _snapshots(engine: Engine) -> tuple[Snapshot, Snapshot]:
    jobs = Snapshot(engine.store.path)
    try:
        return jobs, Snapshot(engine.library_file.path)
    except BaseException:
        jobs.close()
        raise


def _write(jobs: Snapshot, rows: Snapshot, folder: Path, stop: threading.Event) -> None:
    try:
        write_copies(jobs, rows, folder, stop)
    except CopyStopped:
        pass  # nobody waits for it
    except Exception as error:
        if is_no_space(error):
            raise NoSpace(folder) from error
        raise
