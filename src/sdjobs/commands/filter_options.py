"""Jobs meant by a filter instead of by their ids, and the question before what cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, TypeVar, Unpack

import click

from sdjobs import clock
from sdjobs.commands.spans import UNITS, parse_moment, parse_span
from sdjobs.exit_codes import ExitCode
from sdjobs.settings import Settings
from sdjobs.text import counted
from spacedrive_jobs import JobFilter, JobStatus

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

YES_OPTION = click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")


@dataclass(frozen=True, slots=True)
class Meant:
    """Either ids, or a filter."""

    ids: tuple[str, ...]
    filter: JobFilter | None


class Chosen(TypedDict):
    """What `jobs_argument` and `filter_options` give."""

    ids: tuple[str, ...]
    kind: str | None
    statuses: tuple[str, ...]
    text: str
    since: datetime | None
    everything: bool


def parse_since(text: str) -> datetime:
    """`7d`: so long ago; else a moment, as `parse_moment` takes it."""
    if text[:1].isdigit() and text[-1:].lower() in UNITS:
        return clock.now() - parse_span(text)
    return parse_moment(text)


def filter_options(command: CommandT) -> CommandT:
    """--kind, --status, --text, --since and --all."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="All jobs that it can be done to."),
        click.option(
            "--since",
            type=parse_since,
            metavar="TIME",
            help="All jobs dispatched since: so long ago (24h, 7d), or since 2026-12-24T18:00.",
        ),
        click.option(
            "--text", default="", metavar="TEXT", help="All jobs that say it in kind, arguments, reason or error."
        ),
        click.option(
            "--status",
            "statuses",
            multiple=True,
            type=click.Choice([status.value for status in JobStatus]),
            help="All jobs of this status; may be repeated.",
        ),
        click.option("--kind", metavar="KIND", help="All jobs of this kind."),
    ):
        command = option(command)
    return command


def meant(context: click.Context, **chosen: Unpack[Chosen]) -> Meant:
    """Raises UsageError where neither or both are given."""
    ids, kind, text, since = chosen["ids"], chosen["kind"], chosen["text"], chosen["since"]
    statuses = tuple(JobStatus(status) for status in chosen["statuses"])
    filtered = bool(kind or statuses or text or since or chosen["everything"])
    if filtered == bool(ids):
        how = "--kind, --status, --text, --since or --all"
        raise click.UsageError(f"Name jobs by their IDs, or all at once by {how}.", ctx=context)
    if not filtered:
        return Meant(ids, None)
    return Meant((), JobFilter(kind=kind, statuses=statuses, text=text, created_from=since))


def confirm(settings: Settings, question: str, yes: bool) -> None:
    """Ask a person at a terminal; who is not at one has said what is meant."""
    if not yes and not settings.json and settings.out.is_terminal and sys.stdin.isatty():
        click.confirm(question, abort=True)


def print_count(settings: Settings, count: int, done: str) -> ExitCode:
    if settings.json:
        settings.out.document({"count": count})
    else:
        settings.out.line(f"{counted(count, 'job')} {done}.")
    return ExitCode.DONE
