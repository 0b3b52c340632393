"""Statistics: read, and made coarser as they grow old. What counts them is Tally."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import apsw

from spacedrive_jobs._model import failpoint
from spacedrive_jobs._model.clock import to_datetime
from spacedrive_jobs._model.statistics import Durations, JobStatistics, upper_bound
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tally import HOUR_MS, NEVER_RAN
from spacedrive_jobs._store.tx import Row, Tx

DAY_MS: Final = 24 * HOUR_MS
HOURS_KEPT: Final = 8 * DAY_MS
"""How long hours are told apart."""
DAYS_KEPT: Final = 400 * DAY_MS
"""How long days are told apart: the same day of the year before can be looked at."""
END_OF_TIME: Final = 1 << 62


def read(connection: apsw.Connection, since: int, until: int, kind: str | None) -> list[JobStatistics]:
    """A record for each kind and stored hour or day, or all that is before those, that overlaps the span (ms), oldest
    first, then by kind."""
    found: dict[tuple[int, int, str], _Sums] = {}
    parameters = {"since": since, "until": until, "kind": kind}
    for row in connection.execute(query("read_statistics"), parameters):
        hours, start, of_kind = row[:3]
        found.setdefault((start, hours, of_kind), _Sums()).add(row[3:])
    return [sums.record(of_kind, start, hours) for (start, hours, of_kind), sums in found.items()]


def roll_up(tx: Tx, now: int) -> bool:
    """Turn the hours of the oldest day that is old enough into rows of the day, and add the oldest days to what is
    before them.

    False when there was none left to turn.
    """
    tx.change("add_up_statistics", (now - DAYS_KEPT,))
    failpoint.hit("statistics.added_up")
    tx.change("forget_statistics", (now - DAYS_KEPT,))
    today = now - now % DAY_MS
    ((oldest,),) = tx.run("oldest_statistics", (today - HOURS_KEPT,))
    if oldest is None:
        return False
    day = oldest - oldest % DAY_MS
    tx.change("roll_up_statistics", (day,))
    failpoint.hit("statistics.rolled_up")
    tx.change("delete_rolled_up", (day,))
    return True


@dataclass(slots=True)
class _Sums:
    """Of one kind and one span, while its rows are read."""

    jobs: Counter[str] = field(default_factory=Counter[str])
    wait: Counter[int] = field(default_factory=Counter[int])
    run: Counter[int] = field(default_factory=Counter[int])
    numbers: list[int] = field(default_factory=lambda: [0] * 8)

    def add(self, row: Row) -> None:
        status, wait, run, jobs, *numbers = row
        self.jobs[status] += jobs
        if wait != NEVER_RAN:
            self.wait[wait] += jobs
            self.run[run] += jobs
        self.numbers = [one + other for one, other in zip(self.numbers, numbers, strict=True)]

    def record(self, kind: str, start: int, hours: int) -> JobStatistics:
        attempts, errors, retries, deaths, bytes_, items, wait_ms, run_ms = self.numbers
        return JobStatistics(
            kind=kind,
            start=to_datetime(start),
            end=to_datetime(start + hours * HOUR_MS),
            completed=self.jobs["completed"],
            failed=self.jobs["failed"],
            cancelled=self.jobs["cancelled"],
            attempts=attempts,
            errors=errors,
            retries=retries,
            crashes=deaths,
            bytes=bytes_,
            items=items,
            wait=_durations(self.wait, wait_ms),
            run=_durations(self.run, run_ms),
        )


def _durations(buckets: Counter[int], total_ms: int) -> Durations:
    return Durations(tuple((upper_bound(number), buckets[number]) for number in sorted(buckets)), total_ms / 1000)
