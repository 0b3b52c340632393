"""Whether a job that a file is named for may still need it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from spacedrive_jobs import AmbiguousJobId, JobContext, JobNotFound, JobStatus

UNFINISHED: Final = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)


class Owner(Enum):
    """`ALIVE`: it has not ended, or that cannot be told. `ENDED`: by this library's history. `UNKNOWN`: no job of this
    library, or one that its history has forgotten; it may be another library's."""

    ALIVE = "alive"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Owners:
    """Jobs by their short ids, each looked up once."""

    def __init__(self, ctx: JobContext[Any]) -> None:
        self._ctx = ctx
        self._known: dict[str, Owner] = {ctx.id.short: Owner.ALIVE}

    async def spare_what_is_done_again(self, kinds: Iterable[str]) -> None:
        """An unfinished job that does an ended one again may go on with what that one had begun."""
        jobs = self._ctx.library.jobs
        for kind in kinds:
            after: str | None = None
            while True:
                page = await jobs.list(statuses=UNFINISHED, kind=kind, after=after)
                for info in page.rows:
                    earlier = info.retry_of
                    while earlier is not None:
                        self._known[earlier.short] = Owner.ALIVE
                        try:
                            earlier = (await jobs.info(earlier)).retry_of
                        except JobNotFound:
                            break
                after = page.next
                if after is None:
                    break

    async def of(self, short: str) -> Owner:
        if short not in self._known:
            self._known[short] = await self._looked_up(short)
        return self._known[short]

    async def _looked_up(self, short: str) -> Owner:
        jobs = self._ctx.library.jobs
        try:
            handle = await jobs.find(short)
            status = (await jobs.info(handle.id)).status
        except JobNotFound:
            return Owner.UNKNOWN
        except AmbiguousJobId:
            return Owner.ALIVE
        return Owner.ENDED if status.is_terminal else Owner.ALIVE
