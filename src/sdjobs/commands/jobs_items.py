"""`sdjobs jobs items`."""

from __future__ import annotations

import asyncio
from typing import Final, cast

import click

from sdjobs.commands.job_argument import job_argument
from sdjobs.commands.options import COUNT, reading_cursor
from sdjobs.describe import item_json
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.views.table import Cell, Column, print_table
from spacedrive_jobs import ItemInfo, ItemOutcome, Page

OUTCOMES: Final = ("ok", "skipped", "warning", "error")
STYLES: Final = {"ok": "green", "skipped": "dim", "warning": "yellow", "error": "bold red"}
COLUMNS: Final = (Column("OUTCOME"), Column("ITEM"), Column("REASON"))


@click.command()
@job_argument
@click.option(
    "--outcome", "outcomes", multiple=True, type=click.Choice(OUTCOMES), help="Only this outcome; may be repeated."
)
@click.option("--limit", type=COUNT, default=100, show_default=True, help="At most so many.")
@click.option("--after", metavar="CURSOR", help="Go on where a longer list was cut.")
@shared_options()
@click.pass_context
def items(context: click.Context, job: str, outcomes: tuple[str, ...], limit: int, after: str | None) -> ExitCode:
    """List what became of a job's items, page by page."""
    return asyncio.run(_items(settings_of(context), job, cast("tuple[ItemOutcome, ...]", outcomes), limit, after))


async def _items(
    settings: Settings, job: str, outcomes: tuple[ItemOutcome, ...], limit: int, after: str | None
) -> ExitCode:
    async with open_library(settings) as library:
        handle = await library.jobs.find(job)
        with reading_cursor(after):
            page = await library.jobs.items(handle.id, outcomes=outcomes or None, limit=limit, after=after)
    if settings.json:
        settings.out.document({"items": [item_json(item) for item in page.rows], "next": page.next})
    elif not page.rows:
        settings.out.line("No such items." if outcomes or after else "This job has recorded no items.")
    else:
        _print(settings, page)
    return ExitCode.DONE


def _print(settings: Settings, page: Page[ItemInfo]) -> None:
    rows = [(Cell(item.outcome, STYLES[item.outcome]), Cell(item.item), Cell(item.reason)) for item in page.rows]
    print_table(settings, COLUMNS, rows)
    if page.next is not None:
        settings.out.line(f"There are more: --after {page.next}")
