"""`sdjobs jobs place`."""

from __future__ import annotations

import asyncio

import click

from sdjobs.commands.job_argument import complete_job, find_all, jobs_argument
from sdjobs.describe import job_json
from sdjobs.exit_codes import ExitCode
from sdjobs.front import put_before_all
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import counted
from spacedrive_jobs import After, Before, JobId, JobSystem, Placement


@click.command()
@jobs_argument
@click.option("--before", metavar="ID", shell_complete=complete_job, help="Directly before this waiting job.")
@click.option("--after", metavar="ID", shell_complete=complete_job, help="Directly behind this waiting job.")
@click.option("--now", is_flag=True, help="Before all others, whatever their priority: what runs makes room.")
@click.option("--first", is_flag=True, help="Before all others of their priority.")
@click.option("--last", is_flag=True, help="Behind all others of their priority.")
@shared_options()
@click.pass_context
def place(
    context: click.Context,
    ids: tuple[str, ...],
    before: str | None,
    after: str | None,
    now: bool,
    first: bool,
    last: bool,
) -> ExitCode:
    """Put waiting jobs elsewhere in line, one behind the other as they are named: all of them, or none.

    Beside a job of another priority they take that priority on.
    """
    if not ids or sum(map(bool, (before, after, now, first, last))) != 1:
        how = "--before, --after, --now, --first and --last"
        raise click.UsageError(f"Name jobs by their IDs, and one of {how}.", ctx=context)
    try:
        return asyncio.run(_place(settings_of(context), ids, before, after, now=now, first=first))
    except ValueError as error:
        raise click.UsageError(f"{str(error).capitalize()}.", ctx=context) from error


async def _place(
    settings: Settings, ids: tuple[str, ...], before: str | None, after: str | None, *, now: bool, first: bool
) -> ExitCode:
    async with open_library(settings) as library:
        handles = await find_all(library.jobs, ids)
        jobs = [handle.id for handle in handles]
        if now:
            for handle in reversed(handles):
                await put_before_all(library.jobs, handle)
        else:
            await library.jobs.place(jobs, await _where(library.jobs, before, after, first=first))
        told = [(await library.jobs.info(job), await library.jobs.ahead(job)) for job in jobs]
    if settings.json:
        settings.out.document({"jobs": [{"job": job_json(info), "ahead": ahead} for info, ahead in told]})
    else:
        for info, ahead in told:
            settings.out.line(f"{info.id.short} {_words(ahead)}")
    return ExitCode.DONE


async def _where(jobs: JobSystem, before: str | None, after: str | None, *, first: bool) -> Placement:
    if before is not None:
        return Before(await _one(jobs, before))
    if after is not None:
        return After(await _one(jobs, after))
    return "first" if first else "last"


async def _one(jobs: JobSystem, text: str) -> JobId:
    return (await jobs.find(text)).id


def _words(ahead: int) -> str:
    return f"has {counted(ahead, 'job')} ahead of it" if ahead else "is first in line"
