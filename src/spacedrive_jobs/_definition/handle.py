"""Handles: one job as seen from outside. `_runtime/handle.py` implements them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Generic, TypeVar

from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._model.updates import JobUpdate

OutT_co = TypeVar("OutT_co", covariant=True)


class JobHandle(ABC, Generic[OutT_co]):
    """One dispatched job. Works from any process that has the library open."""

    @property
    @abstractmethod
    def id(self) -> JobId: ...

    @abstractmethod
    async def status(self) -> JobStatus:
        """The stored status. Raises JobNotFound, JobGone."""

    @abstractmethod
    async def wait(self, *, timeout: float | None = None) -> OutT_co:
        """The job's output, once it has completed.

        Raises JobFailed, JobCancelled, JobNotFound, JobGone; TimeoutError after `timeout` seconds. Cancelling the
        waiting task never cancels the job. Warns (RuntimeWarning) when no runner lives that could run it.
        """

    @abstractmethod
    def subscribe(self) -> AsyncIterator[JobUpdate[OutT_co]]:
        """Updates from now on, ending with Completed, Failed or Cancelled. Never slows the job.

        The present status comes first. Changes of status are never left out; progress is conflated.
        """

    @abstractmethod
    async def pause(self) -> None:
        """Ask a queued or running job to pause; returns when the request is stored. It stays paused over restarts.

        Raises TransitionRefused if the job has ended or is not resumable.
        """

    @abstractmethod
    async def paused(self) -> None:
        """Wait until the job is paused. Raises TransitionRefused if it ends instead."""

    @abstractmethod
    async def resume(self) -> None:
        """Put a paused job first in line. A pending pause request is taken back. Raises TransitionRefused."""

    @abstractmethod
    async def cancel(self, reason: str = "") -> None:
        """Ask the job to stop for good; returns when stored. A job that has ended is left as it is."""

    @abstractmethod
    async def abort(self, reason: str = "") -> None:
        """Cancel without waiting for the job's code: the task is cancelled, the child process killed."""

    @abstractmethod
    async def retry(self) -> JobHandle[OutT_co]:
        """Do an ended job again, as a new job that starts from its last checkpoint, kept rows and finished steps.

        Its children that completed count as the new one's. A job that completed although items failed starts anew, and
        `ctx.failed_before` tells it which: the file jobs then do those alone. Raises TransitionRefused if the job has
        not ended, or has completed without such items; JobGone if it was pruned.
        """

    @abstractmethod
    async def set_priority(self, priority: int) -> None:
        """Of the job and its unfinished descendants. Raises TransitionRefused if it has ended."""

    @abstractmethod
    async def put_first(self) -> None:
        """Put a queued job before all others of its priority. Raises TransitionRefused if it does not wait."""


class BlockingJobHandle(ABC, Generic[OutT_co]):
    """JobHandle for programs without asyncio: the same verbs, not awaited."""

    @property
    @abstractmethod
    def id(self) -> JobId: ...

    @abstractmethod
    def status(self) -> JobStatus:
        """As JobHandle.status."""

    @abstractmethod
    def wait(self, *, timeout: float | None = None) -> OutT_co:
        """As JobHandle.wait."""

    @abstractmethod
    def subscribe(self) -> Iterator[JobUpdate[OutT_co]]:
        """As JobHandle.subscribe."""

    @abstractmethod
    def pause(self) -> None:
        """As JobHandle.pause."""

    @abstractmethod
    def paused(self) -> None:
        """As JobHandle.paused."""

    @abstractmethod
    def resume(self) -> None:
        """As JobHandle.resume."""

    @abstractmethod
    def cancel(self, reason: str = "") -> None:
        """As JobHandle.cancel."""

    @abstractmethod
    def abort(self, reason: str = "") -> None:
        """As JobHandle.abort."""

    @abstractmethod
    def retry(self) -> BlockingJobHandle[OutT_co]:
        """As JobHandle.retry."""

    @abstractmethod
    def set_priority(self, priority: int) -> None:
        """As JobHandle.set_priority."""

    @abstractmethod
    def put_first(self) -> None:
        """As JobHandle.put_first."""
