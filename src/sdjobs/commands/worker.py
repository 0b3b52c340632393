"""`sdjobs worker`."""

from __future__ import annotations

import asyncio
import os
import signal

import click

from sdjobs.describe import event_json, state_line
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.signals import listening
from spacedrive_jobs import JobEvent, JobStatus, JobSystem


@click.command()
@click.option("--slots", type=click.IntRange(min=1), help="How many jobs run at once.")
@shared_options()
@click.pass_context
def worker(context: click.Context, slots: int | None) -> ExitCode:
    """Run the jobs of the library until stopped.

    Ctrl-C or SIGTERM stops it: running jobs save where they are and are queued again. A second one does not wait for
    them. Code of your own is loaded with --import MODULE.
    """
    return asyncio.run(_work(settings_of(context), slots))


async def _work(settings: Settings, slots: int | None) -> ExitCode:
    stopped = asyncio.Event()

    def stop(_: signal.Signals) -> None:
        stopped.set()

    with listening(stop, patience=1):
        async with open_library(settings, runs="all", slots=slots, may_create=True) as library:
            _say(settings, f"Running the jobs of {library.path} (pid {os.getpid()}). Ctrl-C stops.", "ready")
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(_tell(library.jobs, settings))
                await stopped.wait()
                telling.cancel()
            _say(settings, "Stopping: running jobs are queued again.", "stopping")
    _say(settings, "Stopped.", "stopped")
    return ExitCode.DONE


async def _tell(jobs: JobSystem, settings: Settings) -> None:
    """A line for each job that runs already, then one for each change of a job's status."""
    changes = jobs.changes()
    told: set[int] = set()
    for info in (await jobs.list(statuses=[JobStatus.RUNNING])).rows:
        event = (await jobs.events(info.id))[-1]
        told.add(event.seq)
        _tell_one(event, settings)
    async for event in changes:
        if event.seq not in told:
            _tell_one(event, settings)


def _tell_one(event: JobEvent, settings: Settings) -> None:
    if settings.json:
        settings.out.document({"type": "status", **event_json(event)})
    else:
        settings.out.line(f"{event.job.short} {state_line(event.status, event.request, event.reason)}")


def _say(settings: Settings, text: str, state: str) -> None:
    if settings.json:
        settings.out.document({"type": state, "library": str(settings.library), "pid": os.getpid()})
    else:
        settings.out.line(text)
