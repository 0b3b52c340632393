"""`sdjobs jobs list`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import click

from sdjobs import clock
from sdjobs.commands.filter_options import parse_since
from sdjobs.commands.options import COUNT, reading_cursor
from sdjobs.describe import amount, is_transfer, job_json, state_word, title, why
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library, runner_of_all
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import age, percent
from sdjobs.views.table import STATUS_STYLES, Cell, Column, Row, print_table
from spacedrive_jobs import JobInfo, JobStatus, JobSystem, Page

COLUMNS: Final = (
    Column("ID"),
    Column("STATUS"),
    Column("KIND"),
    Column("DONE", right=True),
    Column("AGE", right=True),
    Column("WHAT AND WHY"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which jobs, in which order. `after` is where a longer list was cut."""

    statuses: tuple[JobStatus, ...]
    kind: str | None
    text: str
    since: datetime | None
    in_line: bool
    failed_items: bool
    limit: int
    after: str | None

    @property
    def is_whole(self) -> bool:
        chosen = self.statuses or self.kind or self.text or self.since or self.in_line or self.failed_items
        return not (chosen or self.after)

    async def read(self, jobs: JobSystem) -> Page[JobInfo]:
        """Raises UsageError for a cursor that is none."""
        statuses = self.statuses or (JobStatus.QUEUED,)
        with reading_cursor(self.after):
            if self.in_line:
                return await jobs.waiting(
                    self.limit, statuses=statuses, kind=self.kind, text=self.text, after=self.after
                )
            return await jobs.list(
                statuses=self.statuses or None,
                kind=self.kind,
                text=self.text,
                created_from=self.since,
                limit=self.limit,
                after=self.after,
                failed_items=self.failed_items or None,
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
@click.option("--text", default="", metavar="TEXT", help="Only jobs that say it in kind, arguments, reason or error.")
@click.option(
    "--since",
    type=parse_since,
    metavar="TIME",
    help="Only jobs dispatched since: so long ago (24h, 7d), or since 2026-12-24T18:00.",
)
@click.option("--in-line", is_flag=True, help="What waits, in the order in which it starts.")
@click.option("--failed-items", is_flag=True, help="Only jobs some of whose items failed.")
@click.option("--limit", type=COUNT, default=20, show_default=True, help="At most so many.")
@click.option("--after", metavar="CURSOR", help="Go on where a longer list was cut.")
@shared_options()
@click.pass_context
def list_jobs(
    context: click.Context,
    statuses: tuple[str, ...],
    kind: str | None,
    text: str,
    since: datetime | None,
    in_line: bool,
    failed_items: bool,
    limit: int,
    after: str | None,
) -> ExitCode:
    """List jobs, the newest first."""
    chosen = tuple(JobStatus(status) for status in statuses)
    if in_line and not set(chosen) <= {JobStatus.QUEUED, JobStatus.PAUSED}:
        raise click.UsageError("In line is what is queued or paused.", ctx=context)
    if in_line and since is not None:
        raise click.UsageError("--in-line goes by the place in line, not by the time: leave out --since.", ctx=context)
    if in_line and failed_items:
        raise click.UsageError("--failed-items lists the newest first; it does not go with --in-line.", ctx=context)
    listing = Listing(chosen, kind, text, since, in_line, failed_items, limit, after)
    return asyncio.run(_list(settings_of(context), listing))


async def _list(settings: Settings, listing: Listing) -> ExitCode:
    async with open_library(settings) as library:
        page = await listing.read(library.jobs)
        attended = await runner_of_all(library.jobs) is not None
    if settings.json:
        settings.out.document({"jobs": [job_json(info) for info in page.rows], "next": page.next})
    elif not page.rows:
        settings.out.line("No jobs." if listing.is_whole else "No such jobs.")
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
