"""What is said of statistics: pure functions from the records to words, to JSON, and to the columns of a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sdjobs.describe import Json, moment_json
from sdjobs.text import duration, size
from spacedrive_jobs import Durations, JobStatistics

HOURLY_FOR: Final = timedelta(days=2)
"""Spans up to this are shown by the hour."""
DAILY_FOR: Final = timedelta(days=62)


def statistics_json(one: JobStatistics) -> Json:
    return {
        "kind": one.kind,
        "start": moment_json(one.start),
        "end": moment_json(one.end),
        "completed": one.completed,
        "failed": one.failed,
        "cancelled": one.cancelled,
        "attempts": one.attempts,
        "errors": one.errors,
        "retries": one.retries,
        "crashes": one.crashes,
        "bytes": one.bytes,
        "items": one.items,
        "items_per_second": one.items_per_second,
        "wait": durations_json(one.wait),
        "run": durations_json(one.run),
    }


def durations_json(durations: Durations) -> Json:
    """Seconds."""
    return {
        "count": durations.count,
        "total": durations.total,
        "p50": durations.quantile(0.5),
        "p95": durations.quantile(0.95),
        "buckets": [{"up_to": bound, "count": count} for bound, count in durations.buckets],
    }


def seconds(value: float | None) -> str:
    """Of a quantile; short times in milliseconds."""
    if value is None:
        return "-"
    return f"{value * 1000:.0f} ms" if value < 0.9995 else duration(value)


def sentence(one: JobStatistics) -> str:
    """`12 completed, 1 failed; half took up to 2 s, 95 % up to 9 s`."""
    ended = [
        f"{count:,} {word}"
        for count, word in ((one.completed, "completed"), (one.failed, "failed"), (one.cancelled, "cancelled"))
        if count
    ]
    said = ", ".join(ended) or "none ended"
    if not one.run.count:
        return said
    return f"{said}; half took up to {seconds(one.run.quantile(0.5))}, 95 % up to {seconds(one.run.quantile(0.95))}"


def rate(one: JobStatistics) -> str:
    per_second = one.items_per_second
    return "-" if per_second is None else f"{per_second:,.1f}" if per_second < 100 else f"{per_second:,.0f}"


def amount(count: int) -> str:
    return size(count) if count else "-"


@dataclass(frozen=True, slots=True)
class Span:
    """A column of the plot."""

    start: datetime
    finished: int
    failed: int


@dataclass(frozen=True, slots=True)
class Spans:
    """`each`: "hour", "day" or "week"."""

    each: str
    columns: tuple[Span, ...]


def spans(statistics: Sequence[JobStatistics], since: datetime, until: datetime) -> Spans:
    """By the hours, days or weeks of this machine's zone, those in which nothing ended among them."""
    each, length = _each(until - since)
    start = since.astimezone()
    start = start.replace(minute=0, second=0, microsecond=0)
    if each != "hour":
        start = start.replace(hour=0)
    count = max(1, -int((start - until) // length))
    finished, failed = [0] * count, [0] * count
    for one in statistics:
        place = min(max(int((one.start - start) // length), 0), count - 1)
        finished[place] += one.finished
        failed[place] += one.failed
    return Spans(each, tuple(Span(start + place * length, finished[place], failed[place]) for place in range(count)))


def _each(span: timedelta) -> tuple[str, timedelta]:
    if span <= HOURLY_FOR:
        return "hour", timedelta(hours=1)
    if span <= DAILY_FOR:
        return "day", timedelta(days=1)
    return "week", timedelta(weeks=1)
