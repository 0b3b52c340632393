"""`sdjobs queue show`, `pause` and `resume`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import click

from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from spacedrive_jobs import JobStatus, JobSystem


def parse_kind(text: str) -> str:
    """Not empty: that is what a variable gives that was not set, and would be taken for every kind."""
    if not text:
        raise click.BadParameter("the kind is empty: was a variable not set? Leave it out for all kinds.")
    return text


kind_argument = click.argument("kind", metavar="[KIND]", required=False, type=parse_kind)


@click.command()
@shared_options()
@click.pass_context
def show(context: click.Context) -> ExitCode:
    """Tell how many jobs wait and run, and what is paused."""
    return asyncio.run(_act(settings_of(context), None))


@click.command()
@kind_argument
@click.option("--reason", default="", metavar="TEXT", help="Shown with each job that waits for it.")
@shared_options()
@click.pass_context
def pause(context: click.Context, kind: str | None, reason: str) -> ExitCode:
    """Start no more jobs of KIND, or of any kind, until resumed. Over restarts."""
    return asyncio.run(_act(settings_of(context), lambda jobs: jobs.pause_queue(kind, reason=reason)))


@click.command()
@kind_argument
@shared_options()
@click.pass_context
def resume(context: click.Context, kind: str | None) -> ExitCode:
    """Start jobs of KIND again, or of all kinds but those that were paused by name."""
    return asyncio.run(_act(settings_of(context), lambda jobs: jobs.resume_queue(kind)))


async def _act(settings: Settings, act: Callable[[JobSystem], Awaitable[None]] | None) -> ExitCode:
    async with open_library(settings) as library:
        if act is not None:
            await act(library.jobs)
        paused = await library.jobs.paused_queues()
        counts = await library.jobs.counts()
    unfinished = {status.value: counts[status] for status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)}
    if settings.json:
        told = [{"kind": kind, "reason": reason} for kind, reason in paused.items()]
        settings.out.document({"jobs": unfinished, "paused": told})
        return ExitCode.DONE
    settings.out.line(", ".join(f"{count:,} {status}" for status, count in unfinished.items()))
    for kind, reason in paused.items():
        settings.out.line(reason)
        settings.out.line(f"  {settings.command('queue', 'resume', *([kind] if kind else []))}")
    if not paused:
        settings.out.line("Nothing is paused.")
    return ExitCode.DONE
