"""What there is to show of one job at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from spacedrive_jobs import JobId, JobStatus, ProgressView, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`note` is what the person at the keyboard must know now (it pauses, nobody runs it), empty mostly."""

    job: JobId
    title: str
    status: JobStatus
    request: Request | None = None
    reason: str = ""
    view: ProgressView = field(default_factory=ProgressView)
    trouble: str = ""
    note: str = ""
