"""`sdjobs jobs watch`."""

from __future__ import annotations

import asyncio

import click

from sdjobs.commands.job_argument import complete_job
from sdjobs.exit_codes import ExitCode
from sdjobs.settings import settings_of, shared_options


@click.command()
@click.argument("job", metavar="[ID]", required=False, shell_complete=complete_job)
@shared_options()
@click.pass_context
def watch(context: click.Context, job: str | None) -> ExitCode:
    """Show a job live until it ends, or all unfinished jobs until Ctrl-C.

    Ctrl-C ends the watching and leaves the jobs alone. With ID the exit code tells how the job ended.
    """
    settings = settings_of(context)
    if job is not None:
        from sdjobs.watching import watch_one

        return asyncio.run(watch_one(settings, job))
    from sdjobs.watching import watch_all

    return asyncio.run(watch_all(settings))
