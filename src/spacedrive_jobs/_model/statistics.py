"""What jobs came to over a span of time, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took, over many jobs: a histogram with a logarithmic scale, two buckets to each doubling.

    `buckets`: upper bounds in seconds (inclusive) with the number of jobs, in order, without empty ones. `total`: the
    exact sum of all, in seconds.
    """

    buckets: tuple[tuple[float, int], ...] = ()
    total: float = 0.0

    @property
    def count(self) -> int:
        return sum(count for _, count in self.buckets)

    @property
    def mean(self) -> float | None:
        """Seconds; None where there is no job."""
        return self.total / self.count if self.buckets else None

    def quantile(self, share: float) -> float | None:
        """The seconds that this share of the jobs (0.5, 0.95, …) did not exceed; None where there is no job.

        As exact as the buckets are: at most a factor of √2 from the true value.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share is from 0 to 1, not {share!r}")
        wanted, passed = share * self.count, 0
        for bound, count in self.buckets:
            passed += count
            if passed >= wanted:
                lower = bound / 2**0.5 if bound > SHORTEST else 0.0
                return lower + (bound - lower) * (1 - (passed - wanted) / count)
        return None

    def __add__(self, other: Durations) -> Durations:
        counts = Counter(dict(self.buckets))
        counts.update(dict(other.buckets))
        return Durations(tuple(sorted(counts.items())), self.total + other.total)


SHORTEST = 0.001
"""The upper bound of the first bucket, in seconds."""


def upper_bound(bucket: int) -> float:
    """In seconds, of a bucket by its stored number."""
    return float(2 ** (bucket / 2) / 1000)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatistics:
    """What the jobs of one kind that ended from `start` to `end` (UTC) came to.

    `completed`, `failed`, `cancelled`: jobs. `attempts`: how often their code was started; `errors`: how often it
    failed; `retries`: how often they were queued again after an error; `crashes`: how often a process died under them.
    `bytes`, `items`: what they reported by `increment_bytes` and `increment_items`. `wait`: from the dispatch to the
    first start, `run`: running, over all attempts; jobs that never started are in neither.
    """

    kind: str
    start: datetime
    end: datetime
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    attempts: int = 0
    errors: int = 0
    retries: int = 0
    crashes: int = 0
    bytes: int = 0
    items: int = 0
    wait: Durations = field(default_factory=Durations)
    run: Durations = field(default_factory=Durations)

    @property
    def finished(self) -> int:
        """Jobs, however they ended."""
        return self.completed + self.failed + self.cancelled

    @property
    def items_per_second(self) -> float | None:
        """Of running time; None where nothing was counted."""
        return self.items / self.run.total if self.items and self.run.total else None

    def __add__(self, other: JobStatistics) -> JobStatistics:
        """Both together, over the span that holds both. Raises ValueError for different kinds."""
        if other.kind != self.kind:
            raise ValueError(f"statistics of {self.kind!r} and {other.kind!r} do not add up to one kind's")
        return JobStatistics(
            kind=self.kind,
            start=min(self.start, other.start),
            end=max(self.end, other.end),
            completed=self.completed + other.completed,
            failed=self.failed + other.failed,
            cancelled=self.cancelled + other.cancelled,
            attempts=self.attempts + other.attempts,
            errors=self.errors + other.errors,
            retries=self.retries + other.retries,
            crashes=self.crashes + other.crashes,
            bytes=self.bytes + other.bytes,
            items=self.items + other.items,
            wait=self.wait + other.wait,
            run=self.run + other.run,
        )


def total_by_kind(statistics: Iterable[JobStatistics]) -> list[JobStatistics]:
    """One record for each kind, in order of their names, from those of many spans."""
    found: dict[str, JobStatistics] = {}
    for one in statistics:
        found[one.kind] = found[one.kind] + one if one.kind in found else one
    return [found[kind] for kind in sorted(found)]
