"""What is printed into pipes and files: for programs, for people, for readers who leave, and with hostile names."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any

import pytest

from tests.acceptance.cli.conftest import ROOT, SAMPLES, SDJOBS, Cli

RUN = ("--import", SAMPLES, "run")
STEPS = (*RUN, "example.steps", "--total")
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""All that could act on a terminal, except the end of a line."""


def shell(cli: Cli, script: str) -> subprocess.CompletedProcess[str]:
    """Run a bash script in which `$SDJOBS` is the command."""
    environment = {**cli.environment, "SDJOBS": " ".join(SDJOBS)}
    return subprocess.run(
        ["bash", "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


def test_json_of_a_job_in_the_foreground_is_one_record_a_line(cli: Cli) -> None:
    done = cli.run(*STEPS, "3", "--bad", "1", "--json")
    records: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert records[0]["type"] == "started"
    assert records[-1]["type"] == "ended"
    assert records[-1]["exit_code"] == done.returncode == 4
    assert records[-1]["job"]["output"] == {"steps": 3}
    assert [record["status"] for record in records if record["type"] == "status"][-1] == "completed"
    assert {record["job"] for record in records[1:-1]} == {records[0]["job"]["id"]}
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["init"], {"library", "created"}),
        (["types"], {"types"}),
        (["completion", "bash"], {"shell", "script"}),
        (["jobs", "list"], {"jobs", "next"}),
        (["jobs", "show", "ID"], {"id", "status", "events", "notes", "arguments", "counters", "progress"}),
        (["jobs", "items", "ID"], {"items", "next"}),
        (["jobs", "logs", "ID"], {"lines"}),
        (["jobs", "pause", "ID"], {"jobs"}),
        (["jobs", "watch", "ID"], {"type", "job", "exit_code"}),
        (["--import", SAMPLES, "run", "example.steps", "--total", "1", "--detach"], {"job", "attached", "runner"}),
    ],
)
def test_every_command_has_a_document(cli: Cli, words: list[str], keys: set[str]) -> None:
    cli.run(*STEPS, "1")
    named = [cli.only_job()["short_id"] if word == "ID" else word for word in words]
    done = cli.run(*named, "--json")
    (line,) = done.stdout.splitlines()
    assert keys <= json.loads(line).keys()


@pytest.mark.parametrize("words", [["jobs", "show", "0123abcd"], ["jobs", "frobnicate"], ["run", "nothing"]])
def test_an_error_is_a_document_too(cli: Cli, words: list[str]) -> None:
    done = cli.run(*words, "--json")
    document = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode == 2
    assert document["error"]["message"] in done.stderr


def test_lines_for_people_come_about_once_a_second(cli: Cli) -> None:
    done = cli.run(*STEPS, "400")
    assert "400 items" in done.stdout
    assert len(done.stdout.splitlines()) < 20


# ---- readers that leave, streams that are closed or full


def test_a_job_whose_reader_has_left_goes_on_to_its_end(cli: Cli) -> None:
    gate = cli.gate(1)
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*SDJOBS, *STEPS, "4", "--gate", str(gate), "--json"], stdout=writing, stderr=subprocess.PIPE,
        env=cli.environment, cwd=ROOT,
    )  # fmt: skip
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.readline()
    gate.allow(4)
    _, complaint = process.communicate(timeout=15)
    assert (process.returncode, complaint) == (0, b"")
    assert cli.only_job()["status"] == "completed"


def test_a_listing_whose_reader_has_left_ends_in_silence(cli: Cli) -> None:
    cli.run(*STEPS, "300")
    job = cli.only_job()["short_id"]
    done = shell(cli, f"$SDJOBS jobs items {job} --limit 300 | true; echo ${{PIPESTATUS[0]}}")
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_watching_ends_when_its_reader_has_left(cli: Cli) -> None:
    command = cli.start(*STEPS, "400", "--gate", str(gate := cli.gate(1)), "--json")
    command.says('"items_done": 1')
    watch = shell(cli, f"(timeout 15 $SDJOBS jobs watch {cli.only_job()['short_id']}; echo $? >&2) | head -1")
    assert watch.stderr == "3\n"
    gate.allow(400)
    assert command.ends() == 0


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_harm_nothing(cli: Cli, redirection: str) -> None:
    done = shell(cli, f"$SDJOBS {' '.join(STEPS)} 3 {redirection}")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert cli.only_job()["status"] == "completed"


def test_a_full_disk_behind_the_output_is_told(cli: Cli) -> None:
    done = shell(cli, "$SDJOBS jobs list > /dev/full")
    assert done.returncode == 1
    assert "standard output: No space left on device." in done.stderr


def test_a_character_that_the_encoding_lacks_is_escaped(cli: Cli) -> None:
    done = cli.run(*RUN, "example.nasty", "--text", "naïve 写", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "\\u5199" in done.stdout


# ---- hostile names


def test_no_command_prints_what_a_job_says_as_it_is(cli: Cli) -> None:
    printed = {"run": cli.run(*RUN, "example.nasty")}
    assert printed["run"].returncode == 4
    job = cli.only_job()["short_id"]
    for words in (
        ["jobs", "list"],
        ["jobs", "show", job],
        ["jobs", "items", job],
        ["jobs", "logs", job],
        ["jobs", "watch", job],
        ["jobs", "list", "--json"],
        ["jobs", "show", job, "--json"],
        ["jobs", "items", job, "--json"],
        ["jobs", "logs", job, "--json"],
    ):
        printed[" ".join(words)] = cli.run(*words)
    for command, done in printed.items():
        assert FORBIDDEN.search(done.stdout + done.stderr) is None, (command, done.stdout)
        assert "\\x1b" in done.stdout or "\\u001b" in done.stdout or command == "jobs list", command
    assert "\\u202e" in printed[f"jobs items {job}"].stdout


def test_the_bytes_of_an_item_can_be_had(cli: Cli) -> None:
    from tests.acceptance.cli.sample_jobs import NASTY

    cli.run(*RUN, "example.nasty")
    (item,) = cli.json("jobs", "items", cli.only_job()["short_id"])["items"]
    assert item["item"] == NASTY


def test_an_error_that_is_hostile_is_escaped(cli: Cli) -> None:
    done = cli.run(*RUN, "example.nasty_failure")
    assert done.returncode == 1
    shown = cli.run("jobs", "show", cli.only_job()["short_id"], "--traceback")
    for text in (done.stdout, done.stderr, shown.stdout):
        assert FORBIDDEN.search(text) is None
    assert "nasty_failure" in shown.stdout
    assert "raise ValueError(NASTY)" in shown.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["--library", "/no\x1b[2Jwhere", "jobs", "list"],
        ["jobs", "show", "\x1b[2J"],
        ["run", "\x1b[2J"],
        ["\x1b[2J"],
        ["jobs", "list", "--\x1b[2J"],
        ["jobs", "list", "--status", "\x9b2J\u202e"],
        ["init", "/proc/\x1b[2J"],
    ],
)
def test_what_the_user_typed_is_escaped(cli: Cli, words: list[str]) -> None:
    done = cli.run(*words)
    assert done.returncode in (1, 2)
    assert FORBIDDEN.search(done.stdout + done.stderr) is None
    assert "\\x" in done.stderr
