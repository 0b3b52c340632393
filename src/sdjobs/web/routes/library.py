"""The library: what goes on, what is paused, what is asked, and what kinds of jobs there are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated, Final

from litestar import Router, get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from sdjobs.describe import queue_sentence
from sdjobs.libraries import runner_of_all
from sdjobs.text import shown
from sdjobs.web import telling, wire
from sdjobs.web.counting import counts_of
from sdjobs.web.disk_threads import DiskThreads
from sdjobs.web.given import GivenCaller, GivenDisks, GivenLibrary, GivenOptions, GivenTotals
from sdjobs.web.problems import problems, reading_values
from sdjobs.web.routes.actions import KindName, Text
from sdjobs.web.routes.jobs import HexCursor, Limit
from spacedrive_jobs import JobStatus, Library
from spacedrive_ops import LibraryIndex


class QueueChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Jobs of this kind; without one, of every kind."""

    kind: KindName | None = None
    reason: Annotated[Text, Meta(description="Shown with each job that waits for it.")] = ""


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`for_all`: for all questions of its job and topic, and those asked later."""

    answer: object
    for_all: bool = False


@get("/overview", responses=problems(409))
async def get_overview(
    library: GivenLibrary, caller: GivenCaller, options: GivenOptions, totals: GivenTotals, disks: GivenDisks
) -> wire.Overview:
    """The library at a glance: counts, locations, disks, and what goes on in one sentence. What the index holds in all
    may be some seconds old."""
    jobs, index = library.jobs, LibraryIndex(library.db)
    counts, paused = await jobs.counts(), await jobs.paused_queues()
    attended = await runner_of_all(jobs) is not None
    locations = await index.locations()
    categories = await totals.by_category()
    places = [one.path for one in locations]
    runners = [telling.runner(one) for one in await jobs.runners() if one.state != "dead"]
    full = any(one.state == "no_space" for one in runners)
    return wire.Overview(
        id=str(library.id),
        name=shown(library.path.name),
        shown=telling.path_words(library.path),
        role=caller.role,
        sentence=queue_sentence(counts, everything_paused=None in paused, attended=attended, full=full),
        attended=attended,
        warning=options.warning,
        counts=counts_of(counts),
        questions=await _open_questions(library),
        paused_queues=[wire.PausedQueue(kind=kind, reason=shown(reason)) for kind, reason in paused.items()],
        runners=runners,
        locations=[telling.location(one) for one in locations],
        files=sum(files for files, _ in categories.values()),
        bytes=sum(size for _, size in categories.values()),
        categories=[
            wire.CategoryTotal(category=category.name.lower(), files=files, bytes=size)
            for category, (files, size) in categories.items()
        ],
        disks=await _disks(disks, library.path, places),
    )


MOST_QUESTIONS: Final = 1_000


async def _open_questions(library: Library) -> int:
    return len((await library.jobs.questions(limit=MOST_QUESTIONS)).rows)


async def _disks(threads: DiskThreads, library: Path, places: list[Path]) -> list[wire.Disk]:
    """None at all where one of them does not answer."""
    try:
        return await threads.ask(lambda: disks_of(library, places))
    except TimeoutError:
        return []


def disks_of(library: Path, places: list[Path]) -> list[wire.Disk]:
    """The disks of these folders, each once, the library's first. Blocking. A folder that is not there has none."""
    found: dict[int, wire.Disk] = {}
    for place in (library, *places):
        try:
            device = os.stat(place).st_dev
            if device not in found:
                usage = shutil.disk_usage(place)
                found[device] = wire.Disk(
                    shown=telling.path_words(place),
                    library=place is library,
                    free=usage.free,
                    total=usage.total,
                    sentence=telling.free_words(usage.free, usage.total),
                )
        except OSError:
            continue  # an absent disk is said of its location
    return list(found.values())


@get("/kinds", responses=problems())
async def list_kinds(library: GivenLibrary) -> wire.KindList:
    """The kinds of jobs that this process knows, with the JSON Schema of their arguments."""
    kinds = sorted(await library.jobs.kinds(), key=lambda kind: kind.kind)
    return wire.KindList(kinds=[telling.kind(kind) for kind in kinds])


@get("/queue", responses=problems())
async def get_queue(library: GivenLibrary) -> wire.Queue:
    """How many jobs wait and run, and what is paused."""
    return await _queue(library)


@post("/queue/pause", status_code=200, responses=problems(507, sends=True))
async def pause_queue(library: GivenLibrary, caller: GivenCaller, data: JSONBody[QueueChoice]) -> wire.Queue:
    """Start no more jobs of a kind, or of any; what runs stops at its next safe point. Over restarts."""
    caller.note(kind=data.kind)
    await library.jobs.pause_queue(data.kind, reason=data.reason)
    return await _queue(library)


@post("/queue/resume", status_code=200, responses=problems(507, sends=True))
async def resume_queue(library: GivenLibrary, caller: GivenCaller, data: JSONBody[QueueChoice]) -> wire.Queue:
    """Start jobs of a kind again, or of all kinds but those that were paused by name."""
    caller.note(kind=data.kind)
    await library.jobs.resume_queue(data.kind)
    return await _queue(library)


async def _queue(library: Library) -> wire.Queue:
    counts, paused = await library.jobs.counts(), await library.jobs.paused_queues()
    return wire.Queue(
        queued=counts[JobStatus.QUEUED],
        running=counts[JobStatus.RUNNING],
        paused=counts[JobStatus.PAUSED],
        paused_queues=[wire.PausedQueue(kind=kind, reason=shown(reason)) for kind, reason in paused.items()],
    )


@get("/questions", responses=problems())
async def list_questions(library: GivenLibrary, limit: Limit = 100, after: HexCursor = None) -> wire.QuestionPage:
    """What jobs ask, and nobody has answered yet."""
    page = await library.jobs.questions(limit=limit, after=after)
    return wire.QuestionPage(questions=[telling.question(one) for one in page.rows], next=page.next)


@post("/questions/{question:str}/answer", status_code=200, responses=problems(409, 422, 507, sends=True))
async def answer_question(
    library: GivenLibrary,
    caller: GivenCaller,
    question: Annotated[str, PathParameter(description="A question's id.", pattern="^[0-9a-f]{32}$")],
    data: JSONBody[Answer],
) -> wire.Done:
    """Answer a job's question; the job goes on."""
    with reading_values():
        await library.jobs.answer(question, data.answer, for_all=data.for_all, by=caller.who)
    return wire.Done(count=1, sentence="The job goes on.")


TYPES: Final = (Answer, QueueChoice)
"""What is sent."""

ROUTER: Final = Router(
    "/",
    tags=["Library"],
    route_handlers=[
        get_overview,
        list_kinds,
        get_queue,
        pause_queue,
        resume_queue,
        list_questions,
        answer_question,
    ],
)
