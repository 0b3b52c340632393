"""`sdjobs schedule add NAME`: each kind is a command, with the options of its arguments and those of a rule."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal, TypedDict, Unpack

import click

from sdjobs.commands.options import priority_option
from sdjobs.commands.run import ARGS_OPTION, KindsGroup, add_fields, values_of
from sdjobs.commands.schedule import print_schedule
from sdjobs.commands.spans import parse_moment, parse_span
from sdjobs.exit_codes import ExitCode
from sdjobs.kind_options import FieldOption, field_options
from sdjobs.libraries import open_library, runner_of_all
from sdjobs.settings import Settings, settings_of, shared_options
from spacedrive_jobs import CatchUp, JobSystem, KindInfo

COUNTED: Final = ("daily", "weekly", "monthly")
RULES: Final = ("every", "cron", "daily", "weekly", "monthly", "at")


class AddGroup(KindsGroup):
    """`schedule add NAME`."""

    def command_of(self, kind: KindInfo) -> click.Command:
        return _command_of(kind)


@click.group(cls=AddGroup, subcommand_metavar="NAME [OPTIONS]")
@shared_options()
def add() -> None:
    """Run jobs of a kind by the clock, or change the schedule of this id.

    One of --every, --cron, --daily, --weekly, --monthly and --at says when. `sdjobs schedule add NAME --help` lists
    the options of the job itself.
    """


def parse_time(text: str) -> time:
    """`03:00`."""
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of the day, in the schedule's own zone
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time of the day: write 03:00.") from None


def parse_misfire(text: str) -> Literal["once", "skip"] | CatchUp:
    """`once`, `skip`, `all:7`."""
    if text == "once":
        return "once"
    if text == "skip":
        return "skip"
    found = re.fullmatch(r"all:(\d+)", text)
    if found is None or not int(found[1]):
        raise click.BadParameter(f"{text!r} is none of once, skip, and all:N such as all:7.")
    return CatchUp(int(found[1]))


class Rule(TypedDict):
    """What the rule's options say."""

    every: timedelta | None
    starting_at: datetime | None
    cron: str | None
    daily: time | None
    weekly: time | None
    monthly: time | None
    count: int
    at: datetime | None
    tz: str | None
    schedule_id: str | None
    misfire: Literal["once", "skip"] | CatchUp
    overlap: Literal["skip", "queue", "replace"]
    jitter: timedelta | None


_RULE_OPTIONS: Final = (
    click.option("--every", type=parse_span, metavar="SPAN", help="At an interval: 30s, 90m, 6h, 1d12h."),
    click.option("--starting-at", type=parse_moment, metavar="TIME", help="With --every: the first run."),
    click.option("--cron", metavar="RULE", help='Five fields: "0 3 * * *" is each day at three.'),
    click.option("--daily", type=parse_time, metavar="HH:MM", help="Each day."),
    click.option("--weekly", type=parse_time, metavar="HH:MM", help="Each seventh day, counted from today."),
    click.option("--monthly", type=parse_time, metavar="HH:MM", help="Each month, on the day of the month of today."),
    click.option(
        "--count",
        type=click.IntRange(min=1),
        default=1,
        help="With --daily, --weekly, --monthly: each so many of them.",
    ),
    click.option("--at", type=parse_moment, metavar="TIME", help="Once: 2026-12-24T18:00."),
    click.option("--tz", metavar="ZONE", help="The time zone of --cron, --daily and so on; yours by default."),
    click.option("--id", "schedule_id", metavar="ID", help="The schedule's name; the kind by default."),
    click.option(
        "--misfire",
        type=parse_misfire,
        default="once",
        metavar="once|skip|all:N",
        help="Times that passed while nothing ran: one run (the default), none, or each of the last N.",
    ),
    click.option(
        "--overlap",
        type=click.Choice(["skip", "queue", "replace"]),
        default="skip",
        show_default=True,
        help="While the run before is unfinished: leave this one out, let it wait, or cancel that one.",
    ),
    click.option("--jitter", type=parse_span, metavar="SPAN", help="Let each run be late by up to so much."),
)


def _command_of(kind: KindInfo) -> click.Command:
    fields = field_options(kind.schema)

    @click.pass_context
    def callback(context: click.Context, /, **given: Any) -> ExitCode:
        rule: Any = {name: given.pop(name) for name in Rule.__annotations__}
        return _add(
            context, kind, fields, args_json=given.pop("args_json"), priority=given.pop("priority"), given=given, **rule
        )

    for decorate in (shared_options(), *reversed(_RULE_OPTIONS), priority_option, ARGS_OPTION):
        callback = decorate(callback)
    command = click.command(name=kind.kind, help=kind.description or f"Schedule jobs of kind {kind.kind}.")(callback)
    add_fields(command, fields)
    return command


def _add(
    context: click.Context,
    kind: KindInfo,
    fields: list[FieldOption],
    *,
    args_json: object,
    priority: int | None,
    given: dict[str, object],
    **rule: Unpack[Rule],
) -> ExitCode:
    chosen = [name for name in RULES if rule.get(name) is not None]
    if len(chosen) != 1:
        options = ", ".join(f"--{name}" for name in RULES)
        raise click.UsageError(f"Say once when it runs, by one of {options}.", ctx=context)
    if rule["starting_at"] is not None and chosen != ["every"]:
        raise click.UsageError("--starting-at belongs to --every.", ctx=context)
    if rule["count"] > 1 and chosen[0] not in COUNTED:
        raise click.UsageError("--count belongs to --daily, --weekly and --monthly.", ctx=context)
    values = values_of(context, kind, fields, args_json, given)
    return asyncio.run(_store(settings_of(context), kind, values, priority, rule))


async def _store(
    settings: Settings, kind: KindInfo, values: dict[str, object], priority: int | None, rule: Rule
) -> ExitCode:
    async with open_library(settings, may_create=True) as library:
        id_ = await _dispatch(library.jobs, kind, values, priority, rule)
        schedule = library.jobs.get_schedule(id_)
        print_schedule(settings, await schedule.info(), await schedule.next_runs(3), [])
        if await runner_of_all(library.jobs) is None:
            settings.err.line(f"It runs while a worker does. Start one: {settings.command('worker')}")
    return ExitCode.DONE


async def _dispatch(
    jobs: JobSystem, kind: KindInfo, values: dict[str, object], priority: int | None, rule: Rule
) -> str:
    tz = rule["tz"]
    try:
        chain = jobs.schedule_named(
            kind.kind,
            values,
            id=rule["schedule_id"],
            misfire=rule["misfire"],
            overlap=rule["overlap"],
            jitter=rule["jitter"],
            priority=priority,
        )
        if rule["every"] is not None:
            repeated = chain.every(seconds=rule["every"].total_seconds())
            first = rule["starting_at"]
            schedule = await (repeated.starting_at(first) if first is not None else repeated).dispatch()
        elif rule["cron"] is not None:
            schedule = await chain.cron(rule["cron"], tz=tz).dispatch()
        elif rule["daily"] is not None:
            schedule = await chain.calendar(days=rule["count"], at=rule["daily"], tz=tz).dispatch()
        elif rule["weekly"] is not None:
            schedule = await chain.calendar(weeks=rule["count"], at=rule["weekly"], tz=tz).dispatch()
        elif rule["monthly"] is not None:
            schedule = await chain.calendar(months=rule["count"], at=rule["monthly"], tz=tz).dispatch()
        else:
            assert rule["at"] is not None
            schedule = await chain.at(rule["at"]).dispatch()
    except ValueError as error:
        raise click.UsageError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    return schedule.id
