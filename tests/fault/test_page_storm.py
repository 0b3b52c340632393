"""The storm over open pages at the smallest size that meets each fault once; `make soak` runs it whole."""

from __future__ import annotations

import pytest

from tests.soak import page_storm


@pytest.mark.needs("chromium")
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("browser")
def test_pages_show_what_is_so_whatever_fails_around_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert page_storm.run(0.05) == 0, capsys.readouterr().out
