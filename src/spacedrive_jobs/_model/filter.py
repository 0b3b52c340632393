"""Which jobs a bulk operation is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import final

from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.status import JobStatus


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Jobs that meet all that is given; `JobFilter()` means every job.

    `kind`: of this kind. `statuses`: in one of these. `ids`: one of these. `created_from`, `created_before`: dispatched
    in this span (aware datetimes). `text`: said in its kind, arguments, reason or error, whatever the case of ASCII.
    `retried`: tried again since, or (False) not. `failed_items`: some of its items failed, or (False) none, whatever
    became of the job; of an unfinished one those that are stored so far.
    """

    kind: str | None = None
    statuses: Collection[JobStatus] = ()
    ids: Collection[JobId] | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    text: str = ""
    retried: bool | None = None
    failed_items: bool | None = None
