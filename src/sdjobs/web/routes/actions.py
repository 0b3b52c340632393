"""What is asked of jobs: of one, or of all that a filter means. And new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal, TypeAlias

from litestar import Router, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from sdjobs.describe import DONE
from sdjobs.front import put_before_all
from sdjobs.text import counted
from sdjobs.web import telling, wire
from sdjobs.web.finding import job_id
from sdjobs.web.given import GivenCaller, GivenLibrary
from sdjobs.web.problems import Refused, problems, reading_values
from sdjobs.web.routes.jobs import JobPath, is_attended, statuses_of
from spacedrive_jobs import (
    MOST_PRIORITY,
    Action,
    After,
    Before,
    JobFilter,
    JobHandle,
    JobId,
    JobSystem,
    Library,
    Placement,
)

Text: TypeAlias = Annotated[str, Meta(max_length=1_000)]
JobText: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-fA-F-]{4,36}$")]
KindName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
PriorityNumber: TypeAlias = Annotated[int, Meta(ge=-MOST_PRIORITY, le=MOST_PRIORITY, description="Higher runs first.")]
BulkVerb: TypeAlias = Literal["pause", "resume", "cancel", "abort", "retry", "clear"]


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something is asked; kept in the job's history."""

    reason: Text = ""


class NewPriority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job's priority: -10 low, 0 normal, 10 high, 20 critical, or any other number."""

    priority: PriorityNumber


class Where(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in line, by one of the three. Beside a job of another priority a job takes that priority on."""

    before: Annotated[JobText | None, Meta(description="Directly before this waiting job.")] = None
    after: Annotated[JobText | None, Meta(description="Directly behind this waiting job.")] = None
    end: Annotated[
        Literal["first", "last"] | None, Meta(description="Before, or behind, all others of the job's own priority.")
    ] = None


class Moving(Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several jobs and their place in line. They keep the order in which they are given."""

    jobs: Annotated[list[JobText], Meta(min_length=1, max_length=1_000)]


class Filter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Jobs that meet all that is given."""

    kind: KindName | None = None
    statuses: list[wire.StatusWord] = []
    ids: Annotated[list[str], Meta(max_length=10_000)] | None = None
    text: Annotated[str, Meta(max_length=200)] = ""
    created_from: Annotated[datetime, Meta(tz=True)] | None = None
    created_before: Annotated[datetime, Meta(tz=True)] | None = None
    retried: Annotated[bool | None, Meta(description="Tried again since, or not; to retry, `false` unless said.")] = (
        None
    )
    failed_items: Annotated[bool | None, Meta(description="Some of its items failed, or none.")] = None


class Bulk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs. An empty filter means every job, and needs `everything`."""

    filter: Filter
    everything: bool = False
    reason: Text = ""


class NewJob(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job by its kind's name."""

    kind: KindName
    arguments: Annotated[dict[str, object], Meta(description="As the kind's `schema` describes them.")] = {}
    priority: PriorityNumber | None = None


@post("/{job:str}/pause", status_code=200, responses=problems(404, 409, 410, 507, sends=True))
async def pause_job(library: GivenLibrary, caller: GivenCaller, job: JobPath) -> wire.Job:
    """Pause a job at its next safe point. It stays paused, also over restarts, until resumed."""
    return await _ask(library, job, lambda handle: handle.pause())


@post("/{job:str}/resume", status_code=200, responses=problems(404, 409, 410, 507, sends=True))
async def resume_job(library: GivenLibrary, caller: GivenCaller, job: JobPath) -> wire.Job:
    """Put a paused job first in line, or take a pause back that has not come about yet."""
    return await _ask(library, job, lambda handle: handle.resume())


@post("/{job:str}/cancel", status_code=200, responses=problems(404, 409, 410, 507, sends=True))
async def cancel_job(
    library: GivenLibrary, caller: GivenCaller, job: JobPath, data: JSONBody[Reason | None] = None
) -> wire.Job:
    """Stop a job for good, at its next safe point. One that has ended is left as it is."""
    reason = data.reason if data is not None else ""
    return await _ask(library, job, lambda handle: handle.cancel(reason))


@post("/{job:str}/abort", status_code=200, responses=problems(404, 409, 410, 507, sends=True))
async def abort_job(
    library: GivenLibrary, caller: GivenCaller, job: JobPath, data: JSONBody[Reason | None] = None
) -> wire.Job:
    """Stop a job for good and at once, without waiting for its code."""
    reason = data.reason if data is not None else ""
    return await _ask(library, job, lambda handle: handle.abort(reason))


@post("/{job:str}/front", status_code=200, responses=problems(404, 409, 410, 507, sends=True))
async def put_job_first(library: GivenLibrary, caller: GivenCaller, job: JobPath) -> wire.Job:
    """Put a waiting job before all others, whatever their priority: it takes one above theirs. Where no slot is free,
    what runs makes room for it at its next safe point."""
    return await _ask(library, job, lambda handle: put_before_all(library.jobs, handle))


@post("/{job:str}/place", status_code=200, responses=problems(404, 409, 410, 422, 507, sends=True))
async def place_job(library: GivenLibrary, caller: GivenCaller, job: JobPath, data: JSONBody[Where]) -> wire.Job:
    """Put a waiting job elsewhere in line."""
    id_ = await job_id(library, job)
    await _place(library, [id_], data)
    caller.note(where=data)
    return await _now(library, id_)


@post("/place", status_code=200, responses=problems(404, 409, 410, 422, 507, sends=True))
async def place_jobs(library: GivenLibrary, caller: GivenCaller, data: JSONBody[Moving]) -> wire.Done:
    """Put waiting jobs elsewhere in line, one behind the other: all of them, or none."""
    ids = [await job_id(library, text) for text in data.jobs]
    await _place(library, ids, data)
    caller.note(jobs=[str(id_) for id_ in ids], where=Where(before=data.before, after=data.after, end=data.end))
    return wire.Done(count=len(ids), sentence=f"{counted(len(ids), 'job')} moved.")


@post("/{job:str}/priority", status_code=200, responses=problems(404, 409, 410, 507, sends=True))
async def set_job_priority(
    library: GivenLibrary, caller: GivenCaller, job: JobPath, data: JSONBody[NewPriority]
) -> wire.Job:
    """Set the priority of a job and of its unfinished descendants."""
    return await _ask(library, job, lambda handle: handle.set_priority(data.priority))


@post("/{job:str}/retry", status_code=201, responses=problems(404, 409, 410, 507, sends=True))
async def retry_job(library: GivenLibrary, caller: GivenCaller, job: JobPath) -> wire.Job:
    """Do a job again that failed or was cancelled, from where it was; or one that completed although items failed, and
    then only these items. The answer is the new job."""
    handle = await library.jobs.get(await job_id(library, job))
    again = await handle.retry()
    caller.note(new_job=str(again.id))
    return await _now(library, again.id)


@post("/actions/{verb:str}", status_code=200, responses=problems(404, 409, 422, 507, sends=True))
async def act_on_jobs(
    library: GivenLibrary, caller: GivenCaller, verb: FromPath[BulkVerb], data: JSONBody[Bulk]
) -> wire.Done:
    """Ask something of all jobs that a filter means; `count_jobs` says beforehand how many. Those that it cannot be
    done to are left out. `clear` deletes ended jobs from the history."""
    wanted = await _meant(library, data)
    with reading_values():
        count = await _BULK[verb](library.jobs, wanted, data.reason)
    caller.note(verb=verb, filter=data.filter, count=count)
    return wire.Done(count=count, sentence=f"{counted(count, 'job')} {DONE[verb]}.")


@post("/", status_code=201, responses=problems(404, 409, 422, 501, 507, sends=True))
async def dispatch_job(library: GivenLibrary, caller: GivenCaller, data: JSONBody[NewJob]) -> wire.Dispatched:
    """Store a job by its kind's name. Its arguments are checked first; what is wrong is named."""
    why = "asked for on the page" if caller.session is not None else "asked for through the API"
    handle = await library.jobs.dispatch_named(
        data.kind, data.arguments, priority=data.priority, action=Action(who=caller.who, why=why)
    )
    caller.note(kind=data.kind, new_job=str(handle.id))
    return wire.Dispatched(id=str(handle.id), short_id=handle.id.short)


async def _ask(library: Library, text: str, ask: Callable[[JobHandle[object]], Awaitable[None]]) -> wire.Job:
    handle = await library.jobs.get(await job_id(library, text))
    await ask(handle)
    return await _now(library, handle.id)


async def _now(library: Library, id_: JobId) -> wire.Job:
    return telling.job(await library.jobs.info(id_), attended=await is_attended(library))


async def _place(library: Library, jobs: list[JobId], where: Where) -> None:
    placement: Placement
    match where:
        case Where(before=str(other), after=None, end=None):
            placement = Before(await job_id(library, other))
        case Where(before=None, after=str(other), end=None):
            placement = After(await job_id(library, other))
        case Where(before=None, after=None, end=("first" | "last") as end):
            placement = end
        case _:
            said = "say one of `before`, `after` and `end`"
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "value_invalid", said, field="before")
    with reading_values():
        await library.jobs.place(jobs, placement)


async def _meant(library: Library, data: Bulk) -> JobFilter:
    wanted = data.filter
    if wanted == Filter() and not data.everything:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "filter_empty",
            "this filter means every job; say so by `everything`",
            field="everything",
        )
    ids = [await job_id(library, text) for text in wanted.ids] if wanted.ids is not None else None
    return JobFilter(
        kind=wanted.kind,
        statuses=statuses_of(wanted.statuses),
        ids=ids,
        text=wanted.text,
        created_from=wanted.created_from,
        created_before=wanted.created_before,
        retried=wanted.retried,
        failed_items=wanted.failed_items,
    )


_BULK: Final[dict[BulkVerb, Callable[[JobSystem, JobFilter, str], Awaitable[int]]]] = {
    "pause": lambda jobs, wanted, _: jobs.pause_all(wanted),
    "resume": lambda jobs, wanted, _: jobs.resume_all(wanted),
    "cancel": lambda jobs, wanted, reason: jobs.cancel_all(wanted, reason),
    "abort": lambda jobs, wanted, reason: jobs.abort_all(wanted, reason),
    "retry": lambda jobs, wanted, _: jobs.retry_all(wanted),
    "clear": lambda jobs, wanted, _: jobs.clear(wanted),
}

TYPES: Final = (Bulk, Moving, NewJob, NewPriority, Reason, Where)
"""What is sent."""

ROUTER: Final = Router(
    "/jobs",
    tags=["Actions"],
    route_handlers=[
        dispatch_job,
        act_on_jobs,
        pause_job,
        resume_job,
        cancel_job,
        abort_job,
        put_job_first,
        place_job,
        place_jobs,
        set_job_priority,
        retry_job,
    ],
)
