"""The units of docs/systemd are ones that systemd takes, and start commands that there are."""

from __future__ import annotations

import configparser
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from sdjobs.cli import cli

FOLDER = Path(__file__).parents[2] / "docs" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))


def settings(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents it
    parser.read_string(unit.read_text("utf-8"))
    return parser["Service"]


def test_there_are_units() -> None:
    assert {unit.stem for unit in UNITS} == {"sdjobs-worker", "sdjobs-serve"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_a_unit_starts_is_a_command(unit: Path) -> None:
    program, name, *words = shlex.split(settings(unit)["ExecStart"])
    assert Path(program).name == "sdjobs"
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    command.make_context(name, words, resilient_parsing=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_shutdown_reaches_the_worker_alone(unit: Path) -> None:
    """Else its child processes would die of the SIGTERM before their jobs have saved anything."""
    assert settings(unit)["KillMode"] == "mixed"
    assert settings(unit)["OOMPolicy"] == "continue"
    assert int(settings(unit)["TimeoutStopSec"]) > 10


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "sdjobs"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text("utf-8").replace("%h/.local/bin/sdjobs", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, []), done.stderr
