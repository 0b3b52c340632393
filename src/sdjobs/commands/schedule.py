"""`sdjobs schedule list`, `show`, `pause`, `resume`, `run` and `remove`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Final, TypeAlias

import click

from sdjobs.describe import Json, moment_json
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library
from sdjobs.schedule_words import became, next_run
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import local_time
from sdjobs.views.table import Cell, Column, print_table
from spacedrive_jobs import Schedule, ScheduleInfo, ScheduleRun

COLUMNS: Final = (Column("ID"), Column("NEXT RUN"), Column("KIND"), Column("RULE"))
NEXT_RUNS: Final = 5
PAST_RUNS: Final = 10

schedule_argument = click.argument("id", metavar="ID")


@click.command("list")
@shared_options()
@click.pass_context
def list_schedules(context: click.Context) -> ExitCode:
    """List the schedules, with their next runs."""
    return asyncio.run(_list(settings_of(context)))


async def _list(settings: Settings) -> ExitCode:
    async with open_library(settings) as library:
        found = await library.jobs.schedules()
    if settings.json:
        settings.out.document({"schedules": [schedule_json(info) for info in found]})
    elif not found:
        settings.out.line("No schedules.")
    else:
        print_table(settings, COLUMNS, [_row(info) for info in found])
    return ExitCode.DONE


def _row(info: ScheduleInfo) -> tuple[Cell, ...]:
    return (Cell(info.id, "bold"), Cell(next_run(info)), Cell(info.kind), Cell(info.rule))


@click.command()
@schedule_argument
@shared_options()
@click.pass_context
def show(context: click.Context, id: str) -> ExitCode:
    """Tell all about a schedule: its rule, its next runs, and what became of the last ones."""
    return asyncio.run(_show(settings_of(context), id))


async def _show(settings: Settings, id_: str) -> ExitCode:
    async with open_library(settings) as library:
        schedule = library.jobs.get_schedule(id_)
        info = await schedule.info()
        print_schedule(settings, info, await schedule.next_runs(NEXT_RUNS), await schedule.runs(PAST_RUNS))
    return ExitCode.DONE


@click.command()
@schedule_argument
@shared_options()
@click.pass_context
def pause(context: click.Context, id: str) -> ExitCode:
    """Let a schedule rest. What it dispatched goes on."""
    return asyncio.run(_do(settings_of(context), id, lambda schedule: schedule.pause(), "is paused"))


@click.command()
@schedule_argument
@shared_options()
@click.pass_context
def resume(context: click.Context, id: str) -> ExitCode:
    """Go on with a schedule's next time; those that passed meanwhile are not made up for."""
    return asyncio.run(_do(settings_of(context), id, lambda schedule: schedule.resume(), "goes on"))


@click.command()
@schedule_argument
@shared_options()
@click.pass_context
def remove(context: click.Context, id: str) -> ExitCode:
    """Remove a schedule. Its jobs stay."""
    return asyncio.run(_do(settings_of(context), id, lambda schedule: schedule.remove(), "is removed"))


@click.command("run")
@schedule_argument
@shared_options()
@click.pass_context
def run_now(context: click.Context, id: str) -> ExitCode:
    """Dispatch a schedule's job now, beside its times."""
    return asyncio.run(_run_now(settings_of(context), id))


async def _run_now(settings: Settings, id_: str) -> ExitCode:
    async with open_library(settings) as library:
        handle = await library.jobs.get_schedule(id_).run_now()
    if settings.json:
        settings.out.document({"id": str(handle.id), "short_id": handle.id.short})
    else:
        settings.out.line(handle.id.short)
    return ExitCode.DONE


Verb: TypeAlias = Callable[[Schedule[object]], Awaitable[None]]


async def _do(settings: Settings, id_: str, verb: Verb, done: str) -> ExitCode:
    async with open_library(settings) as library:
        await verb(library.jobs.get_schedule(id_))
    if settings.json:
        settings.out.document({"id": id_, "done": done})
    else:
        settings.out.line(f"{id_} {done}")
    return ExitCode.DONE


def print_schedule(settings: Settings, info: ScheduleInfo, following: list[datetime], past: list[ScheduleRun]) -> None:
    if settings.json:
        document = schedule_json(info)
        document["next_runs"] = [moment_json(moment) for moment in following]
        document["runs"] = [run_json(run) for run in past]
        settings.out.document(document)
        return
    for line in _lines(info, following, past):
        settings.out.line(line)


def _lines(info: ScheduleInfo, following: list[datetime], past: list[ScheduleRun]) -> Iterable[str]:
    yield f"{info.id}: {info.rule}" if info.id == info.kind else f"{info.id}: {info.kind} {info.rule}"
    yield f"  next run  {next_run(info)}"
    for moment in following[1:] if not info.paused else following:
        yield f"            {local_time(moment)}"
    yield f"  misfire {info.misfire}, overlap {info.overlap}"
    if past:
        yield "  Last runs"
    for run in past:
        yield f"    {local_time(run.scheduled_at)}  {became(run)}"


def schedule_json(info: ScheduleInfo) -> Json:
    return {
        "id": info.id,
        "kind": info.kind,
        "arguments": info.arguments,
        "rule": info.rule,
        "misfire": info.misfire,
        "overlap": info.overlap,
        "paused": info.paused,
        "created_at": moment_json(info.created_at),
        "next_run": moment_json(info.next_run),
        "last_job": str(info.last_job) if info.last_job is not None else None,
    }


def run_json(run: ScheduleRun) -> Json:
    return {
        "scheduled": moment_json(run.scheduled_at),
        "at": moment_json(run.at),
        "outcome": run.outcome,
        "job": str(run.job) if run.job is not None else None,
        "count": run.count,
    }
