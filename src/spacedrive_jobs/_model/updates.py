"""What a subscriber of a job receives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar, Union, final

from spacedrive_jobs._model.errors import JobFailed
from spacedrive_jobs._model.progress import Progress, ProgressView
from spacedrive_jobs._model.status import JobStatus

OutT = TypeVar("OutT")
OutT_co = TypeVar("OutT_co", covariant=True)


@final
@dataclass(frozen=True, slots=True)
class ProgressChanged:
    """The newest progress; values in between may have been left out. `view` is what to show."""

    progress: Progress
    view: ProgressView = field(default_factory=ProgressView)


@final
@dataclass(frozen=True, slots=True)
class StatusChanged:
    """One change of status or of what is asked of the job; none is ever left out."""

    status: JobStatus
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Completed(Generic[OutT_co]):
    output: OutT_co


@final
@dataclass(frozen=True, slots=True)
class Failed:
    error: JobFailed


@final
@dataclass(frozen=True, slots=True)
class Cancelled:
    reason: str


JobOutcome: TypeAlias = Union[Completed[OutT], Failed, Cancelled]
JobUpdate: TypeAlias = Union[ProgressChanged, StatusChanged, Completed[OutT], Failed, Cancelled]
