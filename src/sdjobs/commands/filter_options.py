"""Jobs meant by a filter instead of by their ids, and the question before what cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

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


def filter_options(command: CommandT) -> CommandT:
    """--kind, --status and --all."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="All jobs that it can be done to."),
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


def meant(
    context: click.Context, ids: tuple[str, ...], kind: str | None, statuses: tuple[str, ...], everything: bool
) -> Meant:
    """Raises UsageError where neither or both are given."""
    chosen = bool(kind or statuses or everything)
    if chosen == bool(ids):
        raise click.UsageError("Name jobs by their IDs, or all at once by --kind, --status or --all.", ctx=context)
    if not chosen:
        return Meant(ids, None)
    return Meant((), JobFilter(kind=kind, statuses=tuple(JobStatus(status) for status in statuses)))


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
