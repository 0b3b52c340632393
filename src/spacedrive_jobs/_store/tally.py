"""What ended in one transaction, for the statistics: gathered while it runs, stored with its commit.

An upsert for each end costs a drained queue three to four percent; one for each group of a commit is not seen in it.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log2
from typing import Any, Final, TypeAlias

import apsw
import msgspec

from spacedrive_jobs._model.progress import JobMetrics
from spacedrive_jobs._model.transition import Past
from spacedrive_jobs._store.sql import query

HOUR_MS: Final = 3_600_000
NEVER_RAN: Final = -1
"""The bucket of what a job that was never started did not wait or run."""

_decode_metrics: Final = msgspec.msgpack.Decoder(JobMetrics).decode


Ended: TypeAlias = tuple[Past, str, int, bytes | None, int, int]
"""One end: of what, in which status, when, its metrics, and the errors and deaths of the last attempt. A plain tuple:
one is made for every job."""


class Tally(list[Ended]):
    """A list, so that what a write added can be taken back by its length."""

    def store(self, connection: apsw.Connection) -> None:
        """One upsert for all that share a row."""
        rows: dict[tuple[int, str, str, int, int], list[int]] = {}
        for past, status, at, metrics, errors, deaths in self:
            kind, attempt, created_at, started_at, claimed_at, ran, errors_before, deaths_before = past
            wait = 0
            waited_about = ran_about = NEVER_RAN
            if started_at is not None:
                wait = started_at - created_at if started_at > created_at else 0
                if claimed_at is not None and at > claimed_at:
                    ran += at - claimed_at
                waited_about, ran_about = bucket(wait), bucket(ran)
            key = (at - at % HOUR_MS, kind, status, waited_about, ran_about)
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0] * COLUMNS
            row[JOBS] += 1
            row[ATTEMPTS] += attempt
            row[WAIT_MS] += wait
            row[RUN_MS] += ran
            if errors or errors_before or deaths or deaths_before:
                row[ERRORS] += errors_before + errors
                row[RETRIES] += errors_before
                row[DEATHS] += deaths_before + deaths
            if metrics:
                counted = _decode_metrics(metrics)
                row[BYTES] += counted.bytes_processed
                row[ITEMS] += counted.items_processed
        for key, numbers in rows.items():
            connection.execute(query("count_ended"), (*key, *numbers))


COLUMNS: Final = 9
JOBS, ATTEMPTS, ERRORS, RETRIES, DEATHS, BYTES, ITEMS, WAIT_MS, RUN_MS = range(COLUMNS)


@lru_cache(4096)
def bucket(duration: int | None) -> int:
    """The number of the bucket of a duration in ms (see 0002_statistics.sql)."""
    return ceil(2 * log2(duration)) if duration is not None and duration > 1 else 0


def bucket_in_sql(*arguments: Any) -> int:
    """`bucket(duration)`, for migrations."""
    return bucket(arguments[0])


def metric_in_sql(*arguments: Any) -> int:
    """`metric(metrics, name)`, for migrations: one counter of encoded metrics."""
    metrics, name = arguments
    return int(getattr(_decode_metrics(metrics), name)) if metrics else 0
