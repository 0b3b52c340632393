"""The engine's storms at a thirtieth of their size or so; `make soak` runs them whole."""

from __future__ import annotations

import pytest

from tests.soak import index_storm, kill_storm, library_storm, limit_storm, stop_storm

SCALE = 0.03


@pytest.mark.timeout(180)
def test_killed_runners_lose_nothing_and_repeat_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert kill_storm.run(SCALE) == 0, capsys.readouterr().out


@pytest.mark.timeout(120)
def test_a_stopped_runner_changes_nothing_and_a_silent_one_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert stop_storm.run(SCALE) == 0, capsys.readouterr().out


@pytest.mark.timeout(120)
def test_limits_and_reservations_hold_over_eight_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert limit_storm.run(SCALE) == 0, capsys.readouterr().out


@pytest.mark.timeout(120)
def test_rows_and_states_agree_whoever_is_stopped_in_between(capsys: pytest.CaptureFixture[str]) -> None:
    assert library_storm.run(SCALE) == 0, capsys.readouterr().out


@pytest.mark.timeout(180)
def test_an_index_that_is_killed_ends_as_the_disk_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert index_storm.run(SCALE) == 0, capsys.readouterr().out
