"""A library as Prometheus sees it: what its jobs came to, what is unfinished, and who runs them.

Nothing is counted here. Each reading is taken from the library, so it is the same from whichever process, and goes on
over restarts.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sdjobs import clock
from spacedrive_jobs import Durations, JobStatistics, JobSystem, KindLoad, RunnerInfo, total_by_kind
from spacedrive_ops import MissingExtra

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import HistogramMetricFamily, Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

BOUNDS: Final = tuple(2**power / 1000 for power in range(28))
"""Seconds: from a millisecond to a day and a half, doubling. Each is a bound of the stored scale too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is asked of a library for one answer."""

    statistics: Sequence[JobStatistics]
    load: Sequence[KindLoad]
    runners: Sequence[RunnerInfo]
    paused: dict[str | None, str]
    at: datetime


async def read(jobs: JobSystem) -> Reading:
    return Reading(
        total_by_kind(await jobs.statistics()),
        await jobs.load(),
        await jobs.runners(),
        await jobs.paused_queues(),
        clock.now(),
    )


async def exposition(jobs: JobSystem, content_type: str = CONTENT_TYPE) -> bytes:
    """The library's metrics in Prometheus' text format (CONTENT_TYPE), or as OPEN_METRICS. Raises MissingExtra."""
    reading = await read(jobs)
    return await asyncio.to_thread(_text, reading, content_type)


def _text(reading: Reading, content_type: str) -> bytes:
    require_prometheus()
    from prometheus_client import CollectorRegistry, exposition, openmetrics

    registry = CollectorRegistry(auto_describe=False)
    register(registry, reading)
    if content_type == OPEN_METRICS:
        return bytes(openmetrics.exposition.generate_latest(registry))  # type: ignore[no-untyped-call]  # it says nothing
    return exposition.generate_latest(registry)


def negotiated(accept: str) -> str:
    """CONTENT_TYPE or OPEN_METRICS, whichever an Accept header prefers; CONTENT_TYPE where it wants neither, as
    Prometheus expects of those it scrapes."""
    best, preferred = 0.0, CONTENT_TYPE
    for wanted in accept.lower().split(","):
        media_type, *rest = (part.strip() for part in wanted.split(";"))
        parameters = {name: value for name, _, value in (part.partition("=") for part in rest)}
        offered, version = _OFFERED.get(media_type, ("", ""))
        quality = _quality(parameters.get("q", "1"))
        if offered and parameters.get("version", version).strip('"') == version and quality > best:
            best, preferred = quality, offered
    return preferred


_OFFERED: Final = {
    "application/openmetrics-text": (OPEN_METRICS, "1.0.0"),
    "text/plain": (CONTENT_TYPE, "0.0.4"),
    "text/*": (CONTENT_TYPE, ""),
    "*/*": (CONTENT_TYPE, ""),
}
"""What is given to who wants such a media type, and in which version it must be wanted if in any."""


def _quality(text: str) -> float:
    """From 0 to 1; what is no number wants nothing."""
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def require_prometheus() -> None:
    """Raises MissingExtra."""
    if importlib.util.find_spec("prometheus_client") is None:
        raise MissingExtra("metrics for Prometheus", "metrics")


def register(registry: CollectorRegistry, reading: Reading) -> None:
    """Have `registry` show one reading, beside whatever else is in it."""
    from prometheus_client.registry import Collector

    class ReadingCollector(Collector):
        def collect(self) -> Iterable[Metric]:
            return families(reading)

    registry.register(ReadingCollector())


def families(reading: Reading) -> Iterator[Metric]:
    """Every metric of a reading."""
    yield from _present(reading)
    yield from _totals(reading.statistics)
    yield _histogram("wait", "From the dispatch of a job to its first start.", reading.statistics)
    yield _histogram("run", "How long a job ran, over all its attempts.", reading.statistics)


def _present(reading: Reading) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    jobs = GaugeMetricFamily("sdjobs_jobs", "Unfinished jobs now.", labels=["kind", "status"])
    unhandled = GaugeMetricFamily(
        "sdjobs_jobs_unhandled", "Queued jobs for which the process that answers has no handler.", labels=["kind"]
    )
    oldest = GaugeMetricFamily(
        "sdjobs_oldest_queued_age_seconds", "Since the oldest queued job was dispatched.", labels=["kind"]
    )
    loads = {load.kind: load for load in reading.load}
    for kind in sorted(loads.keys() | {one.kind for one in reading.statistics}):
        load = loads.get(kind, KindLoad(kind=kind))
        for status, count in (("queued", load.queued), ("running", load.running), ("paused", load.paused)):
            jobs.add_metric([kind, status], count)
        unhandled.add_metric([kind], load.unhandled)
        age = (reading.at - load.oldest_queued).total_seconds() if load.oldest_queued is not None else 0
        oldest.add_metric([kind], max(0.0, age))
    yield from (jobs, unhandled, oldest)
    yield from _runners_and_pauses(reading)


def _runners_and_pauses(reading: Reading) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    runners = GaugeMetricFamily(
        "sdjobs_runners", "Processes that have the library open, by what they run.", labels=["mode", "state"]
    )
    found = [(runner.mode, runner.state) for runner in reading.runners]
    for mode, state in sorted({*found, ("all", "alive")}):
        runners.add_metric([mode, state], found.count((mode, state)))
    yield runners
    yield GaugeMetricFamily("sdjobs_queue_paused", "Whether no job is started.", value=int(None in reading.paused))
    paused = GaugeMetricFamily("sdjobs_kind_paused", "Kinds of which no job is started.", labels=["kind"])
    for kind in sorted(kind for kind in reading.paused if kind is not None):
        paused.add_metric([kind], 1)
    yield paused


def _totals(statistics: Sequence[JobStatistics]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    finished = CounterMetricFamily(
        "sdjobs_jobs_finished", "Jobs that ended, by how they did.", labels=["kind", "outcome"]
    )
    for one in statistics:
        for outcome, count in (("completed", one.completed), ("failed", one.failed), ("cancelled", one.cancelled)):
            finished.add_metric([one.kind, outcome], count)
    yield finished
    for name, help_, counts in (
        ("attempts", "How often the code of jobs was started.", [one.attempts for one in statistics]),
        ("errors", "How often it failed.", [one.errors for one in statistics]),
        ("retries", "How often a job was queued again after an error.", [one.retries for one in statistics]),
        ("crashes", "How often a process died under a job.", [one.crashes for one in statistics]),
        ("processed_bytes", "Bytes that jobs reported.", [one.bytes for one in statistics]),
        ("processed_items", "Items that jobs reported.", [one.items for one in statistics]),
    ):
        family = CounterMetricFamily(f"sdjobs_{name}", f"{help_} Of jobs that ended.", labels=["kind"])
        for one, count in zip(statistics, counts, strict=True):
            family.add_metric([one.kind], count)
        yield family


def _histogram(which: str, help_: str, statistics: Sequence[JobStatistics]) -> HistogramMetricFamily:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(f"sdjobs_{which}_seconds", help_, labels=["kind"])
    for one in statistics:
        durations: Durations = one.wait if which == "wait" else one.run
        family.add_metric([one.kind], _cumulated(durations), durations.total)
    return family


def _cumulated(durations: Durations) -> list[tuple[str, float]]:
    """Each bound with the number of jobs up to it, as Prometheus wants it."""
    bounds = [
        (str(bound), float(sum(count for upper, count in durations.buckets if upper <= bound))) for bound in BOUNDS
    ]
    return [*bounds, ("+Inf", float(durations.count))]
