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


def test_the_same_line_again_and_again_is_written_once(tmp_path: Path) -> None:
    with logging_to(tmp_path) as path:
        for _ in range(1_000):
            logging.getLogger("asyncio").error("there is no room")
        logging.getLogger("asyncio").error("there is no chair")
    said = [line.partition(": ")[2] for line in path.read_text().splitlines()]
    assert said == ["there is no room", "there is no chair"]


def test_what_went_unsaid_is_counted(tmp_path: Path) -> None:
    log = logging.getLogger("sdjobs.web")
    with logging_to(tmp_path) as path:
        for age in (0, 1, 2, 61):
            record = log.makeRecord(log.name, logging.WARNING, __file__, 1, "no %s", ("room",), None)
            record.created += age
            log.handle(record)
    assert [line.partition(": ")[2] for line in path.read_text().splitlines()] == [
        "no room",
        "no room (2 times more since)",
    ]
