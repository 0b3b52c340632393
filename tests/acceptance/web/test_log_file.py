"""The server's own log, where there is no room for it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sdjobs.web.log_file import NAME, logging_to


def test_a_full_disk_gives_no_traceback(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / NAME).symlink_to("/dev/full")
    with logging_to(tmp_path):
        logging.getLogger("sdjobs.web").warning("nobody will read this")
    assert capfd.readouterr().err == ""


def test_another_fault_is_not_hidden(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(tmp_path):
        logging.getLogger("sdjobs.web").warning("%d", "no number")
    assert "Logging error" in capfd.readouterr().err
