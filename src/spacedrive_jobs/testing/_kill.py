"""A crash that is one: the job runs in a process of its own, which ends by SIGKILL."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from os import PathLike
from pathlib import Path
from typing import Any, Final

from spacedrive_jobs._definition.job import Job
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._runtime.library import Library

PROGRAM: Final = "import sys; from spacedrive_jobs.testing._kill import run_here; run_here(*sys.argv[1:])"
ENDED: Final = 3


async def run_and_kill(path: str | PathLike[str], job: Job[Any, Any], /, *, checkpoints: int = 1) -> JobId:
    """Dispatch a job, run it in another process, and kill that (SIGKILL) right after its n-th durable checkpoint.

    Then open the library and see how it goes on: its id is returned. The job's class or function must be importable by
    its module's name. Raises AssertionError if it ended before that checkpoint.
    """
    library_path = Path(path)
    module = registry.definition_of(job).module
    async with Library.open(library_path, create=True, runs="none") as library:
        handle = await library.jobs.dispatch(job)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(library_path), str(handle.id), module, str(checkpoints), env=environment
    )
    code = await process.wait()
    if code == ENDED:
        raise AssertionError(f"job {handle.id.short} ended before its checkpoint number {checkpoints}")
    if code != -signal.SIGKILL:
        raise AssertionError(f"the process that ran job {handle.id.short} ended with code {code}: see its output")
    return handle.id


def run_here(path: str, job: str, module: str, checkpoints: str) -> None:
    """The process that is killed."""
    importlib.import_module(module)
    left = int(checkpoints)

    def stored(_: str) -> None:
        nonlocal left
        left -= 1

    def committed(_: str) -> None:
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoint.arm("checkpoint.stored", stored)
    failpoint.arm("store.committed", committed)
    asyncio.run(_until_ended(path, JobId.parse(job)))
    sys.exit(ENDED)


async def _until_ended(path: str, job: JobId) -> None:
    async with Library.open(path) as library:
        async for _ in (await library.jobs.get(job)).subscribe():
            pass
