"""What is said when a command's part in a job is over, and with which exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sdjobs.describe import amount, fields_of, has_item_errors, is_transfer, job_json, running_time
from sdjobs.exit_codes import ExitCode
from sdjobs.results import begins_again, is_plan, sentence
from sdjobs.settings import Settings
from sdjobs.text import counted, duration, percent, size
from spacedrive_jobs import JobInfo, JobStatus

SHORT: Final = 0.1
"""Seconds below which nobody asks how long it took."""


@dataclass(frozen=True, slots=True)
class Closing:
    """`lines` go to standard output, `complaint` to standard error."""

    exit_code: ExitCode
    lines: tuple[str, ...]
    complaint: tuple[str, ...] = ()


def exit_code_of(info: JobInfo) -> ExitCode:
    match info.status:
        case JobStatus.COMPLETED:
            return ExitCode.ITEM_ERRORS if has_item_errors(info) else ExitCode.DONE
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return ExitCode.FAILED
        case _:
            return ExitCode.INTERRUPTED


def closing(info: JobInfo, settings: Settings, now: datetime, *, stopped_by: str = "") -> Closing:
    """The last words on a job. `stopped_by` names the signal that ended this command's part in it."""
    code = exit_code_of(info)
    match info.status:
        case JobStatus.COMPLETED:
            return Closing(code, (_done(info, now), *_details(info, settings)))
        case JobStatus.FAILED:
            return Closing(code, (), (f"Error: {_failure(info)}", _story(info, settings)))
        case JobStatus.CANCELLED:
            because = f": {info.reason}" if info.reason else "."
            return Closing(code, (), (f"Cancelled{because}", _story(info, settings)))
        case JobStatus.PAUSED:
            return Closing(code, (f"Paused{_so_far(info)}.", _resume("Resume it", info, settings)))
        case JobStatus.RUNNING:
            watch = settings.command("jobs", "watch", info.id.short)
            return Closing(code, (f"Stopped watching{_by(stopped_by)}. The job goes on.", f"Watch it: {watch}"))
        case JobStatus.QUEUED:
            stopped = f"Stopped{_by(stopped_by)}{_so_far(info)}."
            return Closing(
                code,
                (stopped, "The job is queued and goes on with the next worker.", _resume("Or now", info, settings)),
            )


def say(end: Closing, info: JobInfo, settings: Settings) -> ExitCode:
    """Print the last words in the form that was asked for."""
    if settings.json:
        settings.out.document({"type": "ended", "job": job_json(info), "exit_code": int(end.exit_code)})
        return end.exit_code
    for line in end.lines:
        settings.out.line(line)
    for line in end.complaint:
        settings.err.line(line)
    return end.exit_code


def _done(info: JobInfo, now: datetime) -> str:
    if is_transfer(info) and (told := _transferred(info)):
        return f"{told}{_in_time(info, now)}."
    if told := sentence(info):
        return f"{told}{_in_time(info, now)}."
    view = info.view
    amounts = [
        size(view.bytes_done) if view.bytes_done is not None else "",
        counted(view.items_done, "item") if view.items_done is not None else "",
    ]
    done = ", ".join(filter(None, amounts))
    return f"Done: {done}{_in_time(info, now)}." if done else f"Done{_in_time(info, now)}."


def _transferred(info: JobInfo) -> str:
    """What a copy or a move says of itself: `Copied 20,001 items, 2.0 GB`; empty where it says nothing of the kind."""
    output = fields_of(info.output)
    for verb in ("copied", "moved"):
        count, total = output.get(f"{verb}_count"), output.get("total_bytes")
        if isinstance(count, int) and isinstance(total, int):
            return f"{verb.capitalize()} {counted(count, 'item')}, {size(total)}" if count else f"Nothing was {verb}"
    return ""


def _in_time(info: JobInfo, now: datetime) -> str:
    if info.attempt > 1:
        return f" in {info.attempt} attempts"
    seconds = running_time(info, now)
    return f" in {duration(seconds)}" if seconds is not None and seconds >= SHORT else ""


def _details(info: JobInfo, settings: Settings) -> list[str]:
    """What was left out or went wrong, each with the command that lists it; and what the job gave."""
    metrics = info.metrics
    lines: list[str] = []
    for count, words, outcome in (
        (metrics.items_error, "failed", "error"),
        (metrics.items_skipped, "skipped", "skipped"),
        (metrics.items_warning, "with a warning", "warning"),
    ):
        if count:
            listing = settings.command("jobs", "items", info.id.short, "--outcome", outcome)
            lines.append(f"{counted(count, 'item')} {words}: {listing}")
    if metrics.items_error and info.status is JobStatus.COMPLETED and not is_plan(info):
        lines.append(
            f"To do these again: {settings.command('jobs', 'retry', info.id.short, '--follow', needs_code=True)}"
        )
    notes = [counted(metrics.errors, "error") if metrics.errors else ""]
    notes.append(counted(metrics.warnings, "warning") if metrics.warnings else "")
    if any(notes):
        lines.append(f"{', '.join(filter(None, notes))}: {settings.command('jobs', 'show', info.id.short)}")
    if info.output is not None and not is_transfer(info) and not sentence(info):
        lines.append(f"Output: {json.dumps(info.output, ensure_ascii=False, default=str)}")
    return lines


def _failure(info: JobInfo) -> str:
    return f"{info.kind} {info.id.short} failed: {info.error_message or info.reason or info.error_type}"


def _story(info: JobInfo, settings: Settings) -> str:
    return f"  Its story: {settings.command('jobs', 'show', info.id.short)}"


def _so_far(info: JobInfo) -> str:
    view = info.view
    done = [f" at {percent(view.fraction)}" if view.fraction is not None else "", amount(view)]
    return ", ".join(filter(None, done))


def _resume(words: str, info: JobInfo, settings: Settings) -> str:
    command = settings.command("jobs", "resume", info.id.short, "--follow", needs_code=True)
    again = ", or give the same command again" if begins_again(info) else ""
    return f"{words}: {command}{again}"


def _by(signal: str) -> str:
    return f" by {signal}" if signal else ""
