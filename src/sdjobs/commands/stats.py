"""`sdjobs stats`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import click
from click.core import ParameterSource

from sdjobs import clock
from sdjobs.commands.spans import parse_span
from sdjobs.describe import Json, moment_json
from sdjobs.describe_statistics import Spans, amount, rate, seconds, spans, statistics_json
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.views.choice import draws
from sdjobs.views.plot import bars, sparkline
from sdjobs.views.table import Cell, Column, Row, print_table
from spacedrive_jobs import JobStatistics, total_by_kind

COLUMNS: Final = (
    Column("KIND"),
    Column("JOBS", right=True),
    Column("FAILED", right=True),
    Column("WAIT P50", right=True),
    Column("P95", right=True),
    Column("RUN P50", right=True),
    Column("P95", right=True),
    Column("BYTES", right=True),
    Column("ITEMS/S", right=True),
)
WIDEST: Final = 64
"""Columns of the plot, at most."""


@click.command()
@click.option(
    "--since", type=parse_span, default="7d", show_default=True, metavar="SPAN", help="How far back: 24h, 7d, 30d."
)
@click.option("--kind", metavar="KIND", help="Only jobs of this kind.")
@click.option(
    "--prometheus",
    is_flag=True,
    help="Print all metrics of the library in Prometheus' text format, from its beginning.",
)
@shared_options()
@click.pass_context
def stats(context: click.Context, since: timedelta, kind: str | None, prometheus: bool) -> ExitCode:
    """Tell what the jobs that ended came to: how many, how long they waited and ran, how much they did.

    Jobs that have left the history still count.
    """
    settings = settings_of(context)
    if not prometheus:
        return asyncio.run(_stats(settings, since, kind))
    given = context.get_parameter_source("since") is not ParameterSource.DEFAULT
    if settings.json or given or kind is not None:
        raise click.UsageError("--prometheus prints all there is: leave out --since, --kind and --json.", ctx=context)
    return asyncio.run(_prometheus(settings))


async def _prometheus(settings: Settings) -> ExitCode:
    from sdjobs import metrics

    metrics.require_prometheus()
    async with open_library(settings) as library:
        settings.out.verbatim((await metrics.exposition(library.jobs)).decode())
    return ExitCode.DONE


async def _stats(settings: Settings, since: timedelta, kind: str | None) -> ExitCode:
    until = clock.now()
    start = until - since
    async with open_library(settings) as library:
        found = await library.jobs.statistics(since=start, kind=kind)
    kinds = total_by_kind(found)
    if settings.json:
        settings.out.document(_document(found, kinds, start, until))
    elif not found:
        settings.out.line("No job has ended in this time.")
    else:
        print_table(settings, COLUMNS, [_row(one) for one in kinds])
        settings.out.line()
        _plot(settings, spans(found, start, until))
    return ExitCode.DONE


def _document(found: Sequence[JobStatistics], kinds: Sequence[JobStatistics], since: datetime, until: datetime) -> Json:
    return {
        "since": moment_json(since),
        "until": moment_json(until),
        "kinds": [statistics_json(one) for one in kinds],
        "spans": [statistics_json(one) for one in found],
    }


def _row(one: JobStatistics) -> Row:
    return (
        Cell(one.kind, "bold"),
        Cell(f"{one.finished:,}"),
        Cell(f"{one.failed:,}", "bold red" if one.failed else ""),
        Cell(seconds(one.wait.quantile(0.5))),
        Cell(seconds(one.wait.quantile(0.95))),
        Cell(seconds(one.run.quantile(0.5))),
        Cell(seconds(one.run.quantile(0.95))),
        Cell(amount(one.bytes)),
        Cell(rate(one)),
    )


def _plot(settings: Settings, shown: Spans) -> None:
    """A bar for each hour, day or week; the newest ones, where not all have room."""
    columns = shown.columns[-WIDEST:]
    finished, failed = [one.finished for one in columns], [one.failed for one in columns]
    draws_unicode = settings.out.draws_unicode
    edge, line, corner = ("│", "─", "└") if draws_unicode else ("|", "-", "+")
    most = f"{max(finished):,}"
    settings.out.line(f"Jobs that ended, by the {shown.each}")
    for place, text in enumerate(bars(finished, draws_unicode=draws_unicode)):
        settings.out.line(f"{most if place == 0 else '':>{len(most)}} {edge}{text}")
    settings.out.line(f"{0:>{len(most)}} {corner}{line * len(columns)}")
    settings.out.line(f"{'':>{len(most)}}  {_ends(shown.each, columns[0].start, columns[-1].start, len(columns))}")
    if any(failed):
        _failed(settings, f"{'':>{len(most)}}  {sparkline(failed, draws_unicode=draws_unicode)}", sum(failed))


def _ends(each: str, first: datetime, last: datetime, width: int) -> str:
    """The times of the first and the last bar, below them."""
    form = "%d %b %H:%M" if each == "hour" else "%d %b"
    left, right = first.strftime(form), last.strftime(form)
    return f"{left}{right:>{max(width - len(left), len(right) + 3)}}"


def _failed(settings: Settings, line: str, count: int) -> None:
    text = f"{line} failed ({count:,})"
    if not draws(settings):
        settings.out.line(text)
        return
    from rich.text import Text

    from sdjobs.views.bar import terminal_console

    with settings.out.until_closed():
        terminal_console(settings.out).print(Text(text, "red"), soft_wrap=True)
