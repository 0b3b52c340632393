"""Power cuts at a twentieth of the storm's size; `make soak` runs it whole."""

from __future__ import annotations

import pytest

from tests.soak import file_cuts, power_cuts


@pytest.mark.timeout(120)
def test_what_was_acknowledged_survives_a_power_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert power_cuts.run(0.05) == 0, capsys.readouterr().out


@pytest.mark.needs("root", "ext4", "fuse")
@pytest.mark.timeout(180)
def test_final_names_are_whole_after_a_power_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert file_cuts.run(0.05) == 0, capsys.readouterr().out
