"""Statistics in words and in bars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sdjobs.describe_statistics import amount, rate, seconds, spans, statistics_json
from sdjobs.views.plot import bars, sparkline
from spacedrive_jobs import Durations, JobStatistics

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ended(hours_ago: float, completed: int = 1, failed: int = 0) -> JobStatistics:
    start = (NOON - timedelta(hours=hours_ago)).replace(minute=0)
    end = start + timedelta(hours=1)
    return JobStatistics(kind="k", start=start, end=end, completed=completed, failed=failed)


def test_the_largest_is_as_high_as_the_plot_and_the_smallest_is_seen() -> None:
    assert bars([0, 1, 50, 100], height=2) == ["   █", " ▁██"]
    assert bars([0, 1, 50, 100], height=2, draws_unicode=False) == ["   #", " .##"]
    assert bars([0, 0], height=2) == bars([], height=2) == ["", ""]
    assert sparkline([8, 4, 1, 0, 2]) == "█▄▁ ▂"


def test_quantiles_in_words() -> None:
    assert [seconds(one) for one in (None, 0.0021, 0.9994, 0.9996, 61.0)] == [
        "-",
        "2 ms",
        "999 ms",
        "1.0 s",
        "1 min 1 s",
    ]


def test_what_was_not_counted_is_not_told() -> None:
    assert (amount(0), amount(2_000_000)) == ("-", "2.0 MB")
    assert rate(ended(1)) == "-"
    ran = Durations(((2.0, 1),), 2.0)
    one = JobStatistics(kind="k", start=NOON, end=NOON, completed=1, items=3, run=ran, wait=ran)
    assert rate(one) == "1.5"
    assert statistics_json(one)["run"] == {
        "count": 1,
        "total": 2.0,
        "p50": ran.quantile(0.5),
        "p95": ran.quantile(0.95),
        "buckets": [{"up_to": 2.0, "count": 1}],
    }


@pytest.mark.parametrize(
    ("span", "each", "count"),
    [(timedelta(hours=5), "hour", 6), (timedelta(days=7), "day", 8), (timedelta(days=90), "week", 13)],
)
def test_a_bar_for_each_hour_day_or_week(span: timedelta, each: str, count: int) -> None:
    until = NOON + timedelta(minutes=30)
    found = spans([ended(0, 3, 1), ended(2, 5)], until - span, until)
    assert found.each == each
    assert len(found.columns) == count
    assert sum(one.finished for one in found.columns) == 9
    assert found.columns[-1].failed == 1


def test_each_end_is_in_the_bar_of_its_hour() -> None:
    until = NOON + timedelta(minutes=30)
    found = spans([ended(0, 3), ended(2, 5), ended(99, 7)], until - timedelta(hours=3), until)
    assert [one.finished for one in found.columns] == [7, 5, 0, 3], "a day that began before counts where it is cut"
