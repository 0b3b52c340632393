"""From the packages' records to what the API says."""

from __future__ import annotations

import os
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sdjobs import clock
from sdjobs.describe import (
    amount,
    bytes_json,
    items_amount,
    plain_title,
    possible,
    rate,
    running_time,
    state_line,
    state_word,
    title_of,
    trouble,
    why,
)
from sdjobs.describe_statistics import sentence as statistics_sentence
from sdjobs.schedule_words import became, schedule_sentence
from sdjobs.text import counted, duration, percent, shown, shown_path, size, size_of
from sdjobs.web import wire
from spacedrive_jobs import (
    AttemptInfo,
    Durations,
    GenericProgress,
    ItemInfo,
    JobEvent,
    JobInfo,
    JobMetrics,
    JobSpeed,
    JobStatistics,
    JobStatus,
    KindInfo,
    LogLine,
    NoteInfo,
    ProgressView,
    QuestionInfo,
    RunnerInfo,
    ScheduleInfo,
    ScheduleRun,
)
from spacedrive_ops import DuplicateGroup, IndexedEntry, Location

_COUNTERS: Final = tuple(field.name for field in fields(JobMetrics))


def job(info: JobInfo, *, attended: bool, now: datetime | None = None) -> wire.Job:
    return wire.Job(**_job(info, attended, now or clock.now()))


def details(info: JobInfo, *, attended: bool) -> wire.JobDetails:
    return wire.JobDetails(
        **_job(info, attended, clock.now()),
        version=info.version,
        description=shown(info.description),
        runner=info.runner.hex() if info.runner else None,
        arguments=info.arguments,
        output=info.output,
        action=info.action,
        error=wire.Failure(type=info.error_type, message=info.error_message, traceback=info.error_traceback)
        if info.status is JobStatus.FAILED
        else None,
    )


def _job(info: JobInfo, attended: bool, now: datetime) -> dict[str, Any]:
    reason = shown(why(info, attended=attended))
    state = state_word(info.status, info.request)
    seconds = running_time(info, now)
    return {
        "id": str(info.id),
        "short_id": info.id.short,
        "kind": info.kind,
        "title": shown(plain_title(info)),
        "state": state,
        "why": reason,
        "sentence": f"{state}: {reason}" if reason else state,
        "trouble": trouble(info),
        "took": duration(seconds) if seconds is not None else "",
        "can": possible(info),
        "status": info.status.value,
        "request": info.request.value if info.request else None,
        "reason": shown(info.reason),
        "priority": info.priority,
        "attempt": info.attempt,
        "errors": info.errors,
        "crashes": info.crashes,
        "parent": str(info.parent) if info.parent else None,
        "retry_of": str(info.retry_of) if info.retry_of else None,
        "created_at": info.created_at,
        "due_at": info.due_at,
        "started_at": info.started_at,
        "finished_at": info.finished_at,
        "deadline": info.deadline,
        "seconds": seconds,
        "handled": info.handled,
        "held": info.held,
        "progress": progress(info.view, info.progress) if info.view != _NOTHING_SHOWN else _NO_PROGRESS,
        "counters": counters(info.metrics) if info.metrics != _NOTHING_COUNTED else _NO_COUNTERS,
    }


def progress(view: ProgressView, raw: object = None) -> wire.Progress:
    phases = [shown(name) for name, _ in raw.phases] if isinstance(raw, GenericProgress) else []
    return wire.Progress(
        fraction=view.fraction,
        growing=view.growing,
        catching_up=view.catching_up,
        phase=shown(view.phase),
        message=shown(view.message),
        current_path=shown(view.current_path),
        items_done=view.items_done,
        items_total=view.items_total,
        bytes_done=view.bytes_done,
        bytes_total=view.bytes_total,
        items_per_second=view.items_per_second,
        bytes_per_second=view.bytes_per_second,
        eta=view.eta,
        phases=phases,
        percent=percent(view.fraction) if view.fraction is not None else "",
        amount=amount(view),
        items=items_amount(view),
        rate=rate(view),
        left=f"{duration(view.eta)} left" if view.eta is not None else "",
    )


def counters(metrics: JobMetrics) -> wire.Counters:
    return wire.Counters(**{name: getattr(metrics, name) for name in _COUNTERS})


_NOTHING_SHOWN: Final = ProgressView()
_NO_PROGRESS: Final = progress(_NOTHING_SHOWN)
_NOTHING_COUNTED: Final = JobMetrics()
_NO_COUNTERS: Final = counters(_NOTHING_COUNTED)
"""What a job tells that has done nothing yet: of a list of waiting ones, a quarter of the work."""


def event(one: JobEvent) -> wire.Event:
    reason = shown(one.reason)
    return wire.Event(
        seq=one.seq,
        job=str(one.job),
        at=one.at,
        status=one.status.value,
        request=one.request.value if one.request else None,
        attempt=one.attempt,
        reason=reason,
        state=state_word(one.status, one.request),
        sentence=state_line(one.status, one.request, reason),
    )


def item(info: ItemInfo) -> wire.Item:
    return wire.Item(
        seq=info.seq, item=bytes_json(info.raw), shown=shown(info.item), outcome=info.outcome, reason=shown(info.reason)
    )


def note(info: NoteInfo) -> wire.Note:
    return wire.Note(seq=info.seq, at=info.at, level=info.level, message=shown(info.message))


def log_line(line: LogLine) -> wire.LogLine:
    return wire.LogLine(at=line.at, attempt=line.attempt, message=shown(line.message))


def attempt(info: AttemptInfo) -> wire.Attempt:
    return wire.Attempt(
        attempt=info.attempt,
        ended_at=info.ended_at,
        outcome=info.outcome,
        reason=shown(info.reason),
        error_type=info.error_type,
        error_traceback=info.error_traceback,
    )


def speed(one: JobSpeed) -> wire.Speed:
    return wire.Speed(
        at=one.at, seconds=one.seconds, bytes_per_second=one.bytes_per_second, items_per_second=one.items_per_second
    )


def question(info: QuestionInfo) -> wire.Question:
    return wire.Question(
        id=info.id,
        job=str(info.job),
        topic=shown(info.topic),
        text=shown(info.question),
        choices=list(info.choices),
        asked_at=info.asked_at,
    )


def kind(info: KindInfo) -> wire.Kind:
    return wire.Kind(
        kind=info.kind,
        version=info.version,
        description=info.description,
        aliases=list(info.aliases),
        source=info.source,
        schema=info.schema,
    )


def schedule(info: ScheduleInfo) -> dict[str, Any]:
    """The fields of wire.Schedule, which wire.ScheduleDetails has too."""
    return {
        "id": info.id,
        "kind": info.kind,
        "title": shown(title_of(info.kind, info.arguments)),
        "rule": info.rule,
        "sentence": schedule_sentence(info),
        "arguments": info.arguments,
        "misfire": info.misfire,
        "overlap": info.overlap,
        "paused": info.paused,
        "created_at": info.created_at,
        "next_run": info.next_run,
        "last_job": str(info.last_job) if info.last_job is not None else None,
        "when": info.when,
        "catch_up": info.catch_up,
        "jitter_seconds": info.jitter,
        "priority": info.priority,
    }


def statistics(one: JobStatistics) -> wire.KindStatistics:
    return wire.KindStatistics(
        kind=one.kind,
        start=one.start,
        end=one.end,
        sentence=statistics_sentence(one),
        completed=one.completed,
        failed=one.failed,
        cancelled=one.cancelled,
        attempts=one.attempts,
        errors=one.errors,
        retries=one.retries,
        crashes=one.crashes,
        bytes=one.bytes,
        items=one.items,
        items_per_second=one.items_per_second,
        wait=took(one.wait),
        run=took(one.run),
    )


def took(durations: Durations) -> wire.Took:
    return wire.Took(
        count=durations.count, total=durations.total, p50=durations.quantile(0.5), p95=durations.quantile(0.95)
    )


def schedule_run(run: ScheduleRun) -> wire.ScheduleRun:
    return wire.ScheduleRun(
        scheduled_at=run.scheduled_at,
        at=run.at,
        outcome=run.outcome,
        sentence=became(run),
        job=str(run.job) if run.job is not None else None,
        count=run.count,
    )


def runner(info: RunnerInfo) -> wire.Runner:
    return wire.Runner(
        id=info.id.hex(),
        mode=info.mode,
        pid=info.pid,
        host=shown(info.host),
        program=shown(info.program),
        started_at=info.started_at,
        state=info.state,
    )


def location(one: Location) -> wire.Location:
    indexed = datetime.fromtimestamp(one.indexed_ms / 1000, UTC) if one.indexed_ms is not None else None
    sentence = {"offline": "its disk is not there", "new": "not indexed yet"}.get(one.state, "")
    if not sentence and not one.complete:
        sentence = "not wholly indexed"
    return wire.Location(
        id=one.id,
        path=bytes_json(os.fsencode(one.path)),
        shown=path_words(one.path),
        state=one.state,
        complete=one.complete,
        indexed_at=indexed,
        sentence=sentence,
    )


def entry(one: IndexedEntry) -> wire.Entry:
    return wire.Entry(
        path=bytes_json(os.fsencode(one.path)),
        shown=path_words(one.path),
        name=shown(one.name),
        kind=one.kind.name.lower(),  # type: ignore[arg-type]  # the words of EntryKind
        category=one.category.name.lower(),
        size=one.size,
        size_words=size(one.size),
        modified_ns=one.modified_ns,
        modified_at=_moment(one.modified_ns),
        digest=one.digest.hex() if one.digest is not None else None,
    )


def duplicates(group: DuplicateGroup, files: list[wire.Entry]) -> wire.DuplicateGroup:
    return wire.DuplicateGroup(
        digest=group.digest.hex(),
        size=group.size,
        count=group.count,
        wasted=group.wasted,
        sentence=f"{counted(group.count, 'file')} of {size(group.size)}, {size(group.wasted)} could be saved",
        files=files,
    )


def path_words(path: Path) -> str:
    return shown_path(path)


def free_words(free: int, total: int) -> str:
    return f"{size_of(free, total)} free"


def _moment(nanoseconds: int) -> datetime | None:
    """None for a time that no calendar has."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return None
