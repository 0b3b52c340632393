"""From stored rows to what people see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from spacedrive_jobs._definition.codec import printable
from spacedrive_jobs._definition.definition import JobDefinition, plain_value
from spacedrive_jobs._definition.progress_codec import decode_progress, decode_view
from spacedrive_jobs._definition.registry import Registry
from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.progress import ProgressView
from spacedrive_jobs._model.questions import QuestionInfo
from spacedrive_jobs._model.record import ItemInfo, JobInfo, KindInfo, KindLoad, RunnerInfo
from spacedrive_jobs._model.status import JobStatus, Request
from spacedrive_jobs._runtime import presence, processes
from spacedrive_jobs._runtime.attempt import decode_metrics
from spacedrive_jobs._store import rescue
from spacedrive_jobs._store.rows import JobRow
from spacedrive_jobs._store.steps import QuestionRow

NOTHING_SHOWN: Final = ProgressView()
"""Of a job that has said nothing yet: one for all of them."""

REQUESTED = {Request.PAUSE: "pausing", Request.CANCEL: "cancelling", Request.ABORT: "aborting"}


def job_info(row: JobRow, registry: Registry, why: str) -> JobInfo:
    """`why`: what keeps the job, where it is queued and something does."""
    definition = registry.get(row.kind)
    handled = definition is not None and definition.understands(row.version)
    return JobInfo(
        id=row.id,
        kind=row.kind,
        version=row.version,
        description=definition.description if definition is not None else "",
        status=row.status,
        request=row.request,
        reason=_reason(row, definition, handled, why),
        priority=row.priority,
        attempt=row.attempt,
        errors=row.errors,
        crashes=row.crashes,
        parent=row.parent,
        retry_of=row.retry_of,
        action=plain_value(row.action) if row.action is not None else None,
        created_at=to_datetime(row.created_at),
        due_at=to_datetime(row.due_at) if row.due_at is not None else None,
        started_at=to_datetime(row.started_at) if row.started_at is not None else None,
        finished_at=to_datetime(row.finished_at) if row.finished_at is not None else None,
        deadline=to_datetime(row.deadline_at) if row.deadline_at is not None else None,
        runner=row.runner,
        handled=handled,
        arguments=_arguments(row, definition if handled else None),
        output=_output(row, definition),
        error_type=row.error_type,
        error_message=row.error_message,
        error_traceback=row.error_traceback,
        progress=decode_progress(row.progress) if row.progress is not None else None,
        view=decode_view(row.view) if row.view is not None else NOTHING_SHOWN,
        metrics=decode_metrics(row.metrics),
        held=row.held,
        ran=timedelta(milliseconds=row.ran_ms),
        running_since=to_datetime(row.claimed_at) if row.claimed_at is not None else None,
    )


def _reason(row: JobRow, definition: JobDefinition | None, handled: bool, why: str) -> str:
    """Why the job is in its status, in words."""
    if row.status is JobStatus.QUEUED:
        if why:  # known of any kind
            return why
        if definition is None:
            return f"waits for a handler: no job of kind {row.kind!r} is registered here"
        if not handled:
            return f"waits for a handler: it has version {row.version}, this process knows {definition.version}"
        return row.reason or "waits for its turn"
    if row.status is JobStatus.RUNNING and row.request is not None:
        return REQUESTED[row.request]
    return row.reason


def _arguments(row: JobRow, definition: JobDefinition | None) -> object:
    """`definition`: one that understands the row's version."""
    if definition is not None:
        return definition.arguments_to_plain(row.arguments, row.version)
    return plain_value(row.arguments)


def _output(row: JobRow, definition: JobDefinition | None) -> object:
    if row.output is None:
        return None
    return definition.output_to_plain(row.output) if definition is not None else plain_value(row.output)


def question_info(row: QuestionRow) -> QuestionInfo:
    choices: Any = plain_value(row.choices)
    return QuestionInfo(
        id=row.id.hex(),
        job=JobId.from_bytes(row.job),
        key=row.key,
        topic=row.topic,
        question=printable(row.question),
        choices=tuple(choices or ()),
        asked_at=to_datetime(row.asked_at),
        answer=plain_value(row.answer) if row.answer is not None else None,
        answered_at=to_datetime(row.answered_at) if row.answered_at is not None else None,
        answered_by=row.answered_by,
    )


def item_info(item: ItemInfo) -> ItemInfo:
    return replace(item, item=printable(item.raw))


def runner_info(row: rescue.RunnerRow, run_folder: Path) -> RunnerInfo:
    """A runner, with what its lock and its process say of it. Blocking."""
    path = presence.runner_path(run_folder, row.id)
    pulse = presence.read_pulse(path)
    state: Any = "alive"
    if not presence.is_held(path):
        state = "dead"
    elif processes.is_stopped(row.process):
        state = "stopped"
    elif pulse is not None and pulse.no_space:
        state = "no_space"
    elif pulse is not None and pulse.blocked:
        state = "silent"
    return RunnerInfo(row.id, row.mode, row.process.pid, row.host, row.program, to_datetime(row.opened_at), state)


def kind_info(definition: JobDefinition) -> KindInfo:
    return KindInfo(
        definition.kind,
        definition.version,
        definition.description,
        definition.aliases,
        definition.source,
        definition.arguments_schema(),
    )


def kind_loads(rows: Iterable[tuple[str, int, str, int, int]], registry: Registry) -> list[KindLoad]:
    """From `reads.load`, whose rows of one kind are together."""
    found: dict[str, KindLoad] = {}
    for kind, version, status, count, oldest in rows:
        load = found.setdefault(kind, KindLoad(kind=kind))
        load = replace(load, **{status: getattr(load, status) + count})
        if status == "queued":
            definition = registry.get(kind)
            handled = definition is not None and definition.understands(version)
            since = [to_datetime(oldest), *([load.oldest_queued] if load.oldest_queued is not None else [])]
            load = replace(load, unhandled=load.unhandled + (0 if handled else count), oldest_queued=min(since))
        found[kind] = load
    return list(found.values())
