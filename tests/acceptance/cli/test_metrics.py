"""What Prometheus is told equals what the log of events says, after failures, retries and kills."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from sdjobs import metrics
from sdjobs.metrics import BOUNDS
from spacedrive_jobs import JobStatus, Library
from spacedrive_ops import MissingExtra
from tests.acceptance.cli.conftest import Cli
from tests.acceptance.cli.metric_jobs import flaky, stays
from tests.event_log import told_by_events
from tests.waiting import aeventually

pytestmark = pytest.mark.timeout(60)
JOBS = "tests.acceptance.cli.metric_jobs"
FLAKY, STAYS = "metric.flaky", "metric.stays"


def parsed(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    """Of the one sample with these labels."""
    found = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    (one,) = found
    return one


async def test_metrics_equal_the_events_after_failures_retries_and_kills(cli: Cli, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with Library.open(cli.library, create=True, runs="none") as library:
        jobs = library.jobs
        flakes = await jobs.dispatch_many([flaky.new(number) for number in range(60)])
        held = await jobs.dispatch(stays.new(gate))
        for attempt in (1, 2):
            killed = cli.start("--import", JOBS, "worker", "--slots", "8")

            async def runs(attempt: int = attempt) -> bool:
                info = await jobs.info(held.id)
                return info.status is JobStatus.RUNNING and info.attempt == attempt

            await aeventually(runs)
            killed.process.kill()
            killed.process.wait()
        worker = cli.start("--import", JOBS, "worker", "--slots", "8")

        async def third() -> bool:
            return (await jobs.info(held.id)).attempt == 3

        await aeventually(third)
        running = parsed(cli.run("stats", "--prometheus").stdout)
        assert value(running, "sdjobs_jobs", kind=STAYS, status="running") == 1
        assert value(running, "sdjobs_runners", mode="all", state="alive") == 1
        gate.touch()

        async def all_ended() -> bool:
            return not await jobs.load()

        await aeventually(all_ended)
        worker.process.terminate()
        assert worker.ends() == 0
        told = told_by_events(cli.library / "jobs.db")
        ends = [one.outcome for handle in flakes for one in await jobs.attempts(handle.id)]
        families = parsed((await metrics.exposition(jobs)).decode())
    for kind, of_kind in told.items():
        for outcome in ("completed", "failed", "cancelled"):
            counted = value(families, "sdjobs_jobs_finished_total", kind=kind, outcome=outcome)
            assert counted == getattr(of_kind, outcome), (kind, outcome)
        assert value(families, "sdjobs_attempts_total", kind=kind) == of_kind.attempts
        for which, milliseconds in (("wait", of_kind.waited_ms), ("run", of_kind.ran_ms)):
            assert value(families, f"sdjobs_{which}_seconds_count", kind=kind) == of_kind.started
            assert value(families, f"sdjobs_{which}_seconds_sum", kind=kind) == pytest.approx(milliseconds / 1000)
            assert value(families, f"sdjobs_{which}_seconds_bucket", kind=kind, le="+Inf") == of_kind.started
            steps = [value(families, f"sdjobs_{which}_seconds_bucket", kind=kind, le=str(bound)) for bound in BOUNDS]
            assert steps == sorted(steps), "cumulated"
    assert value(families, "sdjobs_crashes_total", kind=STAYS) == 2
    assert told[FLAKY].failed == 6
    errors = ends.count("failed")
    assert errors > 18
    assert value(families, "sdjobs_errors_total", kind=FLAKY) == errors
    assert value(families, "sdjobs_retries_total", kind=FLAKY) == errors - told[FLAKY].failed
    assert value(families, "sdjobs_crashes_total", kind=FLAKY) == ends.count("crashed")
    assert value(families, "sdjobs_processed_items_total", kind=FLAKY) == 60
    assert value(families, "sdjobs_processed_bytes_total", kind=FLAKY) == 6000


async def test_what_waits_and_what_is_paused_is_told(cli: Cli) -> None:
    async with Library.open(cli.library, create=True, runs="none") as library:
        await library.jobs.dispatch(flaky.new(1))
        await (await library.jobs.dispatch(flaky.new(2))).pause()
        await library.jobs.pause_queue(FLAKY)
        families = parsed((await metrics.exposition(library.jobs)).decode())
        assert value(families, "sdjobs_queue_paused") == 0
        assert value(families, "sdjobs_kind_paused", kind=FLAKY) == 1
        await library.jobs.pause_queue()
        families = parsed((await metrics.exposition(library.jobs)).decode())
    assert value(families, "sdjobs_queue_paused") == 1
    assert value(families, "sdjobs_runners", mode="all", state="alive") == 0
    assert value(families, "sdjobs_jobs", kind=FLAKY, status="queued") == 1
    assert value(families, "sdjobs_jobs", kind=FLAKY, status="paused") == 1
    assert value(families, "sdjobs_jobs_unhandled", kind=FLAKY) == 0
    assert 0 <= value(families, "sdjobs_oldest_queued_age_seconds", kind=FLAKY) < 60
    unhandled = parsed(cli.run("stats", "--prometheus").stdout)
    assert value(unhandled, "sdjobs_jobs_unhandled", kind=FLAKY) == 1, "without --import nobody there knows the kind"


def test_every_series_is_told_once(cli: Cli) -> None:
    assert cli.run("init").returncode == 0
    families = text_string_to_metric_families(cli.run("stats", "--prometheus").stdout)
    series = Counter(
        (sample.name, tuple(sorted(sample.labels.items()))) for family in families for sample in family.samples
    )
    assert set(series.values()) == {1}


def test_options_that_have_no_effect_are_refused(cli: Cli) -> None:
    assert cli.run("init").returncode == 0
    for words in (("--since", "7d"), ("--kind", "a"), ("--json",)):
        done = cli.run("stats", "--prometheus", *words)
        assert done.returncode == 2, words
        assert "leave out" in done.stderr


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MissingExtra, match=r"spacedrive-jobs\[metrics\]"):
        metrics.require_prometheus()
