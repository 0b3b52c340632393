"""How fast a job has been: what moved is told once, whatever the series is made into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacedrive_jobs._runtime.speeds import MOST, SHORTEST_MS, Span, SpeedHistory, decode_spans, halved, job_speeds


def spans_of(history: SpeedHistory) -> list[Span]:
    return decode_spans(history.encoded())


def test_a_span_ends_when_it_is_long_enough() -> None:
    history = SpeedHistory()
    added = [history.add(at, (at * 10, None)) for at in (0, 500, 999, 1_000, 1_200, 3_000)]
    assert added == [False, False, False, True, False, True]
    assert spans_of(history) == [(1_000, 1_000, 10_000, None), (3_000, 2_000, 20_000, None)]
    assert [one.bytes_per_second for one in job_speeds(history.encoded())] == [10_000, 10_000]


@given(st.lists(st.tuples(st.integers(1, 5_000), st.integers(0, 10**9), st.integers(0, 50)), max_size=600))
def test_what_moved_stays_the_same_however_long_it_takes(steps: list[tuple[int, int, int]]) -> None:
    history, at, size, items = SpeedHistory(), 0, 0, 0
    history.add(at, (size, items))
    told = (0, 0, 0)
    for passed, bytes_more, items_more in steps:
        at, size, items = at + passed, size + bytes_more, items + items_more
        if history.add(at, (size, items)):
            told = (at, size, items)
    spans = decode_spans(history.encoded())
    assert len(spans) < MOST
    assert (sum(one.length for one in spans), sum(one.bytes or 0 for one in spans)) == told[:2]
    assert sum(one.items or 0 for one in spans) == told[2]
    assert [one.at for one in spans] == sorted({one.at for one in spans})
    assert all(one.length >= SHORTEST_MS for one in spans)


def test_a_day_of_work_is_a_hundred_spans() -> None:
    history = SpeedHistory()
    for second in range(86_400):
        history.add(second * 1_000, (second * 1_000_000, None))
    speeds = job_speeds(history.encoded())
    assert MOST / 2 - 1 <= len(speeds) < MOST
    assert {one.bytes_per_second for one in speeds} == {1_000_000}
    assert len(history.encoded()) < 4_096


def test_the_next_attempt_goes_on_without_the_time_between() -> None:
    first = SpeedHistory()
    for at in (0, 1_000, 2_000):
        first.add(at, (at, None))
    second = SpeedHistory(first.encoded())
    second.add(900_000, (2_000, None))
    second.add(901_000, (9_000, None))
    assert spans_of(second) == [(1_000, 1_000, 1_000, None), (2_000, 1_000, 1_000, None), (901_000, 1_000, 7_000, None)]


def test_another_phase_counts_from_nothing_and_what_is_not_counted_is_nothing() -> None:
    history = SpeedHistory()
    history.add(0, (None, 5))
    history.add(1_000, (None, 25))
    history.add(2_000, (400, 3))
    assert not history.add(3_000, (None, None))
    assert [(one.bytes_per_second, one.items_per_second) for one in job_speeds(history.encoded())] == [
        (None, 20),
        (400, 3),
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 3, MOST])
def test_halving_keeps_a_last_one_without_another(count: int) -> None:
    history = SpeedHistory()
    for number in range(count):
        history.add(number * 1_000, (number, None))
    before = decode_spans(history.encoded())
    assert len(halved(before)) == (len(before) + 1) // 2


def test_a_job_that_said_nothing_has_none() -> None:
    assert job_speeds(None) == []
