"""The metrics as whoever scrapes them reads them: every rule of the format, in every state of a library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as open_parser
from prometheus_client.parser import text_string_to_metric_families as text_metrics

from sdjobs import metrics
from spacedrive_jobs import JobFilter, Library
from spacedrive_jobs.testing import ManualClock, drain, open_library
from tests.acceptance.cli.metric_jobs import flaky, stays
from tests.acceptance.web.conftest import Mounted
from tests.event_log import told_by_events
from tests.prometheus_text import Family, Malformed, counters, parse

HOSTILE = 'a "kind"\\called\nso,{}=\\n\\" \u202e#'
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=0.0.4;q=0.4,*/*;q=0.2"
)
DAY = 24 * 3600


async def told(library: Library) -> dict[str, Family]:
    return parse((await metrics.exposition(library.jobs)).decode())


def open_metrics(text: str) -> list[Metric]:
    """As the client library reads OpenMetrics."""
    return list(open_parser.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]  # it says nothing


def rises(before: dict[str, Family], after: dict[str, Family]) -> None:
    """No counter is gone, and none is less."""
    now = dict(counters(after))
    for series, value in counters(before):
        assert now[series] >= value, series


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def library(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Library]:
    async with open_library(tmp_path / "library", clock=clock) as library:
        yield library


async def test_of_an_empty_library(library: Library) -> None:
    families = await told(library)
    assert {"sdjobs_jobs", "sdjobs_runners", "sdjobs_queue_paused", "sdjobs_run_seconds"} <= families.keys()
    assert [one.value for one in families["sdjobs_queue_paused"].samples] == [0]
    assert families["sdjobs_jobs_finished_total"].samples == []


async def test_of_one_in_which_everything_happens(library: Library, clock: ManualClock, tmp_path: Path) -> None:
    await library.jobs.dispatch_many([flaky.new(number) for number in range(30)])
    await drain(library, clock=clock)
    await library.jobs.pause_queue()
    waiting = await library.jobs.dispatch_many([stays.new(tmp_path / "gate") for _ in range(3)])
    await waiting[0].cancel()
    await waiting[1].pause()
    families = await told(library)
    assert families["sdjobs_run_seconds"].type == "histogram"
    series = {
        (one.label("kind"), one.label("outcome")): one.value for one in families["sdjobs_jobs_finished_total"].samples
    }
    assert series["metric.flaky", "completed"] == 27
    assert series["metric.flaky", "failed"] == 3
    assert series["metric.stays", "cancelled"] == 1


@pytest.mark.parametrize("kind", [HOSTILE, "\\", '"', "\n", "\\n", "é\x00\r\x85\u2028"])
async def test_a_kind_may_be_called_anything(library: Library, kind: str) -> None:
    """A library may hold what a later version, or another program, has put there."""
    await library.jobs.pause_queue(kind)
    (one,) = (await told(library))["sdjobs_kind_paused"].samples
    assert one.labels == (("kind", kind),)
    text = (await metrics.exposition(library.jobs, metrics.OPEN_METRICS)).decode()
    (same,) = [one for family in open_metrics(text) for one in family.samples if one.name == "sdjobs_kind_paused"]
    assert same.labels == {"kind": kind}


async def test_no_counter_falls_when_history_is_cleared_and_grows_old(tmp_path: Path) -> None:
    clock = ManualClock()
    place = tmp_path / "library"
    async with open_library(place, clock=clock) as library:
        await library.jobs.dispatch_many([flaky.new(number) for number in range(20)])
        await drain(library, clock=clock)
        before = await told(library)
        assert before["sdjobs_retries_total"].samples[0].value > 0
    for days in (0, 1, 9, 31, 420, 420):  # restarts, hours that become days, the end of the history, of the days
        await clock.advance(days * DAY)
        async with open_library(place, clock=clock, runs="all") as library:
            await library.jobs._engine.store.roll_up_statistics()  # pyright: ignore[reportPrivateUsage]
            await library.jobs.clear(JobFilter())
            after = await told(library)
            rises(before, after)
            assert dict(counters(after)) == dict(counters(before)), "nothing has ended meanwhile"
            await (await library.jobs.dispatch(flaky.new(1))).wait()
            before = await told(library)
            assert (
                before["sdjobs_attempts_total"].samples[0].value == after["sdjobs_attempts_total"].samples[0].value + 1
            )


async def test_numbers_equal_the_log_of_events(library: Library, clock: ManualClock) -> None:
    await library.jobs.dispatch_many([flaky.new(number) for number in range(40)])
    await drain(library, clock=clock)
    await clock.advance(timedelta(hours=2).total_seconds())
    await (await library.jobs.dispatch(flaky.new(2))).wait()
    families = await told(library)
    by_events = told_by_events(library.path / "jobs.db")
    for kind, of_kind in by_events.items():
        ended = {one.label("outcome"): one.value for one in families["sdjobs_jobs_finished_total"].samples}
        assert ended == {"completed": of_kind.completed, "failed": of_kind.failed, "cancelled": of_kind.cancelled}, kind
        (attempts,) = families["sdjobs_attempts_total"].samples
        assert attempts.value == of_kind.attempts
        for which, milliseconds in (("wait", of_kind.waited_ms), ("run", of_kind.ran_ms)):
            samples = {one.name: one.value for one in families[f"sdjobs_{which}_seconds"].samples}
            assert samples[f"sdjobs_{which}_seconds_count"] == of_kind.started
            assert samples[f"sdjobs_{which}_seconds_sum"] == pytest.approx(milliseconds / 1000)


async def test_other_readers_read_the_same(library: Library, clock: ManualClock) -> None:
    """The parsers of the client library, of both formats."""
    await library.jobs.dispatch_many([flaky.new(number) for number in range(10)])
    await drain(library, clock=clock)
    ours = {
        (one.name, tuple(sorted(one.labels))): one.value
        for family in (await told(library)).values()
        for one in family.samples
    }
    text = (await metrics.exposition(library.jobs)).decode()
    other = (await metrics.exposition(library.jobs, metrics.OPEN_METRICS)).decode()
    assert other.endswith("# EOF\n")
    for families in (text_metrics(text), open_metrics(other)):
        theirs = {
            (one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples
        }
        assert theirs == ours


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", metrics.CONTENT_TYPE),
        ("*/*", metrics.CONTENT_TYPE),
        (PROMETHEUS, metrics.OPEN_METRICS),
        ("text/plain;version=0.0.4", metrics.CONTENT_TYPE),
        ("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;version=1.0.0;q=0.5", metrics.CONTENT_TYPE),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.OPEN_METRICS),
        ("application/openmetrics-text", metrics.OPEN_METRICS),
        ("application/openmetrics-text;version=0.0.1", metrics.CONTENT_TYPE),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", metrics.CONTENT_TYPE),
        ("application/openmetrics-text;version=1.0.0;q=0", metrics.CONTENT_TYPE),
        ("application/openmetrics-text;q=much", metrics.CONTENT_TYPE),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", metrics.CONTENT_TYPE),
        (",;=,;;q", metrics.CONTENT_TYPE),
    ],
)
async def test_the_content_type_is_what_was_asked_for(web: Mounted, accept: str, given: str) -> None:
    answer = await web.client.get("/api/metrics", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, given)
    assert answer.content.endswith(b"# EOF\n") is (given == metrics.OPEN_METRICS)
    if given == metrics.CONTENT_TYPE:
        parse(answer.text)


WELL = """# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x"} 1
# HELP b_seconds Time.
# TYPE b_seconds histogram
b_seconds_bucket{le="1.0"} 1
b_seconds_bucket{le="+Inf"} 2
b_seconds_count 2
b_seconds_sum 3.5
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("# HELP a_total Things.\n", ""),
        ("# TYPE a_total counter\n", ""),
        ("# TYPE a_total counter\n", "# TYPE a_total counter\n# TYPE a_total counter\n"),
        ("# HELP b_seconds Time.", "# HELP a_total Things."),
        ('a_total{kind="x"} 1\n', 'a_total{kind="x"} 1\na_total{kind="x"} 2\n'),
        ('kind="x"', 'kind="x",kind="y"'),
        ('kind="x"', 'kind="\\x"'),
        ('kind="x"', 'kind="a"b"'),
        ('kind="x"', '1kind="x"'),
        ('kind="x"', '__kind="x"'),
        ("} 1\n# HELP b", "} one\n# HELP b"),
        ("} 1\n# HELP b", "} -1\n# HELP b"),
        ("a_total", "a"),
        ('le="1.0"} 1', 'le="1.0"} 3'),
        ('b_seconds_bucket{le="+Inf"} 2\n', ""),
        ("b_seconds_count 2", "b_seconds_count 3"),
        ("b_seconds_sum 3.5\n", ""),
        ("b_seconds_sum 3.5\n", "b_seconds_sum 3.5"),
        ("b_seconds_count 2", "b_minutes_count 2"),
        ("b_seconds_sum 3.5\n", 'b_seconds_sum 3.5\na_total{kind="z"} 1\n'),
        ("# HELP b_seconds Time.\n", "\n# HELP b_seconds Time.\n"),
    ],
)
def test_the_reader_of_these_tests_is_strict(right: str, wrong: str) -> None:
    assert parse(WELL)["b_seconds"].type == "histogram"
    assert right in WELL
    with pytest.raises(Malformed):
        parse(WELL.replace(right, wrong))
