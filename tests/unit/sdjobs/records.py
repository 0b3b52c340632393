"""Records of jobs for tests, with everything that a test does not speak of left plain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from spacedrive_jobs import JobId, JobInfo, JobMetrics, JobStatus, ProgressView

JOB = JobId(UUID("01890000-0000-7000-8000-00003f2a91bc"))
THEN = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
NOW = THEN + timedelta(seconds=24)

_PLAIN = JobInfo(
    id=JOB,
    kind="example.count",
    version=1,
    description="",
    status=JobStatus.RUNNING,
    request=None,
    reason="",
    priority=0,
    attempt=1,
    errors=0,
    crashes=0,
    parent=None,
    created_at=THEN,
    due_at=None,
    started_at=THEN,
    finished_at=None,
    deadline=None,
    runner=None,
    handled=True,
    arguments={},
    output=None,
    error_type="",
    error_message="",
    error_traceback="",
    progress=None,
    view=ProgressView(),
    metrics=JobMetrics(),
)

TRANSFER = {"sources": ["/photos"], "destination": "/backup"}


def info(**changes: Any) -> JobInfo:
    """Of one attempt, where nothing else is said: it runs from the job's start to its end."""
    changes.setdefault("metrics", JobMetrics())
    started, finished = changes.get("started_at", THEN), changes.get("finished_at")
    if started is not None and finished is not None:
        changes.setdefault("ran", finished - started)
    elif changes.get("status", JobStatus.RUNNING) is JobStatus.RUNNING:
        changes.setdefault("running_since", started)
    return replace(_PLAIN, **changes)
