"""`sdjobs index --watch`."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing

from sdjobs import clock
from sdjobs.describe import job_json
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.results import what_changed
from sdjobs.settings import Settings
from sdjobs.signals import listening
from spacedrive_jobs import JobError, JobHandle, JobInfo, JobSystem, Library
from spacedrive_ops import IndexerJob, IndexOutput, keep_indexed


async def watch(settings: Settings, job: IndexerJob) -> ExitCode:
    """Index, then whatever changes, until a signal comes."""
    stopped = asyncio.Event()

    def stop(_: signal.Signals) -> None:
        stopped.set()

    with listening(stop, patience=1):
        async with open_library(settings, runs="own", may_create=True) as library, asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(settings, library, job))
            stopping = group.create_task(stopped.wait())
            await asyncio.wait([watching, stopping], return_when=asyncio.FIRST_COMPLETED)
            watching.cancel()
            stopping.cancel()
    settings.err.line(f"{job.root} is no longer watched. What changes until the next run is found then.")
    return ExitCode.DONE


async def _watch(settings: Settings, library: Library, job: IndexerJob) -> None:
    settings.err.line(f"Watching {job.root}. Ctrl-C stops.")
    async with aclosing(keep_indexed(library, job, warn=settings.err.line)) as runs:
        async for run in runs:
            _tell(settings, await _ended(library.jobs, run))


async def _ended(jobs: JobSystem, run: JobHandle[IndexOutput]) -> JobInfo:
    try:
        await run.wait()
    except JobError:
        pass  # its status and error are in what is told
    return await jobs.info(run.id)


def _tell(settings: Settings, info: JobInfo) -> None:
    if settings.json:
        settings.out.document(job_json(info))
        return
    said = what_changed(info) or f"{info.status.value}: {info.error_message}"
    settings.out.line(f"{clock.now().astimezone():%H:%M:%S}  {said}")
