"""Everything that a library knows of its jobs, record by record: no more of it is in memory than a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Final

from sdjobs.describe import COUNTERS, Json, item_json, job_json
from sdjobs.describe_statistics import statistics_json
from spacedrive_jobs import JobInfo, JobStatus, JobSystem

PAGE: Final = 500
UNFINISHED: Final = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)
ENDED: Final = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

COUNTED: Final = tuple({"errors": "noted_errors", "warnings": "noted_warnings"}.get(name, name) for name in COUNTERS)
"""The counters as columns: `errors` of a job is how often its code failed."""
JOB_COLUMNS: Final = (
    "id", "kind", "version", "status", "request", "reason", "priority", "attempt", "errors", "crashes", "parent",
    "created_at", "due_at", "started_at", "finished_at", "deadline", *COUNTED, "error_type", "error_message",
    "arguments", "output",
)  # fmt: skip
ITEM_COLUMNS: Final = ("job", "kind", "seq", "item", "outcome", "reason")
STATISTICS_COLUMNS: Final = (
    "kind", "start", "end", "completed", "failed", "cancelled", "attempts", "errors", "retries", "crashes", "bytes",
    "items", "started", "wait_total", "wait_p50", "wait_p95", "run_total", "run_p50", "run_p95",
)  # fmt: skip

Records = AsyncIterator[tuple[Json, Json]]
"""Each record twice: as JSON, with all that is in it, and flat, for the columns of a table."""


async def jobs(system: JobSystem, kind: str | None) -> Records:
    """Unfinished ones, the newest first."""
    async for info in _infos(system, UNFINISHED, kind):
        yield job_json(info), _flat(info)


async def history(system: JobSystem, kind: str | None) -> Records:
    """Ended ones, the newest first."""
    async for info in _infos(system, ENDED, kind):
        yield job_json(info), _flat(info)


async def items(system: JobSystem, kind: str | None) -> Records:
    """Of all jobs; a job's own in the order in which they were recorded."""
    async for info in _infos(system, (), kind):
        after: str | None = None
        while True:
            page = await system.items(info.id, limit=PAGE, after=after)
            for item in page.rows:
                record = {"job": str(info.id), "kind": info.kind, **item_json(item)}
                yield record, {**record, "item": item.item}
            after = page.next
            if after is None:
                break


async def statistics(system: JobSystem, kind: str | None) -> Records:
    """Each hour or day of each kind, the oldest first."""
    for one in await system.statistics(kind=kind):
        record = statistics_json(one)
        flat = {**record, "started": one.run.count}
        for name, durations in (("wait", one.wait), ("run", one.run)):
            flat[f"{name}_total"] = durations.total
            flat[f"{name}_p50"], flat[f"{name}_p95"] = durations.quantile(0.5), durations.quantile(0.95)
        yield record, flat


WHAT: Final[dict[str, tuple[Callable[[JobSystem, str | None], Records], Sequence[str]]]] = {
    "jobs": (jobs, JOB_COLUMNS),
    "history": (history, JOB_COLUMNS),
    "items": (items, ITEM_COLUMNS),
    "statistics": (statistics, STATISTICS_COLUMNS),
}
"""What can be exported, and its columns in a table."""


async def _infos(system: JobSystem, statuses: Collection[JobStatus], kind: str | None) -> AsyncIterator[JobInfo]:
    after: str | None = None
    while True:
        page = await system.list(statuses=statuses or None, kind=kind, limit=PAGE, after=after)
        for info in page.rows:
            yield info
        after = page.next
        if after is None:
            return


def _flat(info: JobInfo) -> Json:
    counters = {column: getattr(info.metrics, name) for column, name in zip(COUNTED, COUNTERS, strict=True)}
    return {**job_json(info), **counters, "error_type": info.error_type, "error_message": info.error_message}
