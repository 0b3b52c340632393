"""Jobs that run by the clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal, TypeAlias

from litestar import Router, delete, get, post, put
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from sdjobs.web import telling, wire
from sdjobs.web.given import GivenCaller, GivenLibrary
from sdjobs.web.problems import problems, reading_values
from sdjobs.web.routes.actions import KindName, PriorityNumber
from spacedrive_jobs import CatchUp, JobSystem, Library

NEXT_RUNS: Final = 5
PAST_RUNS: Final = 20

SchedulePath: TypeAlias = Annotated[str, PathParameter(description="A schedule's id.", max_length=200)]
ClockTime: TypeAlias = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="`03:00`")]


class Interval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="rule", tag="every"):
    """A fixed interval, whatever the clock on the wall does."""

    seconds: Annotated[float, Meta(ge=1, le=3_153_600_000)]
    starting_at: Annotated[datetime, Meta(tz=True)] | None = None


class Cron(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="rule", tag="cron"):
    """Five fields: `0 3 * * *` is each day at three."""

    expression: Annotated[str, Meta(max_length=200)]
    tz: Annotated[str, Meta(max_length=100)] | None = None


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="rule", tag="calendar"):
    """Every so many days, weeks or months, counted from today."""

    unit: Literal["days", "weeks", "months"]
    count: Annotated[int, Meta(ge=1, le=1_200)] = 1
    at: ClockTime
    tz: Annotated[str, Meta(max_length=100)] | None = None


class Once(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="rule", tag="once"):
    """At one moment."""

    at: Annotated[datetime, Meta(tz=True)]


class CatchUpRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each of the latest so many missed times."""

    all: Annotated[int, Meta(ge=1, le=1_000)]


class ScheduleRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs, and when. `misfire`: what to do with times that passed while nothing ran; `overlap`: while the run
    before is unfinished."""

    kind: KindName
    arguments: dict[str, object] = {}
    when: Interval | Cron | Calendar | Once
    misfire: Literal["once", "skip"] | CatchUpRule = "once"
    overlap: Literal["skip", "queue", "replace"] = "skip"
    jitter_seconds: Annotated[float, Meta(ge=0, le=31_536_000)] = 0
    priority: PriorityNumber | None = None


@get("/", responses=problems())
async def list_schedules(library: GivenLibrary) -> wire.ScheduleList:
    """All schedules, by id."""
    return wire.ScheduleList(
        schedules=[wire.Schedule(**telling.schedule(info)) for info in await library.jobs.schedules()]
    )


@get("/{schedule:str}", responses=problems(404))
async def get_schedule(library: GivenLibrary, schedule: SchedulePath) -> wire.ScheduleDetails:
    """A schedule with its next times, and what became of the last ones."""
    return await _details(library, schedule)


@put("/{schedule:str}", responses=problems(404, 409, 422, 501, 507, sends=True))
async def store_schedule(
    library: GivenLibrary, caller: GivenCaller, schedule: SchedulePath, data: JSONBody[ScheduleRule]
) -> wire.ScheduleDetails:
    """Make a schedule, or change the one of this id. An unchanged rule keeps its next run."""
    caller.note(kind=data.kind)
    with reading_values():
        await _dispatch(library.jobs, schedule, data)
    return await _details(library, schedule)


@post("/{schedule:str}/pause", status_code=200, responses=problems(404, 507, sends=True))
async def pause_schedule(library: GivenLibrary, caller: GivenCaller, schedule: SchedulePath) -> wire.ScheduleDetails:
    """Let a schedule rest. What it dispatched goes on."""
    await library.jobs.get_schedule(schedule).pause()
    return await _details(library, schedule)


@post("/{schedule:str}/resume", status_code=200, responses=problems(404, 507, sends=True))
async def resume_schedule(library: GivenLibrary, caller: GivenCaller, schedule: SchedulePath) -> wire.ScheduleDetails:
    """Go on with a schedule's next time; those that passed meanwhile are not made up for."""
    await library.jobs.get_schedule(schedule).resume()
    return await _details(library, schedule)


@post("/{schedule:str}/run", status_code=201, responses=problems(404, 507, sends=True))
async def run_schedule_now(library: GivenLibrary, caller: GivenCaller, schedule: SchedulePath) -> wire.Dispatched:
    """Dispatch a schedule's job now, beside its times."""
    handle = await library.jobs.get_schedule(schedule).run_now()
    caller.note(new_job=str(handle.id))
    return wire.Dispatched(id=str(handle.id), short_id=handle.id.short)


@delete("/{schedule:str}", responses=problems(404, 507, sends=True))
async def remove_schedule(library: GivenLibrary, caller: GivenCaller, schedule: SchedulePath) -> None:
    """Remove a schedule. Its jobs stay."""
    await library.jobs.get_schedule(schedule).remove()


async def _details(library: Library, id_: str) -> wire.ScheduleDetails:
    schedule = library.jobs.get_schedule(id_)
    info = await schedule.info()
    return wire.ScheduleDetails(
        **telling.schedule(info),
        next_runs=await schedule.next_runs(NEXT_RUNS),
        runs=[telling.schedule_run(run) for run in await schedule.runs(PAST_RUNS)],
    )


async def _dispatch(jobs: JobSystem, id_: str, data: ScheduleRule) -> None:
    misfire = CatchUp(data.misfire.all) if isinstance(data.misfire, CatchUpRule) else data.misfire
    chain = jobs.schedule_named(
        data.kind,
        data.arguments,
        id=id_,
        misfire=misfire,
        overlap=data.overlap,
        jitter=timedelta(seconds=data.jitter_seconds) if data.jitter_seconds else None,
        priority=data.priority,
    )
    match data.when:
        case Interval(seconds=seconds, starting_at=first):
            repeated = chain.every(seconds=seconds)
            await (repeated.starting_at(first) if first is not None else repeated).dispatch()
        case Cron(expression=expression, tz=tz):
            await chain.cron(expression, tz=tz).dispatch()
        case Calendar(unit=unit, count=count, at=at, tz=tz):
            counts = {name: count if name == unit else 0 for name in ("days", "weeks", "months")}
            await chain.calendar(**counts, at=time.fromisoformat(at), tz=tz).dispatch()
        case Once(at=when):
            await chain.at(when).dispatch()


TYPES: Final = (ScheduleRule,)
"""What is sent."""

ROUTER: Final = Router(
    "/schedules",
    tags=["Schedules"],
    route_handlers=[
        list_schedules,
        get_schedule,
        store_schedule,
        pause_schedule,
        resume_schedule,
        run_schedule_now,
        remove_schedule,
    ],
)
