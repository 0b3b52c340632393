"""How a job in the foreground ends, and what the shell is told."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from tests.acceptance.cli.conftest import ROOT, SAMPLES, Cli, Started
from tests.waiting import eventually

RUN = ("--import", SAMPLES, "run")
STEPS = (*RUN, "example.steps", "--total")


def started(cli: Cli, total: int = 100, allowed: int = 5) -> Started:
    """A job that has done `allowed` steps and waits."""
    command = cli.start(*STEPS, str(total), "--gate", str(cli.gate(allowed)), "--json")
    command.says(f'"items_done": {allowed}')
    return command


def test_done(cli: Cli) -> None:
    done = cli.run(*STEPS, "3")
    assert done.returncode == 0
    assert re.search(r'Done: 3.0 kB, 3 items( in .* s)?\.\nOutput: {"steps": 3}\n$', done.stdout)
    assert done.stderr == ""


def test_items_that_failed(cli: Cli) -> None:
    done = cli.run(*STEPS, "3", "--bad", "2")
    assert done.returncode == 4
    listing = re.search(r"2 items failed: sdjobs (.*)", done.stdout)
    assert listing
    assert "a bad step" in cli.run(*listing[1].split()).stdout


def test_failed(cli: Cli) -> None:
    done = cli.run(*RUN, "example.failing")
    assert done.returncode == 1
    assert "failed: it broke\n" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([*STEPS], "requires an argument"),
        ([*STEPS, "three"], "'three' is not a valid integer"),
        ([*STEPS, "3", "--mode", "odd"], "'odd' is not one of 'fancy', 'plain'"),
        ([*RUN, "example.steps"], "Missing option '--total'"),
        ([*RUN, "example.steps", "--args", '{"total": "x"}'], "total"),
        ([*RUN, "example.steps", "--args", '{"total": 1, "colour": 2}'], "colour"),
        ([*RUN, "example.steps", "--args", "[1]"], "one JSON object"),
        ([*RUN, "example.steps", "--args", "{"], "not JSON"),
        ([*RUN, "example.unheard_of"], "no job of kind 'example.unheard_of'"),
        (["--import", "no.such.module", "types"], "Cannot import no.such.module"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["jobs", "show", "0123abcd"], "no job 0123abcd"),
        (["jobs", "show", "x y"], "no job x y"),
        (["jobs", "list", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_wrong_command_does_nothing_and_says_why(cli: Cli, words: list[str], told: str) -> None:
    done = cli.run(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert cli.jobs() == []


def test_args_as_json_and_options_together(cli: Cli) -> None:
    assert cli.run(*RUN, "example.steps", "--args", '{"total": 9, "note": "a"}', "--total", "2").returncode == 0
    arguments = cli.only_job()["arguments"]
    assert (arguments["total"], arguments["note"]) == (2, "a")


def test_ctrl_c_pauses_and_the_printed_command_resumes(cli: Cli) -> None:
    gate = cli.gate(5)
    command = cli.start(*STEPS, "10", "--gate", str(gate))
    command.says("5 of 10 items")
    command.send(signal.SIGINT)
    assert command.ends() == 3
    assert cli.only_job()["status"] == "paused"
    assert "Paused at 50 %, 5.0 of 10.0 kB.\n" in command.out

    printed = re.search(r"Resume it: sdjobs (.*)\n", command.out)
    assert printed
    gate.allow(10)
    again = subprocess.run(
        f"{sys.executable} -m sdjobs {printed[1]}",
        shell=True, env=cli.environment, cwd=ROOT, capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    assert again.returncode == 0, again
    assert "Resuming job" in again.stdout
    assert cli.only_job()["attempt"] == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_shutdown_puts_the_job_back_into_the_queue(cli: Cli, number: signal.Signals) -> None:
    command = started(cli)
    command.send(number)
    assert command.ends() == 3
    job = cli.only_job()
    assert job["status"] == "queued"
    assert job["progress"]["items_done"] == 5
    assert command.records()[-1]["exit_code"] == 3


def test_a_second_ctrl_c_aborts(cli: Cli) -> None:
    command = cli.start(*RUN, "example.stubborn", "--gate", str(cli.gate()))
    command.says("running")
    command.send(signal.SIGINT)
    command.says("cannot be paused")
    assert cli.only_job()["status"] == "running"
    command.send(signal.SIGINT)
    assert command.ends() == 1
    assert cli.only_job()["status"] == "cancelled"


def test_one_more_leaves_at_once_even_where_the_job_blocks_the_loop(cli: Cli) -> None:
    gate = cli.gate()
    command = cli.start(*RUN, "example.blocking", "--gate", str(gate))
    eventually(gate.path.with_suffix(".reached").exists)
    for _ in range(3):
        command.send(signal.SIGINT)
        if command.process.poll() is not None:
            break
    # Signals that come together count once: press on, as a person would.
    while command.process.poll() is None:
        command.send(signal.SIGINT)
    assert command.ends() == 3


def test_a_killed_command_goes_on_where_it_was(cli: Cli) -> None:
    gate = cli.gate(5)
    command = cli.start(*STEPS, "8", "--gate", str(gate), "--json")
    command.says('"items_done": 5')
    command.process.kill()
    command.ends()
    gate.allow(8)
    again = cli.start("--import", SAMPLES, "jobs", "resume", cli.only_job()["short_id"], "--follow", "--json")
    assert again.ends() == 0, again.err
    attempts = cli.run("jobs", "logs", cli.only_job()["short_id"]).stdout
    assert "attempt 2 starts at 5" in attempts


def test_nohup_is_honoured(cli: Cli) -> None:
    command = cli.start(*STEPS, "8", "--gate", str(gate := cli.gate(5)), "--json", prefix=("nohup",))
    command.says('"items_done": 5')
    command.send(signal.SIGHUP)
    gate.allow(8)
    assert command.ends() == 0


def test_pausing_from_another_terminal_ends_the_command(cli: Cli) -> None:
    command = started(cli)
    job = cli.only_job()["short_id"]
    paused = cli.run("jobs", "pause", job, "--wait")
    assert (paused.returncode, paused.stdout) == (0, f"{job} is paused\n")
    assert command.ends() == 3


@pytest.mark.parametrize("verb", ["cancel", "abort"])
def test_stopping_from_another_terminal(cli: Cli, verb: str) -> None:
    command = started(cli)
    job = cli.only_job()["short_id"]
    assert cli.run("jobs", verb, job, "--reason", "no longer wanted", "--wait").returncode == 0
    assert command.ends() == 1
    assert cli.only_job()["reason"] == "no longer wanted"
    again = cli.run("jobs", verb, job)
    assert (again.returncode, again.stdout) == (0, f"{job} is cancelled\n")
