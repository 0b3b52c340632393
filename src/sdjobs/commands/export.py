"""`sdjobs export`."""

from __future__ import annotations

import asyncio

import click

from sdjobs.exit_codes import ExitCode
from sdjobs.exporting import WHAT
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.views.csv_lines import CsvLines


@click.command()
@click.argument("what", type=click.Choice(list(WHAT)), metavar="[jobs|history|items|statistics]", default="history")
@click.option(
    "--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True, help="One record a line."
)
@click.option("--kind", metavar="KIND", help="Only of jobs of this kind.")
@shared_options()
@click.pass_context
def export(context: click.Context, what: str, form: str, kind: str | None) -> ExitCode:
    """Write all that the library knows of its jobs to standard output, record by record.

    jobs: those that are unfinished. history (the default): those that ended. items: what became of every item of every
    job. statistics: the sums of each hour or day, also of jobs that have left the history.
    """
    settings = settings_of(context)
    if settings.json and form == "csv":
        raise click.UsageError("--json and --format csv are two formats: choose one.", ctx=context)
    return asyncio.run(_export(settings, what, form, kind))


async def _export(settings: Settings, what: str, form: str, kind: str | None) -> ExitCode:
    records, columns = WHAT[what]
    async with open_library(settings) as library:
        table = CsvLines(settings.out, columns) if form == "csv" else None
        async for record, flat in records(library.jobs, kind):
            if table is not None:
                table.record(flat)
            else:
                settings.out.document(record)
            if settings.out.closed:  # its reader has all that it wanted
                break
    return ExitCode.DONE
