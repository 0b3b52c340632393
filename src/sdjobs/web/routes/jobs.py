"""Jobs: what there is, and what is known of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

from litestar import Router, get
from litestar.params import PathParameter, QueryParameter

from sdjobs import clock
from sdjobs.libraries import runner_of_all
from sdjobs.reasons import read_reasons, sentences
from sdjobs.text import counted, shown
from sdjobs.web import telling, wire
from sdjobs.web.finding import job_id
from sdjobs.web.given import GivenLibrary
from sdjobs.web.problems import Refused, problems
from spacedrive_jobs import JobFilter, JobId, JobInfo, JobStatus, Library

JobPath: TypeAlias = Annotated[
    str,
    PathParameter(description="A job's id, or an unambiguous end or beginning of one.", pattern="^[0-9a-fA-F-]{4,36}$"),
]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=1_000, description="At most so many.")]
HexCursor: TypeAlias = Annotated[
    str | None, QueryParameter(description="The `next` of the part before.", pattern="^[0-9a-f]{32}$")
]
NumberCursor: TypeAlias = Annotated[
    str | None, QueryParameter(description="The `next` of the part before.", pattern="^[0-9]{1,18}$")
]
LineCursor: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="The `next` of the part before.", pattern=r"^[0-2]\.-?[0-9]{1,18}\.-?[0-9]{1,18}\.[0-9a-f]{32}$"
    ),
]
Statuses: TypeAlias = Annotated[
    list[wire.StatusWord] | None, QueryParameter(name="status", description="One of these.")
]
KindQuery: TypeAlias = Annotated[str | None, QueryParameter(description="Of this kind.", max_length=200)]
TextQuery: TypeAlias = Annotated[
    str, QueryParameter(description="Said in the kind, the arguments, the reason or the error.", max_length=200)
]

RetriedQuery: TypeAlias = Annotated[
    bool | None, QueryParameter(description="Only jobs that were tried again since; `false`: only others.")
]
FailedItemsQuery: TypeAlias = Annotated[
    bool | None,
    QueryParameter(
        description="Only jobs some of whose items failed, though they may have completed; `false`: only others."
    ),
]
MomentQuery: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="A moment with its offset from UTC: 2026-11-25T14:00:00Z.",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$",
    ),
]
"""Text, because the framework would take a number for a moment too."""


@get("/", responses=problems(422))
async def list_jobs(
    library: GivenLibrary,
    status: Statuses = None,
    kind: KindQuery = None,
    text: TextQuery = "",
    retried: RetriedQuery = None,
    failed_items: FailedItemsQuery = None,
    created_from: MomentQuery = None,
    limit: Limit = 100,
    after: HexCursor = None,
) -> wire.JobPage:
    """Jobs, the newest first, those that have ended among them."""
    page, attended = await asyncio.gather(
        library.jobs.list(
            statuses=statuses_of(status) or None,
            kind=kind,
            text=text,
            limit=limit,
            after=after,
            retried=retried,
            failed_items=failed_items,
            created_from=moment("created_from", created_from),
        ),
        is_attended(library),
    )
    return wire.JobPage(jobs=_told(page.rows, attended), next=page.next)


@get("/running", responses=problems())
async def list_running_jobs(library: GivenLibrary) -> wire.JobList:
    """The jobs that run now, in any process, the oldest first."""
    return wire.JobList(jobs=_told(await library.jobs.running(), attended=True))


@get("/waiting", responses=problems())
async def list_waiting_jobs(
    library: GivenLibrary,
    status: Annotated[
        list[wire.WaitingWord] | None,
        QueryParameter(name="status", description="One of these; queued if none is said."),
    ] = None,
    kind: KindQuery = None,
    text: TextQuery = "",
    limit: Limit = 100,
    after: LineCursor = None,
) -> wire.JobPage:
    """What waits, in line: in the order in which jobs start as far as nothing else keeps them; behind that what waits
    for a time, a job or an answer; last, where it is asked for, what is paused."""
    chosen = tuple(JobStatus(word) for word in status or ("queued",))
    page, attended = await asyncio.gather(
        library.jobs.waiting(limit, statuses=chosen, kind=kind, text=text, after=after), is_attended(library)
    )
    return wire.JobPage(jobs=_told(page.rows, attended), next=page.next)


@get("/count", responses=problems(422))
async def count_jobs(
    library: GivenLibrary,
    status: Statuses = None,
    kind: KindQuery = None,
    text: TextQuery = "",
    created_from: MomentQuery = None,
    retried: RetriedQuery = None,
    failed_items: FailedItemsQuery = None,
) -> wire.Done:
    """How many jobs a filter means; to be asked before something is done to all of them."""
    wanted = JobFilter(
        kind=kind,
        statuses=statuses_of(status),
        text=text,
        created_from=moment("created_from", created_from),
        retried=retried,
        failed_items=failed_items,
    )
    count = await library.jobs.count(wanted)
    return wire.Done(count=count, sentence=f"{counted(count, 'job')}.")


@get("/{job:str}", responses=problems(404, 409))
async def get_job(library: GivenLibrary, job: JobPath) -> wire.JobDetails:
    """All that is known of one job."""
    info = await library.jobs.info(await job_id(library, job))
    return telling.details(info, attended=await is_attended(library))


@get("/{job:str}/items", responses=problems(404, 409))
async def list_job_items(
    library: GivenLibrary,
    job: JobPath,
    outcome: Annotated[list[wire.OutcomeWord] | None, QueryParameter(description="Only these.")] = None,
    limit: Limit = 100,
    after: NumberCursor = None,
) -> wire.ItemPage:
    """What became of a job's items, in order."""
    page = await library.jobs.items(await _stored(library, job), outcomes=outcome, limit=limit, after=after)
    return wire.ItemPage(items=[telling.item(row) for row in page.rows], next=page.next)


@get("/{job:str}/notes", responses=problems(404, 409))
async def list_job_notes(
    library: GivenLibrary, job: JobPath, limit: Limit = 100, after: NumberCursor = None
) -> wire.NotePage:
    """A job's warnings, and the errors that did not end it, in order."""
    page = await library.jobs.notes(await _stored(library, job), limit=limit, after=after)
    return wire.NotePage(notes=[telling.note(row) for row in page.rows], next=page.next)


@get("/{job:str}/log", responses=problems(404, 409))
async def get_job_log(
    library: GivenLibrary,
    job: JobPath,
    tail: Annotated[int, QueryParameter(ge=1, le=10_000, description="So many of the last lines.")] = 200,
) -> wire.Log:
    """The last lines that a job's code has logged, the oldest first."""
    lines = await library.jobs.logs(await _stored(library, job), limit=tail)
    return wire.Log(lines=[telling.log_line(line) for line in lines])


@get("/{job:str}/attempts", responses=problems(404, 409))
async def list_job_attempts(library: GivenLibrary, job: JobPath) -> wire.AttemptList:
    """How the attempts of a job ended that did not complete it."""
    attempts = await library.jobs.attempts(await _stored(library, job))
    return wire.AttemptList(attempts=[telling.attempt(one) for one in attempts])


@get("/{job:str}/speeds", responses=problems(404, 409))
async def list_job_speeds(library: GivenLibrary, job: JobPath) -> wire.SpeedList:
    """How fast a job has been from its beginning: at most 120 spans, longer the longer it runs."""
    speeds = await library.jobs.speeds(await _stored(library, job))
    return wire.SpeedList(speeds=[telling.speed(one) for one in speeds])


@get("/{job:str}/children", responses=problems(404, 409))
async def list_job_children(library: GivenLibrary, job: JobPath) -> wire.JobList:
    """The jobs that a job has spawned, the oldest first."""
    children = await library.jobs.children(await _stored(library, job))
    return wire.JobList(jobs=_told(children, await is_attended(library)))


@get("/{job:str}/events", responses=problems(404, 409))
async def list_job_events(library: GivenLibrary, job: JobPath) -> wire.EventList:
    """Every change of a job's status, and of what was asked of it."""
    events = await library.jobs.events(await _stored(library, job))
    return wire.EventList(events=[telling.event(one) for one in events])


@get("/{job:str}/explain", responses=problems(404, 409))
async def explain_job(library: GivenLibrary, job: JobPath) -> wire.Explanation:
    """Why a job is as it is, in words."""
    id_ = await job_id(library, job)
    reasons = await read_reasons(library.jobs, id_)
    return wire.Explanation(job=str(id_), sentences=[shown(one) for one in sentences(reasons)])


def moment(name: str, text: str | None) -> datetime | None:
    """Raises Refused for a day or a time that no calendar has."""
    try:
        return datetime.fromisoformat(text) if text is not None else None
    except ValueError:
        detail = f"{text} is no moment: write 2026-11-25T14:00:00Z"
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "value_invalid", detail, field=name) from None


async def _stored(library: Library, text: str) -> JobId:
    """The id of a job that is there: what belongs to one that is not would only be an empty list."""
    id_ = await job_id(library, text)
    await library.jobs.info(id_)
    return id_


def statuses_of(words: list[wire.StatusWord] | None) -> tuple[JobStatus, ...]:
    return tuple(JobStatus(word) for word in words or ())


def _told(infos: Sequence[JobInfo], attended: bool) -> list[wire.Job]:
    """As a list shows them."""
    now = clock.now()
    return [telling.job(info, attended=attended, now=now) for info in infos]


async def is_attended(library: Library) -> bool:
    """Whether some process runs the queue."""
    return await runner_of_all(library.jobs) is not None


ROUTER: Final = Router(
    "/jobs",
    tags=["Jobs"],
    route_handlers=[
        list_jobs,
        list_running_jobs,
        list_waiting_jobs,
        count_jobs,
        get_job,
        list_job_items,
        list_job_notes,
        get_job_log,
        list_job_attempts,
        list_job_speeds,
        list_job_children,
        list_job_events,
        explain_job,
    ],
)
