"""`sdjobs jobs logs`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import click

from sdjobs.commands.job_argument import job_argument
from sdjobs.commands.options import COUNT
from sdjobs.describe import log_json
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.signals import listening
from sdjobs.text import local_time
from spacedrive_jobs import JobId, JobSystem, LogLine

LOOK_AGAIN: Final = 0.5


@click.command()
@job_argument
@click.option("-f", "--follow", is_flag=True, help="Go on printing until the job ends.")
@click.option("--limit", type=COUNT, default=1000, show_default=True, help="The last so many lines.")
@shared_options()
@click.pass_context
def logs(context: click.Context, job: str, follow: bool, limit: int) -> ExitCode:
    """Print a job's log."""
    return asyncio.run(_logs(settings_of(context), job, follow, limit))


async def _logs(settings: Settings, job: str, follow: bool, limit: int) -> ExitCode:
    async with open_library(settings) as library:
        handle = await library.jobs.find(job)
        lines = await library.jobs.logs(handle.id, limit=limit)
        if follow:
            _print(settings, lines)
            return await _follow(settings, library.jobs, handle.id, lines, limit)
    if settings.json:
        settings.out.document({"lines": [log_json(line) for line in lines]})
    elif not lines:
        settings.err.line("This job has logged nothing.")
    else:
        _print(settings, lines)
    return ExitCode.DONE


async def _follow(settings: Settings, jobs: JobSystem, job: JobId, seen: list[LogLine], limit: int) -> ExitCode:
    stopped = asyncio.Event()

    def stop(_: signal.Signals) -> None:
        stopped.set()

    ended_before = False
    with listening(stop, patience=1):
        while not stopped.is_set() and not settings.out.closed:
            ended = (await jobs.info(job)).status.is_terminal
            lines = await jobs.logs(job, limit=limit)
            _print(settings, added(seen, lines))
            seen = lines
            if ended_before:
                return ExitCode.DONE
            ended_before = ended  # one look more: the log may be written a moment after the end
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), LOOK_AGAIN)
    return ExitCode.INTERRUPTED


def added(before: Sequence[LogLine], now: Sequence[LogLine]) -> Sequence[LogLine]:
    """The lines at the end of `now` that `before` had not yet; the oldest may have fallen off the front."""
    for start in range(len(before)):
        kept = before[start:]
        if len(kept) <= len(now) and list(now[: len(kept)]) == list(kept):
            return now[len(kept) :]
    return now


def _print(settings: Settings, lines: Sequence[LogLine]) -> None:
    for line in lines:
        if settings.json:
            settings.out.document(log_json(line))
        else:
            settings.out.line(f"{local_time(line.at)}  {line.message}")
