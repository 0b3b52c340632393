"""What is said of a library, from facts made up for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from sdjobs.diagnosis import Finding, diagnose
from sdjobs.settings import Settings
from spacedrive_jobs import KindLoad, RunnerId, RunnerInfo
from spacedrive_jobs.health import DatabaseHealth, Leftover, LibraryHealth

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WELL = LibraryHealth(
    path=Path("/photos"),
    examined_at=NOW,
    free_bytes=10**12,
    mode=0o700,
    databases=(DatabaseHealth("jobs.db", True, 3, 3), DatabaseHealth("library.db", True, 1, 1)),
    claims={},
    paused={},
)


def runner(state: Literal["alive", "silent", "stopped", "no_space", "dead"] = "alive") -> RunnerInfo:
    return RunnerInfo(RunnerId(b"r" * 16), "all", 4242, "host", "sdjobs worker", NOW, state)


def trouble(health: LibraryHealth) -> list[Finding]:
    return [finding for finding in diagnose(health, Settings(named_library="/photos")) if finding.level != "ok"]


def only(health: LibraryHealth) -> Finding:
    (finding,) = trouble(health)
    return finding


def test_a_library_that_is_well() -> None:
    assert trouble(WELL) == []
    assert {finding.check for finding in diagnose(WELL, Settings())} == {
        "file system", "disk space", "permissions", "jobs.db", "library.db", "runners", "queue", "leftovers", "clock",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "check", "level", "says"),
    [
        ({"file_system": "NFS"}, "file system", "problem", "is on NFS"),
        ({"free_bytes": 5 * 10**6}, "disk space", "problem", "Only 5.0 MB are free"),
        ({"unusable": (Path("/photos/jobs.db"),)}, "permissions", "problem", "may not read and write /photos/jobs.db"),
        ({"mode": 0o777}, "permissions", "problem", "Anybody on this machine may write"),
        (
            {"databases": (DatabaseHealth("jobs.db", True, 3, 3, ("row 7 missing from index", "b")),)},
            "jobs.db",
            "problem",
            "damaged: row 7 missing from index (and 1 more)",
        ),
        (
            {"databases": (DatabaseHealth("library.db", True, None, 1, ("file is not a database",)),)},
            "library.db",
            "problem",
            "damaged: file is not a database.",
        ),
        (
            {"databases": (DatabaseHealth("jobs.db", True, None, 3, unseen="disk I/O error"),)},
            "jobs.db",
            "problem",
            "could not be looked at: disk I/O error.",
        ),
        ({"is_read_only": True}, "permissions", "problem", "The disk of /photos is mounted read-only."),
        ({"databases": (DatabaseHealth("jobs.db", True, 9, 3),)}, "jobs.db", "problem", "schema version 9"),
        ({"databases": (DatabaseHealth("jobs.db", True, 1, 3),)}, "jobs.db", "notice", "makes 3 of it"),
        ({"runners": (runner("stopped"),)}, "runners", "problem", "process 4242 (sdjobs worker) is stopped"),
        ({"runners": (runner("silent"),)}, "runners", "problem", "blocks its event loop"),
        ({"runners": (runner("no_space"),)}, "runners", "problem", "has no space"),
        ({"runners": (runner("dead"),)}, "runners", "notice", "1 process died without saying so"),
        ({"is_copy": True, "paused": {None: "the queue is paused"}}, "copy", "problem", "was copied or restored"),
        ({"paused": {None: "the queue is paused: for now"}}, "queue", "notice", "The queue is paused: for now."),
        ({"behind": timedelta(hours=2)}, "clock", "problem", "2 h behind"),
        ({"leftovers": (Leftover(Path("a"), "log"),)}, "leftovers", "notice", "1 log file."),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(change: dict[str, object], check: str, level: str, says: str) -> None:
    finding = only(replace(WELL, **change))  # type: ignore[arg-type]  # the facts of the table are of their fields' types
    assert (finding.check, finding.level) == (check, level)
    assert says in finding.text
    assert finding.advice or finding.fixable or "schema version" in finding.text


def test_jobs_of_dead_processes_are_stuck_and_of_living_ones_are_not() -> None:
    held = {(b"r" * 16).hex(): 3}
    assert trouble(replace(WELL, claims=held, runners=(runner(),))) == []
    finding = only(replace(WELL, claims=held, runners=(runner("dead"),)))
    assert (finding.level, finding.fixable) == ("problem", True)
    assert "3 jobs ran in a process that is dead: process 4242 (sdjobs worker)." in finding.text
    assert "1 job ran in a process that is dead." in only(replace(WELL, claims={"00" * 16: 1})).text


def test_jobs_that_nobody_can_run_are_told_by_kind() -> None:
    load = (KindLoad(kind="plugin.scan", queued=2, unhandled=2), KindLoad(kind="file_copy", queued=1))
    handlers, nobody = trouble(replace(WELL, load=load))
    assert "2 jobs of kind plugin.scan wait for code that is not installed here." in handlers.text
    assert "jobs cancel --kind plugin.scan" in handlers.advice
    assert (nobody.level, nobody.text) == ("notice", "3 jobs wait, and no process runs this library's jobs.")
    assert trouble(replace(WELL, load=load[1:], runners=(runner(),))) == []


def test_a_little_difference_of_clocks_is_none() -> None:
    assert trouble(replace(WELL, behind=timedelta(seconds=1))) == []
