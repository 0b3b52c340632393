"""The storms of the file jobs at a thirtieth of their size or so; `make soak` runs them whole."""

from __future__ import annotations

import pytest

from tests.soak import copy_kill_storm, pause_storm, picture_storm

SCALE = 0.03


@pytest.mark.needs("ext4", "drop_capabilities")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["copy", "move"])
def test_killed_at_any_step_a_tree_ends_equal(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert copy_kill_storm.run(SCALE, [kind]) == 0, capsys.readouterr().out


@pytest.mark.timeout(240)
def test_paused_and_resumed_again_and_again_a_tree_ends_equal(capsys: pytest.CaptureFixture[str]) -> None:
    assert pause_storm.run(SCALE) == 0, capsys.readouterr().out


@pytest.mark.timeout(240)
def test_a_picture_that_is_broken_has_a_thumbnail_or_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert picture_storm.run(SCALE) == 0, capsys.readouterr().out
