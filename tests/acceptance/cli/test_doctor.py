"""`sdjobs doctor`: what is wrong is explained, what is safe is repaired, nobody edits a database (cases.md U5)."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from spacedrive_jobs._store.sql import migrations
from spacedrive_jobs.health import examine, tidy
from spacedrive_jobs.testing import ManualClock
from tests.acceptance.cli.conftest import SAMPLES, Cli, Gate
from tests.contract.test_statistics import old_library
from tests.waiting import eventually

RUN = ("--import", SAMPLES, "run", "example.steps", "--total")
TWO_MINUTES = 120


pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def library(cli: Cli) -> Path:
    assert cli.run("init").returncode == 0
    return cli.library


def stored(library: Path, sql: str) -> list[object]:
    connection = apsw.Connection(str(library / "jobs.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def killed_worker(cli: Cli, gate: Gate) -> None:
    """A job that runs in a worker, and the worker gone."""
    assert cli.run(*RUN, "5", "--gate", str(gate), "--detach").returncode == 0
    worker = cli.start("--import", SAMPLES, "worker")
    eventually(lambda: cli.only_job()["progress"]["items_done"] == 2)
    worker.process.kill()
    worker.process.wait()


def test_a_library_that_is_well(cli: Cli, library: Path) -> None:
    done = cli.run("doctor")
    assert done.returncode == 0, done
    assert all(line.startswith("ok") for line in done.stdout.splitlines())
    assert cli.run("doctor", "--quiet").stdout == "All is well.\n"
    document = cli.json("doctor")
    assert document["well"] is True
    assert {finding["level"] for finding in document["findings"]} == {"ok"}


def test_without_a_library_there_is_nothing_to_examine(cli: Cli) -> None:
    done = cli.run("--library", str(cli.folder / "nowhere"), "doctor")
    assert done.returncode == 2
    assert "There is no library at" in done.stderr


def test_jobs_of_a_killed_process_are_taken_back(cli: Cli) -> None:
    assert cli.run("init").returncode == 0
    killed_worker(cli, cli.gate(2))
    found = cli.run("doctor")
    assert found.returncode == 1
    assert "1 job ran in a process that is dead" in found.stdout
    assert "doctor --fix repairs" in found.stdout
    assert stored(cli.library, "SELECT status FROM jobs") == [("running",)], "it only looked"
    fixed = cli.run("--import", SAMPLES, "doctor", "--fix")
    assert "fixed  Took 1 job back from dead processes; they wait to go on." in fixed.stdout
    assert fixed.returncode == 0, fixed
    assert stored(cli.library, "SELECT status, runner FROM jobs") == [("queued", None)]
    assert stored(cli.library, "SELECT count(*) FROM runners") == [(0,)]
    assert "no process runs this library's jobs" in fixed.stdout


def test_a_runner_s_row_that_nothing_belongs_to_is_forgotten(cli: Cli, library: Path) -> None:
    connection = apsw.Connection(str(library / "jobs.db"))
    row = (os.urandom(16), "all", 1, 1, 1, "boot", "host", "sdjobs worker", 0)
    connection.execute("INSERT INTO runners VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()
    assert "died without saying so" in cli.run("doctor").stdout
    assert "fixed  Forgot 1 dead process." in cli.run("doctor", "--fix").stdout
    assert cli.run("doctor", "--quiet").stdout == "All is well.\n"


def test_a_stopped_process_is_named(cli: Cli, library: Path) -> None:
    worker = cli.start("--import", SAMPLES, "worker")
    worker.says("Running the jobs of")
    worker.send(signal.SIGSTOP)
    try:
        done = cli.run("doctor")
        assert done.returncode == 1
        assert f"process {worker.process.pid}" in done.stdout
        assert f"kill -CONT {worker.process.pid}" in done.stdout
    finally:
        worker.send(signal.SIGCONT)


def test_jobs_of_a_missing_plugin_are_explained_and_kept(cli: Cli, library: Path) -> None:
    assert cli.run(*RUN, "1", "--detach").returncode == 0
    done = cli.run("doctor", "--fix")
    assert done.returncode == 1
    assert "1 job of kind example.steps waits for code that is not installed here." in done.stdout
    assert cli.only_job()["status"] == "queued"
    assert cli.run("--import", SAMPLES, "doctor").returncode == 0


def test_what_is_paused_is_a_note(cli: Cli, library: Path) -> None:
    cli.run("queue", "pause", "file_copy", "--reason", "the disk is busy")
    done = cli.run("doctor", "--quiet")
    assert done.returncode == 0
    assert "Kind file_copy is paused: the disk is busy." in done.stdout
    assert "sdjobs queue resume file_copy" in done.stdout


def test_a_copied_library_waits_for_a_word(cli: Cli, library: Path) -> None:
    original = library.with_name("original")
    library.rename(original)
    shutil.copytree(original, library)
    done = cli.run("doctor")
    assert done.returncode == 1
    assert "This library was copied or restored" in done.stdout
    assert cli.run("doctor", "--fix").returncode == 1, "whether its jobs are to run is not the doctor's to say"
    assert cli.run("queue", "resume").returncode == 0
    assert cli.run("doctor", "--quiet").stdout == "All is well.\n"


def test_what_is_left_over_is_removed_and_nothing_else(cli: Cli, library: Path) -> None:
    assert cli.run(*RUN, "1").returncode == 0
    (kept,) = (library / "logs").glob("*.log")
    orphans = [library / "logs" / f"{'ab' * 16}.log", library / "logs" / f"{'ab' * 16}.old.log"]
    foreign = library / "logs" / "notes.log"
    for path in (*orphans, foreign):
        path.write_text("1\t1\tsaid\n")
    dead = library / "run" / f"{'cd' * 16}.ephemeral"
    (dead / "run").mkdir(parents=True)
    old = library / "run" / f"{'ef' * 16}.1.attempt"
    old.touch()
    os.utime(old, (0, 0))
    young = library / "run" / f"{'ef' * 16}.2.attempt"
    young.touch()
    done = cli.run("doctor")
    assert done.returncode == 0
    assert "2 log files, 1 folder of ephemeral jobs, 1 lock file." in done.stdout
    assert "fixed  Removed 4 files and folders" in cli.run("doctor", "--fix").stdout
    assert [path for path in (*orphans, dead, old) if path.exists()] == []
    assert [path for path in (kept, foreign, young) if not path.exists()] == []


def overwrite(path: Path, change: Callable[[bytearray], None]) -> bytes:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    return bytes(content)


def test_a_damaged_database_is_told_and_left_alone(cli: Cli, library: Path) -> None:
    assert cli.run(*RUN, "3").returncode == 0

    def spoil(content: bytearray) -> None:
        for page in range(2, len(content) // 4096):
            content[page * 4096 : page * 4096 + 16] = b"\xff" * 16

    damaged = overwrite(library / "jobs.db", spoil)
    done = cli.run("doctor", "--fix")
    assert done.returncode == 1
    assert "jobs.db is damaged" in done.stdout
    assert "restore" in done.stdout
    assert (library / "jobs.db").read_bytes() == damaged


def test_a_file_that_is_no_database_is_told(cli: Cli, library: Path) -> None:
    (library / "jobs.db").write_bytes(b"not a database, by any means" * 200)
    done = cli.run("doctor", "--fix")
    assert done.returncode == 1
    assert "jobs.db is damaged: " in done.stdout
    assert "not a database" in done.stdout


def test_a_newer_library_is_left_to_what_made_it(cli: Cli, library: Path) -> None:
    def from_the_future(content: bytearray) -> None:
        content[60:64] = (999).to_bytes(4, "big")  # the user_version, in SQLite's header

    newer = overwrite(library / "jobs.db", from_the_future)
    done = cli.run("doctor", "--fix")
    assert done.returncode == 1
    assert "jobs.db has schema version 999" in done.stdout
    assert "pip install --upgrade" in done.stdout
    assert (library / "jobs.db").read_bytes() == newer


def test_an_older_library_is_brought_up_to_date(cli: Cli) -> None:
    shutil.rmtree(cli.library)
    old_library(cli.library).close()
    found = cli.run("doctor")
    assert "jobs.db has schema version 1" in found.stdout
    assert "1 job ran in a process that is dead." in found.stdout
    newest = migrations()[-1][0]
    fixed = cli.run("doctor", "--fix")
    assert f"fixed  Brought jobs.db from schema version 1 to {newest}." in fixed.stdout
    assert stored(cli.library, "PRAGMA user_version") == [(newest,)]


def test_a_folder_that_anybody_may_change_is_closed(cli: Cli, library: Path) -> None:
    library.chmod(0o777)
    assert cli.run("doctor").returncode == 1
    fixed = cli.run("doctor", "--fix")
    assert "Others may not write into" in fixed.stdout
    assert fixed.returncode == 0
    assert library.stat().st_mode & 0o777 == 0o775


def test_a_clock_that_went_back_is_told(library: Path) -> None:
    connection = apsw.Connection(str(library / "jobs.db"))
    at = ManualClock().now_ms() + TWO_MINUTES * 1000
    connection.execute(
        "INSERT INTO job_events (job_id, at, attempt, status, reason) VALUES (x'00', ?, 0, 'queued', '')", (at,)
    )
    connection.close()
    assert examine(library, clock=ManualClock()).behind.total_seconds() == TWO_MINUTES
    assert tidy(library, clock=ManualClock()) == ()


def test_an_empty_database_is_a_loss(cli: Cli, library: Path) -> None:
    database = library / "jobs.db"
    database.write_bytes(b"")
    told = cli.run("doctor")
    assert told.returncode == 1
    assert "jobs.db is damaged: it is empty, and what was in it is lost." in told.stdout
    assert "from a backup; or move it aside" in told.stdout
    assert cli.run("doctor", "--fix").returncode == 1
    listed = cli.run("jobs", "list")
    assert (listed.returncode, listed.stdout) == (1, "")
    assert f"{database} is empty, and what was in it is lost: restore it" in listed.stderr
    assert database.stat().st_size == 0
    (library / "library.db").write_bytes(b"")  # made later than the first page of the other
    assert "what was in it is lost" in cli.run("init").stderr


def test_what_a_killed_init_has_begun_is_made_by_the_next(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.library.mkdir()
    (cli.library / "jobs.db").write_bytes(b"")
    assert cli.run("init").returncode == 0
    assert cli.run("jobs", "list").stdout == "No jobs.\n"


def test_tokens_that_others_may_read_are_told_and_closed(cli: Cli, library: Path) -> None:
    tokens = library / "web-tokens.json"
    tokens.write_text(json.dumps({"full": "one token that is long", "read": "another one, also long"}))
    tokens.chmod(0o644)
    told = cli.run("doctor", "--quiet")
    assert told.returncode == 1
    assert f"{tokens} can be read by others" in told.stdout
    assert tokens.stat().st_mode & 0o777 == 0o644
    assert cli.run("doctor", "--fix", "--quiet").stdout.startswith(f"fixed  Others may not read {tokens} any more")
    assert tokens.stat().st_mode & 0o777 == 0o600
    assert cli.run("doctor", "--quiet").stdout == "All is well.\n"


@pytest.mark.parametrize("content", ["damaged", "{}", None])
def test_tokens_that_cannot_be_read_are_told(cli: Cli, library: Path, content: str | None) -> None:
    tokens = library / "web-tokens.json"
    if content is None:
        tokens.mkdir()
    else:
        tokens.touch(0o600)
        tokens.write_text(content)
    told = cli.run("doctor", "--fix", "--quiet")
    assert told.returncode == 1
    assert f"WRONG  {tokens} " in told.stdout
    assert f"rm -r {tokens}" in told.stdout
    assert tokens.exists()
