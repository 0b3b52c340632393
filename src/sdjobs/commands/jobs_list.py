"""`sdjobs jobs list`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import click

from sdjobs import clock
from sdjobs.describe import amount, is_transfer, job_json, state_word, title, why
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library, runner_of_all
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import age, percent
from sdjobs.views.table import STATUS_STYLES, Cell, Column, Row, print_table
from spacedrive_jobs import JobInfo, JobStatus, Page

COLUMNS: Final = (
    Column("ID"),
    Column("STATUS"),
    Column("KIND"),
    Column("DONE", right=True),
    Column("AGE", right=True),
    Column("WHAT AND WHY"),
)


@click.command("list")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in JobStatus]),
    help="Only jobs of this status; may be repeated.",
)
@click.option("--kind", metavar="KIND", help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@click.option("--after", metavar="CURSOR", help="Go on where a longer list was cut.")
@shared_options()
@click.pass_context
def list_jobs(
    context: click.Context, statuses: tuple[str, ...], kind: str | None, limit: int, after: str | None
) -> ExitCode:
    """List jobs, the newest first."""
    return asyncio.run(_list(settings_of(context), statuses, kind, limit, after))


async def _list(
    settings: Settings, statuses: tuple[str, ...], kind: str | None, limit: int, after: str | None
) -> ExitCode:
    chosen = {JobStatus(status) for status in statuses} or None
    async with open_library(settings) as library:
        page = await library.jobs.list(statuses=chosen, kind=kind, limit=limit, after=after)
        attended = await runner_of_all(library.jobs) is not None
    if settings.json:
        settings.out.document({"jobs": [job_json(info) for info in page.rows], "next": page.next})
    elif not page.rows:
        settings.out.line("No jobs." if not (statuses or kind or after) else "No such jobs.")
    else:
        _print(settings, page, attended)
    return ExitCode.DONE


def _print(settings: Settings, page: Page[JobInfo], attended: bool) -> None:
    present = clock.now()
    print_table(settings, COLUMNS, [_row(info, age(info.created_at, present), attended) for info in page.rows])
    if page.next is not None:
        settings.out.line(f"There are more: --after {page.next}")


def _row(info: JobInfo, old: str, attended: bool) -> Row:
    word = state_word(info.status, info.request)
    return (
        Cell(info.id.short, "bold"),
        Cell(word, STATUS_STYLES[word]),
        Cell(info.kind),
        Cell(_done(info)),
        Cell(old),
        Cell(_what_and_why(info, attended)),
    )


def _done(info: JobInfo) -> str:
    """The part that is done, or in the end how much it was."""
    view = info.view
    if info.status is JobStatus.COMPLETED:
        return amount(replace(view, bytes_total=None, items_total=None))
    return percent(view.fraction) if view.fraction is not None else amount(view)


def _what_and_why(info: JobInfo, attended: bool) -> str:
    """The reason first, because the end of the line may be cut off."""
    so_far = amount(info.view) if info.status is JobStatus.RUNNING and info.view.fraction is not None else ""
    return "; ".join(filter(None, [why(info, attended=attended), so_far, title(info) if is_transfer(info) else ""]))
