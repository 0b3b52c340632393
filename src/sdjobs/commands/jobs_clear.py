"""`sdjobs jobs clear`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Unpack

import click

from sdjobs import clock
from sdjobs.commands.filter_options import YES_OPTION, Chosen, confirm, filter_options, meant, print_count
from sdjobs.commands.job_argument import find_all, jobs_argument
from sdjobs.commands.spans import parse_span
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from spacedrive_jobs import JobFilter


@click.command()
@jobs_argument
@filter_options
@click.option("--older-than", type=parse_span, metavar="SPAN", help="Only jobs dispatched before this: 7d, 12h.")
@YES_OPTION
@shared_options()
@click.pass_context
def clear(context: click.Context, older_than: timedelta | None, yes: bool, **chosen: Unpack[Chosen]) -> ExitCode:
    """Delete ended jobs from the history now, with their items, warnings and logs.

    Without it they go by themselves, after 30 days.
    """
    settings = settings_of(context)
    chosen["everything"] = chosen["everything"] or older_than is not None
    wanted = meant(context, **chosen)
    confirm(settings, "Delete these jobs from the history?", yes)
    before = clock.now() - older_than if older_than is not None else None
    return print_count(settings, asyncio.run(_clear(settings, context, wanted.ids, wanted.filter, before)), "deleted")


async def _clear(
    settings: Settings,
    context: click.Context,
    ids: tuple[str, ...],
    chosen: JobFilter | None,
    before: datetime | None,
) -> int:
    async with open_library(settings) as library:
        if chosen is None:
            found = await find_all(library.jobs, ids)
            wanted = JobFilter(ids=[handle.id for handle in found])
        else:
            wanted = replace(chosen, created_before=before)
        try:
            return await library.jobs.clear(wanted)
        except ValueError as error:
            raise click.UsageError(f"{str(error).capitalize()}.", ctx=context) from error
