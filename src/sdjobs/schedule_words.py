"""What is said of schedules, for the command line and the page."""

from __future__ import annotations

from sdjobs.text import counted, local_time
from spacedrive_jobs import ScheduleInfo, ScheduleRun


def next_run(info: ScheduleInfo) -> str:
    if info.paused:
        return "paused"
    return local_time(info.next_run) if info.next_run is not None else "no more"


def schedule_sentence(info: ScheduleInfo) -> str:
    """`every 6 hours, next 2026-11-26 03:00:00`."""
    if info.paused or info.next_run is None:
        return f"{info.rule}, {next_run(info)}"
    return f"{info.rule}, next {next_run(info)}"


def became(run: ScheduleRun) -> str:
    """What a time of a schedule came to."""
    if run.outcome == "missed":
        return f"missed ({counted(run.count, 'time')})"
    if run.outcome == "skipped":
        return "left out: the run before was unfinished"
    return f"job {run.job.short}" if run.job is not None else run.outcome
