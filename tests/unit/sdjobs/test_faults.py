"""What each error becomes: its exit code, its words, its advice."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from sdjobs import faults
from sdjobs.exit_codes import ExitCode
from sdjobs.faults import Fault, Refusal, explain
from sdjobs.settings import Settings
from spacedrive_jobs import (
    AmbiguousJobId,
    ArgumentError,
    JobNotFound,
    LibraryNotFound,
    LibraryNotWritable,
    LibraryTooNew,
    NoSpace,
    TransitionRefused,
    UnknownKind,
)
from tests.unit.sdjobs.records import JOB

NAMED = Settings(named_library="/lib")


@pytest.mark.parametrize(
    ("error", "code", "message", "advice"),
    [
        (KeyboardInterrupt(), 3, "Interrupted.", ""),
        (Refusal("No.", advice="Do that."), 2, "No.", "Do that."),
        (click.UsageError("wrong"), 2, "wrong", "sdjobs --help"),
        (LibraryNotFound(Path("/lib")), 2, "There is no library at /lib.", "sdjobs --library /lib init"),
        (UnknownKind("x"), 2, "There is no job of kind 'x' here.", "sdjobs --library /lib types"),
        (JobNotFound("0123"), 2, "There is no job 0123.", "sdjobs --library /lib jobs list"),
        (AmbiguousJobId("01", (JOB, JOB)), 2, "'01' names 2 jobs.", str(JOB)),
        (ArgumentError("k", "expected int", field="to"), 2, "Argument 'to' of 'k': expected int. Nothing was", ""),
        (LibraryNotWritable(Path("/lib")), 1, "The library /lib cannot be used: some", "sdjobs --library /lib doctor"),
        (LibraryTooNew(Path("/lib/jobs.db"), 9, 1), 1, "/lib/jobs.db has schema version 9", ""),
        (NoSpace(Path("/lib")), 1, "No space for job state", ""),
        (TransitionRefused(JOB, "pause", "failed"), 1, "Cannot pause job 3f2a91bc: it is failed.", ""),
        (PermissionError(13, "Permission denied", "/lib"), 1, "/lib: Permission denied.", ""),
        (OSError(28, "No space left on device"), 1, "No space left on device.", ""),
        (ExceptionGroup("g", [JobNotFound("0123")]), 2, "There is no job 0123.", "jobs list"),
    ],
)
def test_known_errors(error: BaseException, code: int, message: str, advice: str) -> None:
    fault = explain(error, NAMED)
    assert fault.exit_code == code
    assert fault.message.startswith(message)
    assert advice in fault.advice


def test_a_missing_default_library_is_no_slip_of_the_pen() -> None:
    fault = explain(LibraryNotFound(Path("/data")), Settings())
    assert fault.message == "There is no library yet at /data."
    assert "sdjobs init" in fault.advice


def raised() -> ZeroDivisionError:
    try:
        _ = 1 // 0
    except ZeroDivisionError as error:
        return error
    raise AssertionError


def unexpected(folder: Path) -> Fault:
    return explain(raised(), Settings(named_library=str(folder)))


def test_an_unexpected_error_is_logged_and_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    fault = unexpected(tmp_path)
    assert fault.exit_code is ExitCode.FAILED
    assert fault.message == "sdjobs failed unexpectedly (ZeroDivisionError: integer division or modulo by zero)."
    log = tmp_path / "logs" / "sdjobs.log"
    assert fault.advice == f"Details are in {log}."
    assert "in raised" in log.read_text()


def test_without_a_library_the_log_is_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fault = unexpected(tmp_path / "none")
    assert fault.advice == f"Details are in {tmp_path / 'sdjobs.log'}."
    assert not (tmp_path / "none").exists()


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "sdjobs.log").symlink_to(tmp_path / "elsewhere")
    assert unexpected(tmp_path / "none").advice == "The details could not be written to a log file."
    assert not (tmp_path / "elsewhere").exists()


def test_the_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "LOG_LIMIT", 100)
    (tmp_path / "logs").mkdir()
    for _ in range(5):
        unexpected(tmp_path)
    assert sorted(os.listdir(tmp_path / "logs")) == ["sdjobs.log", "sdjobs.log.1"]


def test_commands_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(named_library="/a b", imported=["mine"])
    assert settings.command("jobs", "list") == "sdjobs --library '/a b' jobs list"
    assert settings.command("worker", needs_code=True) == "sdjobs --library '/a b' --import mine worker"
    monkeypatch.setenv("SDJOBS_LIBRARY", "/a b")
    assert settings.command("jobs", "list") == "sdjobs jobs list"
