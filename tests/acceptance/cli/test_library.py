"""Which library is used, and what is said of one that cannot be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import SAMPLES, Cli

STEPS = ("--import", SAMPLES, "run", "example.steps", "--total", "1")


def default(cli: Cli) -> Path:
    return Path(cli.environment["XDG_DATA_HOME"]) / "sdjobs" / "default.sdlibrary"


def test_the_default_library_is_made_by_the_first_job(bare_cli: Cli) -> None:
    assert bare_cli.run(*STEPS).returncode == 0
    assert len(bare_cli.json("jobs", "list")["jobs"]) == 1
    assert stat.S_IMODE(default(bare_cli).stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("words", [["jobs", "list"], ["jobs", "show", "0123abcd"], ["jobs", "watch"]])
def test_looking_makes_no_library(bare_cli: Cli, words: list[str]) -> None:
    done = bare_cli.run(*words)
    assert done.returncode == 2
    assert f"There is no library yet at {default(bare_cli)}." in done.stderr
    assert "sdjobs init" in done.stderr
    assert not default(bare_cli).exists()


@pytest.mark.parametrize("words", [["jobs", "list"], STEPS, ["worker"], [*STEPS, "--detach"]])
@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_named_library_must_be_there(bare_cli: Cli, words: list[str], by: str) -> None:
    missing = bare_cli.folder / "misspelt"
    if by == "option":
        done = bare_cli.run("--library", str(missing), *words)
    else:
        done = bare_cli.run(*words, SDJOBS_LIBRARY=str(missing))
    assert done.returncode == 2
    named = f" --library {missing}" if by == "option" else ""
    assert done.stderr == (
        f"Error: There is no library at {missing}.\n  Make one with sdjobs{named} init, or check the path.\n"
    )
    assert not missing.exists()


def test_the_option_is_taken_after_the_command_too_and_beats_the_variable(cli: Cli) -> None:
    other = cli.folder / "other"
    assert cli.run("init", str(other)).stdout == f"Made a library at {other}\n"
    assert cli.run("init", "--library", str(other)).stdout == f"There is a library at {other} already\n"
    assert cli.run(*STEPS, "--library", str(other)).returncode == 0
    assert len(cli.json("--library", str(other), "jobs", "list")["jobs"]) == 1
    assert cli.jobs() == []


def test_a_file_is_no_library(cli: Cli) -> None:
    file = cli.folder / "file"
    file.write_text("not a library")
    for words in (["jobs", "list"], ["init"], STEPS):
        done = cli.run("--library", str(file), *words)
        assert done.returncode == 2
        assert done.stderr.startswith(f"Error: {file} is not a folder.")
    assert file.read_text() == "not a library"


def test_a_folder_without_a_library_is_none(cli: Cli) -> None:
    done = cli.run("--library", str(cli.folder), "jobs", "list")
    assert done.returncode == 2
    assert "There is no library at" in done.stderr


def test_a_newer_library_is_left_alone(cli: Cli) -> None:
    database = cli.library / "jobs.db"
    content = bytearray(database.read_bytes())
    content[60:64] = (999).to_bytes(4, "big")  # the user_version, in SQLite's header
    database.write_bytes(content)
    done = cli.run("jobs", "list")
    assert done.returncode == 1
    assert "schema version 999" in done.stderr
    assert "Upgrade spacedrive-jobs" in done.stderr
    assert database.read_bytes() == content


def test_a_broken_database_is_told_without_a_traceback(cli: Cli) -> None:
    (cli.library / "jobs.db").write_bytes(b"this is no database at all" * 500)
    done = cli.run("jobs", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.needs("drop_capabilities")
def test_a_library_that_may_not_be_read(cli: Cli, without_dac: list[str]) -> None:
    cli.library.chmod(0)
    try:
        command = cli.start("jobs", "list", prefix=tuple(without_dac))
        assert command.ends() in (1, 2)
        assert "Permission denied" in command.err
        assert "Traceback" not in command.err
    finally:
        cli.library.chmod(0o700)


@pytest.mark.needs("drop_capabilities")
def test_a_data_folder_that_may_not_be_written(bare_cli: Cli, without_dac: list[str]) -> None:
    data = Path(bare_cli.environment["XDG_DATA_HOME"])
    data.mkdir(mode=0o500)
    command = bare_cli.start(*STEPS, prefix=tuple(without_dac))
    assert command.ends() == 1
    assert "Permission denied" in command.err
    assert "--library DIR" in command.err


def test_an_unexpected_error_goes_to_the_log_of_the_library(cli: Cli) -> None:
    breaking = cli.folder / "breaking.py"
    breaking.write_text(
        "import sdjobs.commands.jobs_list as module\n"
        "def broken(*_): raise ZeroDivisionError('a bug')\n"
        "module.job_json = broken\n"
    )
    cli.run(*STEPS)
    done = cli.run("--import", "breaking", "jobs", "list", "--json", PYTHONPATH=str(cli.folder))
    log = cli.library / "logs" / "sdjobs.log"
    assert done.returncode == 1
    assert done.stderr == (f"Error: sdjobs failed unexpectedly (ZeroDivisionError: a bug).\n  Details are in {log}.\n")
    assert "Traceback" in log.read_text()
    assert "line 2, in broken" in log.read_text()


def test_user_code_that_fails_is_named_with_its_line(cli: Cli) -> None:
    (cli.folder / "mine.py").write_text("x = 1\nraise LookupError('no settings')\n")
    done = cli.run("--import", "mine", "types", PYTHONPATH=str(cli.folder))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: Cannot import mine: LookupError: no settings (")
    assert "mine.py, line 2)" in done.stderr


def test_an_ambiguous_name_lists_what_it_could_be(cli: Cli) -> None:
    for _ in range(2):
        cli.run(*STEPS)
    ids = [job["id"] for job in cli.jobs()]
    done = cli.run("jobs", "show", ids[0][:6])
    assert done.returncode == 2
    assert "names 2 jobs" in done.stderr
    assert all(name in done.stderr for name in ids)
    for name in (ids[0], ids[0][-8:]):
        assert cli.run("jobs", "show", name).returncode == 0


def test_nothing_is_done_to_any_job_if_one_is_unknown(cli: Cli) -> None:
    cli.run(*STEPS, "--detach")
    job = cli.only_job()["short_id"]
    assert cli.run("jobs", "cancel", job, "0123abcd").returncode == 2
    assert cli.only_job()["status"] == "queued"
    assert cli.run("jobs", "cancel", job, job).stdout == f"{job} is cancelled\n"
