"""What is said of a job: pure functions from its record to words and to JSON."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias, cast

from sdjobs.text import counted, duration, percent, size, size_of
from spacedrive_jobs import ItemInfo, JobEvent, JobInfo, JobStatus, LogLine, NoteInfo, ProgressView, Request, RunnerInfo

Json: TypeAlias = dict[str, object]

_ASKED = {Request.PAUSE: "pausing", Request.CANCEL: "cancelling", Request.ABORT: "aborting"}

_EMPTY_WORDS = frozenset({"", *(status.value for status in JobStatus), *_ASKED.values()})
"""Reasons that say no more than the status beside them."""


def state_word(status: JobStatus, request: Request | None) -> str:
    """The stored status, or what a running job was asked to do."""
    if request is not None and not status.is_terminal:
        return _ASKED[request]
    return status.value


_NO_HANDLER: Final = "waits for a handler"
"""True of this process; the worker may know the kind."""

NOBODY: Final = "waits for a worker: none runs"


def why(info: JobInfo, *, attended: bool = True) -> str:
    """Why the job is as it is, in one sentence; empty where there is nothing to say.

    `attended`: some process runs this library's queue.
    """
    if info.status is JobStatus.QUEUED and not attended:
        return NOBODY
    if info.status is JobStatus.FAILED:
        return info.error_message or info.reason
    if info.status is JobStatus.COMPLETED:
        return trouble(info)
    if info.status is JobStatus.QUEUED and not info.handled and info.reason.startswith(_NO_HANDLER):
        return "waits for a worker that is free and knows this kind"
    return "" if info.reason in _EMPTY_WORDS else info.reason


def state_line(status: JobStatus, request: Request | None, reason: str) -> str:
    """`queued: the process that ran it died`, `paused`."""
    word = state_word(status, request)
    return word if reason in _EMPTY_WORDS else f"{word}: {reason}"


def trouble(info: JobInfo) -> str:
    """`2 items failed, 3 warnings`; empty where all is well."""
    parts = [
        counted(info.metrics.items_error, "item") + " failed" if info.metrics.items_error else "",
        counted(info.metrics.errors, "error") if info.metrics.errors else "",
        counted(info.metrics.warnings + info.metrics.items_warning, "warning")
        if info.metrics.warnings or info.metrics.items_warning
        else "",
    ]
    return ", ".join(filter(None, parts))


def has_item_errors(info: JobInfo) -> bool:
    return bool(info.metrics.items_error or info.metrics.errors)


def amount(view: ProgressView) -> str:
    """How much is done: bytes where they are counted, else items."""
    return bytes_amount(view) or items_amount(view)


def bytes_amount(view: ProgressView) -> str:
    if view.bytes_done is None:
        return ""
    if view.bytes_total is None:
        return size(view.bytes_done)
    return size_of(view.bytes_done, view.bytes_total, view.growing)


def items_amount(view: ProgressView) -> str:
    if view.items_done is None:
        return ""
    if view.items_total is None:
        return counted(view.items_done, "item")
    return f"{view.items_done:,} of {counted_so_far(view.items_total, view.growing)}"


def counted_so_far(total: int, growing: bool) -> str:
    """`20,001 items`, with a `+` where more may be found."""
    return f"{total:,}+ items" if growing else counted(total, "item")


def rate(view: ProgressView) -> str:
    if view.bytes_per_second is not None:
        return size(view.bytes_per_second) + "/s"
    if view.items_per_second is not None:
        return f"{view.items_per_second:,.{0 if view.items_per_second >= 10 else 1}f} items/s"
    return ""


def progress_words(view: ProgressView) -> str:
    """For a table's cell: `62 %  1.2 of 2.0 GB`."""
    return "  ".join(filter(None, [percent(view.fraction) if view.fraction is not None else "", amount(view)]))


def running_time(info: JobInfo, now: datetime) -> float | None:
    """Seconds that it ran, over all attempts, to now where it runs; None if it never began."""
    if info.started_at is None:
        return None
    present = max(now - info.running_since, timedelta(0)) if info.running_since is not None else timedelta(0)
    return (info.ran + present).total_seconds()


def took(info: JobInfo, now: datetime) -> str:
    seconds = running_time(info, now)
    return "" if seconds is None else duration(seconds)


def title(info: JobInfo) -> str:
    """What the job does, in one line: for a copy or a move its sources and its destination."""
    return title_of(info.kind, info.arguments)


def title_of(kind: str, arguments: object) -> str:
    """As `title`, of a job that is not there yet."""
    transfer = _transfer(arguments)
    if kind == "copy_plan" and transfer:
        planned = "move" if fields_of(arguments).get("moving") else "copy"
        return f"Plan: {transfer_title(planned, *transfer)}"
    if transfer:
        return transfer_title(kind, *transfer)
    subject = _subject(fields_of(arguments)) if kind in VERBS else ""
    return f"{VERBS[kind]} {subject}" if subject else kind


def plain_title(info: JobInfo) -> str:
    """The title for who sees no table of kinds: for a kind's own name, which is a code, what such a job does."""
    said = title(info)
    return said if said != info.kind else info.description.partition("\n")[0].rstrip(".") or said


def brief_title(info: JobInfo) -> str:
    """As `plain_title`, with only the last names of paths: for where there is little room."""
    transfer = _transfer(info.arguments)
    if transfer and info.kind != "copy_plan":
        sources, destination = transfer
        return transfer_title(info.kind, [_last_name(source) for source in sources], _last_name(destination))
    subject = _subject(fields_of(info.arguments)) if info.kind in VERBS else ""
    return f"{VERBS[info.kind]} {_last_name(subject)}" if subject else plain_title(info)


def _last_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


DONE: Final = {
    "pause": "paused or pausing",
    "resume": "resumed",
    "cancel": "cancelled or cancelling",
    "abort": "aborted or aborting",
    "retry": "to be done again",
    "clear": "deleted from the history",
}
"""What follows `3 jobs` when this was asked of all that a filter means."""


def possible(info: JobInfo) -> list[str]:
    """What may be asked of a job in its status. Its kind may still refuse: one that cannot be resumed is not paused."""
    match info.status:
        case JobStatus.QUEUED:
            return ["pause", "cancel", "abort", "front"] if info.request is None else ["abort"]
        case JobStatus.RUNNING if info.request is None:
            return ["pause", "cancel", "abort"]
        case JobStatus.RUNNING:
            return ["resume", "cancel", "abort"] if info.request is Request.PAUSE else ["abort"]
        case JobStatus.PAUSED:
            return ["resume", "cancel", "abort"]
        case JobStatus.COMPLETED:
            return ["retry"] if info.metrics.items_error else []
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return ["retry"]


def queue_sentence(
    counts: Mapping[JobStatus, int], *, everything_paused: bool, attended: bool, full: bool = False
) -> str:
    """What goes on in a library, in one sentence. `full`: its disk has no room for the state of its jobs."""
    queued, running = counts[JobStatus.QUEUED], counts[JobStatus.RUNNING]
    runs, run = ("holds still", "hold still") if full else ("runs", "run")
    said = _shares(
        (running, runs, run), (queued, "waits", "wait"), (counts[JobStatus.PAUSED], "is paused", "are paused")
    )
    if full:
        return f"The library's disk is full: {said}."
    if everything_paused:
        return f"All is paused; {said}."
    if queued and not running and not attended:
        return f"Nobody runs the jobs of this library; {said}."
    return said[0].upper() + said[1:] + "."


def _shares(*shares: tuple[int, str, str]) -> str:
    """`4 jobs run, 9,998 wait, 1 is paused`; of how many is said once."""
    there = [(count, one if count == 1 else many) for count, one, many in shares if count]
    if not there:
        return "nothing to do"
    (first, does), *rest = there
    return ", ".join([f"{counted(first, 'job')} {does}", *(f"{count:,} {do}" for count, do in rest)])


VERBS: Final = {
    "backup_files": "Back up",
    "file_delete": "Delete",
    "hash": "Take fingerprints of",
    "index_verify": "Compare the index with",
    "indexer": "Index",
    "thumbnails": "Make thumbnails of",
    "transcode": "Convert",
    "validate": "Look for damage in",
}
"""What jobs of a kind do to the one thing that they are given."""


def _subject(fields: Mapping[str, object]) -> str:
    """The file or folder that a job is about, or how many; empty where it names none."""
    paths = fields.get("paths")
    if isinstance(paths, list | tuple):
        named = cast("list[object]", paths)
        return path_text(named[0]) if len(named) == 1 else f"{len(named):,} files and folders" if named else ""
    one = fields.get("root", fields.get("source"))
    return path_text(one) if one is not None else ""


def is_transfer(info: JobInfo) -> bool:
    return _transfer(info.arguments) is not None


def _transfer(arguments: object) -> tuple[list[str], str] | None:
    """Sources and destination, where the job has these arguments."""
    fields = fields_of(arguments)
    sources, destination = fields.get("sources"), fields.get("destination")
    if not isinstance(sources, list | tuple) or destination is None:
        return None
    located = fields.get("located")
    more = cast("list[object]", located) if isinstance(located, list | tuple) else []
    named = [path_text(source) for source in cast("list[object]", sources)]
    return named + [_located_text(source) for source in more], path_text(destination)


def _located_text(value: object) -> str:
    """A path on a disk, or in an indexed folder, as it is typed: `location://3/holiday`."""
    fields = fields_of(value)
    place, path = fields.get("place", ""), path_text(fields.get("path", ""))
    return f"{fields.get('kind', '')}://{place}/{path}"


def transfer_title(kind: str, sources: list[str], destination: str) -> str:
    verb = "Move" if "move" in kind else "Copy"
    what = sources[0] if len(sources) == 1 else f"{len(sources)} sources"
    return f"{verb} {what} to {destination}"


def path_text(value: object) -> str:
    """A path as JSON holds it: a string, or `{"bytes": base64}` where it is not UTF-8."""
    raw = fields_of(value).get("bytes")
    return os.fsdecode(base64.b64decode(raw)) if isinstance(raw, str) else str(value)


def fields_of(value: object) -> dict[str, object]:
    """A JSON object's fields; none for any other value."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


# ---- JSON


def job_json(info: JobInfo) -> Json:
    return {
        "id": str(info.id),
        "short_id": info.id.short,
        "kind": info.kind,
        "version": info.version,
        "description": info.description,
        "status": info.status.value,
        "request": info.request.value if info.request else None,
        "reason": info.reason,
        "priority": info.priority,
        "attempt": info.attempt,
        "errors": info.errors,
        "crashes": info.crashes,
        "parent": str(info.parent) if info.parent else None,
        "created_at": moment_json(info.created_at),
        "due_at": moment_json(info.due_at),
        "started_at": moment_json(info.started_at),
        "finished_at": moment_json(info.finished_at),
        "deadline": moment_json(info.deadline),
        "runner": info.runner.hex() if info.runner else None,
        "handled": info.handled,
        "arguments": info.arguments,
        "output": info.output,
        "error": _error_json(info),
        "progress": progress_json(info.view),
        "counters": {name: getattr(info.metrics, name) for name in COUNTERS},
    }


COUNTERS = (
    "bytes_processed", "items_processed", "items_ok", "items_skipped", "items_warning", "items_error",
    "warnings", "errors",
)  # fmt: skip


def _error_json(info: JobInfo) -> Json | None:
    if info.status is not JobStatus.FAILED:
        return None
    return {"type": info.error_type, "message": info.error_message, "traceback": info.error_traceback}


def progress_json(view: ProgressView) -> Json:
    return {name: getattr(view, name) for name in PROGRESS_FIELDS}


PROGRESS_FIELDS = (
    "fraction", "growing", "catching_up", "phase", "message", "current_path", "items_done", "items_total",
    "bytes_done", "bytes_total", "items_per_second", "bytes_per_second", "eta",
)  # fmt: skip


def moment_json(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def event_json(event: JobEvent) -> Json:
    return {
        "seq": event.seq,
        "job": str(event.job),
        "at": moment_json(event.at),
        "status": event.status.value,
        "request": event.request.value if event.request else None,
        "attempt": event.attempt,
        "reason": event.reason,
    }


def note_json(note: NoteInfo) -> Json:
    return {"seq": note.seq, "at": moment_json(note.at), "level": note.level, "message": note.message}


def item_json(item: ItemInfo) -> Json:
    return {
        "seq": item.seq,
        "item": bytes_json(item.raw),
        "shown": item.item,
        "outcome": item.outcome,
        "reason": item.reason,
    }


def bytes_json(raw: bytes) -> object:
    """A name as JSON: a string, or its bytes in base64 where it is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(raw).decode()}


def log_json(line: LogLine) -> Json:
    return {"at": moment_json(line.at), "attempt": line.attempt, "message": line.message}


def runner_json(runner: RunnerInfo) -> Json:
    return {
        "id": runner.id.hex(),
        "mode": runner.mode,
        "pid": runner.pid,
        "host": runner.host,
        "program": runner.program,
        "started_at": moment_json(runner.started_at),
        "state": runner.state,
    }
