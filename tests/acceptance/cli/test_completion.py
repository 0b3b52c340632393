"""Shell completion, and how fast a command starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.acceptance.cli.conftest import ROOT, SAMPLES, Cli


def complete(cli: Cli, line: str) -> list[str]:
    """What bash would offer at the end of `line`."""
    words = line.split(" ")
    done = cli.run(_SDJOBS_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    assert done.stderr == ""
    return [offer.partition(",")[2] for offer in done.stdout.splitlines() if offer]


def test_the_script_for_bash_can_be_read_by_bash(cli: Cli) -> None:
    script = cli.run("completion", "bash")
    assert script.returncode == 0
    subprocess.run(["bash", "-n"], input=script.stdout, text=True, check=True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_name_the_command(cli: Cli, shell: str) -> None:
    assert "_SDJOBS_COMPLETE" in cli.run("completion", shell).stdout


def test_an_unknown_shell(cli: Cli) -> None:
    assert cli.run("completion", "tcsh").returncode == 2


def test_commands_and_options_are_completed(cli: Cli) -> None:
    assert complete(cli, "sdjobs jobs pa") == ["pause"]
    assert "--on-conflict" in complete(cli, "sdjobs copy --on")


def test_jobs_are_completed(cli: Cli) -> None:
    cli.run("--import", SAMPLES, "run", "example.steps", "--total", "1")
    job = cli.only_job()["short_id"]
    assert complete(cli, f"sdjobs jobs show {job[:2]}") == [job]


def test_without_a_library_nothing_is_offered_and_nothing_said(bare_cli: Cli) -> None:
    assert complete(bare_cli, "sdjobs jobs show ") == []


@pytest.mark.parametrize("words", [["jobs", "list", "--json"], ["jobs", "list"]])
def test_what_draws_on_terminals_is_loaded_only_for_terminals(cli: Cli, words: list[str]) -> None:
    program = "import sys; from sdjobs.main import run; run(sys.argv[1:]); print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env=cli.environment, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False"
