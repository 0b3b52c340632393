"""`sdjobs jobs show`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import click

from sdjobs import clock
from sdjobs.commands.job_argument import job_argument
from sdjobs.describe import (
    COUNTERS,
    amount,
    event_json,
    items_amount,
    job_json,
    note_json,
    rate,
    state_word,
    title,
    took,
    why,
)
from sdjobs.exit_codes import ExitCode
from sdjobs.libraries import open_library, runner_of_all
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import age, counted, local_time, percent, size
from sdjobs.text import clock as clock_text
from spacedrive_jobs import JobEvent, JobInfo, JobStatus, JobSystem, NoteInfo

NOTES: Final = 20
LABEL_WIDTH: Final = 12
CHILDREN: Final = 20
GENERATIONS: Final = 5
_TELLING: Final = (
    JobStatus.RUNNING,
    JobStatus.FAILED,
    JobStatus.PAUSED,
    JobStatus.QUEUED,
    JobStatus.CANCELLED,
    JobStatus.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A descendant; `depth` 1 for a child. `more`: so many of its brothers are left out after it."""

    info: JobInfo
    depth: int
    more: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """All that is told of one job."""

    info: JobInfo
    events: list[JobEvent]
    notes: tuple[NoteInfo, ...]
    more_notes: bool
    attended: bool
    family: list[Member]


@click.command()
@job_argument
@click.option("--traceback", is_flag=True, help="Where a job failed: the place in its code.")
@shared_options()
@click.pass_context
def show(context: click.Context, job: str, traceback: bool) -> ExitCode:
    """Tell all about a job: arguments, progress, counters, history, warnings and errors."""
    return asyncio.run(_show(settings_of(context), job, traceback))


async def _show(settings: Settings, job: str, traceback: bool) -> ExitCode:
    async with open_library(settings) as library:
        handle = await library.jobs.find(job)
        story = await _read(library.jobs, await library.jobs.info(handle.id))
    if settings.json:
        document = job_json(story.info)
        document["events"] = [event_json(event) for event in story.events]
        document["notes"] = [note_json(note) for note in story.notes]
        document["children"] = [{"depth": member.depth, **job_json(member.info)} for member in story.family]
        settings.out.document(document)
        return ExitCode.DONE
    for line in _lines(story, settings, clock.now()):
        settings.out.line(line)
    if traceback and story.info.error_traceback:
        settings.out.line()
        for line in story.info.error_traceback.splitlines():
            settings.out.line(line)
    return ExitCode.DONE


async def _read(jobs: JobSystem, info: JobInfo) -> Story:
    notes = await jobs.notes(info.id, limit=NOTES)
    events = await jobs.events(info.id)
    attended = await runner_of_all(jobs) is not None
    return Story(info, events, notes.rows, notes.next is not None, attended, await _family(jobs, info, 1))


async def _family(jobs: JobSystem, parent: JobInfo, depth: int) -> list[Member]:
    """The tree below a job: the unfinished and the failed first, some of each generation."""
    if depth > GENERATIONS:
        return []
    children = sorted(await jobs.children(parent.id), key=lambda child: (_TELLING.index(child.status), child.id))
    told: list[Member] = []
    for place, child in enumerate(children[:CHILDREN]):
        last = place == CHILDREN - 1
        told.append(Member(child, depth, len(children) - CHILDREN if last else 0))
        told += await _family(jobs, child, depth + 1)
    return told


def _lines(story: Story, settings: Settings, now: datetime) -> Iterable[str]:
    info = story.info
    yield f"{title(info)}"
    yield ""
    yield from _fields(
        {
            "Job": f"{info.id}  (short: {info.id.short})",
            "Kind": f"{info.kind}, version {info.version}" + ("" if info.handled else ", unknown to this process"),
            "Status": _status(info, story.attended),
            "Progress": _progress(info),
            "Now at": info.view.current_path if info.status is JobStatus.RUNNING else "",
            "Time": _times(info, now),
            "Attempts": _attempts(info),
            "Priority": str(info.priority) if info.priority else "",
            "Deadline": local_time(info.deadline) if info.deadline else "",
            "Part of": info.parent.short if info.parent else "",
            "Counters": _counters(info),
        }
    )
    yield from _values("Arguments", info.arguments)
    yield from _values("Output", info.output)
    yield from _error(info)
    yield from _tree(story)
    yield from _notes(story)
    yield from _history(story.events)
    yield from _hints(info, settings)


def _fields(fields: Mapping[str, str]) -> Iterable[str]:
    return [f"{label:<{LABEL_WIDTH}}{text}" for label, text in fields.items() if text]


def _status(info: JobInfo, attended: bool) -> str:
    reason = "" if info.status is JobStatus.FAILED else why(info, attended=attended)
    return state_word(info.status, info.request) + (f": {reason}" if reason else "")


def _progress(info: JobInfo) -> str:
    view = info.view
    running = info.status is JobStatus.RUNNING
    return ", ".join(
        filter(
            None,
            [
                percent(view.fraction) if view.fraction is not None else "",
                amount(view),
                items_amount(view) if view.bytes_done is not None else "",
                rate(view) if running else "",
                f"{clock_text(view.eta)} left" if running and view.eta is not None else "",
                view.phase if running else "",
                view.message if running and view.message != view.phase else "",
            ],
        )
    )


def _times(info: JobInfo, now: datetime) -> str:
    told = [f"dispatched {local_time(info.created_at)} ({age(info.created_at, now)} ago)"]
    if info.started_at is not None:
        told.append(f"{'ran' if info.finished_at else 'has run'} {took(info, now)}" if _is_over(info) else "")
    return ", ".join(filter(None, told))


def _is_over(info: JobInfo) -> bool:
    return info.finished_at is not None or info.status is JobStatus.RUNNING


def _attempts(info: JobInfo) -> str:
    spent = [
        counted(info.errors, "error") if info.errors else "",
        counted(info.crashes, "crash", "crashes") if info.crashes else "",
    ]
    return str(info.attempt) + "".join(f", {text}" for text in spent if text) if info.attempt else ""


def _counters(info: JobInfo) -> str:
    told: list[str] = []
    for name in COUNTERS:
        value = getattr(info.metrics, name)
        if value:
            told.append(f"{name.replace('_', ' ')} {size(value) if name == 'bytes_processed' else f'{value:,}'}")
    return ", ".join(told)


def _values(heading: str, value: object) -> Iterable[str]:
    """Arguments or output: a line for each field, as JSON."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"{heading:<{LABEL_WIDTH}}{_json(value)}"
        return
    fields = cast("Mapping[str, object]", value)
    if fields:
        yield heading
    for name, part in fields.items():
        yield f"  {name} = {_json(part)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _error(info: JobInfo) -> Iterable[str]:
    if info.status is not JobStatus.FAILED:
        return
    yield ""
    kind = f"{info.error_type}: " if info.error_type else ""
    yield f"{'Error':<{LABEL_WIDTH}}{kind}{info.error_message or info.reason}"


def _tree(story: Story) -> Iterable[str]:
    if not story.family:
        return
    yield ""
    yield "Children"
    for member in story.family:
        info = member.info
        indent = "  " * member.depth
        done = f" {percent(info.view.fraction)}" if info.status is JobStatus.RUNNING and info.view.fraction else ""
        reason = why(info, attended=story.attended)
        yield f"{indent}{info.id.short}  {state_word(info.status, info.request)}{done}  {title(info)}" + (
            f": {reason}" if reason else ""
        )
        if member.more:
            yield f"{indent}… and {member.more:,} more"


def _notes(story: Story) -> Iterable[str]:
    if not story.notes:
        return
    yield ""
    yield "Warnings and errors"
    for note in story.notes:
        yield f"  {local_time(note.at)}  {note.level:<8}{note.message}"
    if story.more_notes:
        yield "  … and more"


def _history(events: list[JobEvent]) -> Iterable[str]:
    yield ""
    yield "History"
    for event in events:
        attempt = f"attempt {event.attempt}" if event.attempt else ""
        told = [state_word(event.status, event.request).ljust(11), attempt.ljust(11), event.reason]
        yield f"  {local_time(event.at)}  {''.join(told)}".rstrip()


def _hints(info: JobInfo, settings: Settings) -> Iterable[str]:
    short = info.id.short
    hints: list[str] = []
    if info.metrics.items_error or info.metrics.items_skipped or info.metrics.items_warning:
        hints.append(f"Its items:  {settings.command('jobs', 'items', short)}")
    if info.status is JobStatus.PAUSED:
        hints.append(f"Resume it:  {settings.command('jobs', 'resume', short, '--follow')}")
    if info.status is JobStatus.FAILED and info.error_traceback:
        hints.append(f"In its code:  {settings.command('jobs', 'show', short, '--traceback')}")
    if hints:
        yield ""
        yield from hints
