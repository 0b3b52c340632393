"""Several processes on one library: workers, detached jobs, hand-over, and control from elsewhere."""

from __future__ import annotations

import signal

import pytest

from tests.acceptance.cli.conftest import SAMPLES, Cli, Gate, Started
from tests.waiting import eventually

RUN = ("--import", SAMPLES, "run")
STEPS = (*RUN, "example.steps", "--total")


def worker(cli: Cli, *words: str) -> Started:
    command = cli.start("--import", SAMPLES, "worker", *words)
    command.says("Running the jobs of")
    return command


def detached(cli: Cli, gate: Gate, total: int = 10) -> str:
    done = cli.run(*STEPS, str(total), "--gate", str(gate), "--detach")
    assert done.returncode == 0
    return done.stdout.strip()


def test_a_detached_job_says_that_nobody_runs_it(cli: Cli) -> None:
    done = cli.run(*STEPS, "1", "--detach")
    assert done.returncode == 0
    assert done.stdout.strip() == cli.only_job()["short_id"]
    assert done.stderr == (
        f"No process runs the jobs of this library now. Start one: sdjobs --import {SAMPLES} worker\n"
    )
    assert "waits for a worker: none runs" in cli.run("jobs", "list").stdout


def test_a_detached_job_says_who_runs_it(cli: Cli) -> None:
    process = worker(cli)
    done = cli.run(*STEPS, "1", "--detach")
    assert f"pid {process.process.pid}" in done.stderr
    eventually(lambda: cli.only_job()["status"] == "completed")


def test_a_worker_runs_what_waits_and_stops_at_sigterm(cli: Cli) -> None:
    job = detached(cli, cli.gate(5))
    process = worker(cli)
    process.says(f"{job} running")
    eventually(lambda: cli.only_job()["progress"]["items_done"] == 5)
    process.send(signal.SIGTERM)
    assert process.ends() == 0
    assert process.lines()[-1] == "Stopped."
    assert cli.only_job()["status"] == "queued"


def test_a_worker_takes_ctrl_c_for_a_shutdown_not_for_a_pause(cli: Cli) -> None:
    job = detached(cli, cli.gate(5))
    process = worker(cli)
    process.says(f"{job} running")
    process.send(signal.SIGINT)
    assert process.ends() == 0
    assert cli.only_job()["status"] == "queued"


def test_watching_tells_how_the_job_ended(cli: Cli) -> None:
    gate = cli.gate(5)
    job = detached(cli, gate)
    process = worker(cli)
    watch = cli.start("jobs", "watch", job)
    watch.says("5 of 10 items")
    gate.allow(10)
    assert watch.ends() == 0
    assert "Done: 10.0 kB, 10 items" in watch.out
    process.send(signal.SIGTERM)
    assert process.ends() == 0


def test_watching_a_paused_job_ends_with_3(cli: Cli) -> None:
    job = detached(cli, cli.gate())
    cli.run("jobs", "pause", job)
    assert cli.run("jobs", "watch", job).returncode == 3


def test_following_the_log(cli: Cli) -> None:
    gate = cli.gate(5)
    job = detached(cli, gate)
    process = worker(cli)
    log = cli.start("jobs", "logs", job, "-f")
    log.says("attempt 1 starts at 0")
    cli.run("jobs", "pause", job, "--wait")
    gate.allow(10)
    cli.run("jobs", "resume", job)
    assert log.ends() == 0
    assert [line.split("  ")[1] for line in log.lines()] == ["attempt 1 starts at 0", "attempt 2 starts at 5"]
    process.close()


def test_resume_says_that_nobody_runs_it(cli: Cli) -> None:
    job = detached(cli, cli.gate())
    assert cli.run("jobs", "pause", job, "--wait").stdout == f"{job} is paused\n"
    resumed = cli.run("jobs", "resume", job)
    assert (resumed.returncode, resumed.stdout) == (0, f"{job} is queued\n")
    assert "No process runs the jobs of this library now" in resumed.stderr
    assert cli.run("jobs", "resume", job, "--wait").returncode == 3


def test_resume_waits_until_it_runs(cli: Cli) -> None:
    job = detached(cli, cli.gate())
    process = worker(cli)
    cli.run("jobs", "pause", job, "--wait")
    resumed = cli.run("jobs", "resume", job, "--wait")
    assert (resumed.returncode, resumed.stdout) == (0, f"{job} is running\n")
    process.close()


def test_what_cannot_be_done_is_refused_and_the_rest_is_done(cli: Cli) -> None:
    cli.run(*STEPS, "1")
    ended = cli.only_job()["short_id"]
    waiting = detached(cli, cli.gate())
    done = cli.run("jobs", "pause", ended, waiting)
    assert done.returncode == 1
    assert done.stdout == f"{waiting} is paused\n"
    assert f"cannot pause job {ended}" in done.stderr


def test_cancelling_what_has_ended_is_no_error(cli: Cli) -> None:
    cli.run(*STEPS, "1")
    job = cli.only_job()["short_id"]
    done = cli.run("jobs", "cancel", job)
    assert (done.returncode, done.stdout) == (0, f"{job} is completed: nothing to cancel\n")


def test_lists_can_be_narrowed_and_paged(cli: Cli) -> None:
    cli.run(*RUN, "example.failing")
    ids = [detached(cli, cli.gate()) for _ in range(3)]
    assert [job["short_id"] for job in cli.json("jobs", "list", "--kind", "example.steps")["jobs"]] == ids[::-1]
    assert [job["kind"] for job in cli.json("jobs", "list", "--status", "failed")["jobs"]] == ["example.failing"]
    first = cli.json("jobs", "list", "--limit", "2")
    rest = cli.json("jobs", "list", "--limit", "2", "--after", str(first["next"]))
    assert len({job["id"] for page in (first, rest) for job in page["jobs"]}) == 4
    assert rest["next"] is None
    assert "There are more: --after" in cli.run("jobs", "list", "--limit", "2").stdout
    assert cli.run("jobs", "list", "--kind", "none").stdout == "No such jobs.\n"
    assert len(cli.json("jobs", "list", "--text", "EXAMPLE.st")["jobs"]) == len(ids)
    assert cli.run("jobs", "list", "--text", "said nowhere").stdout == "No such jobs.\n"
    assert cli.json("jobs", "list", "--in-line", "--text", "said nowhere")["jobs"] == []


def test_items_are_paged(cli: Cli) -> None:
    cli.run(*STEPS, "5", "--bad", "2")
    job = cli.only_job()["short_id"]
    page = cli.json("jobs", "items", job, "--limit", "3")
    rest = cli.json("jobs", "items", job, "--limit", "3", "--after", str(page["next"]))
    assert [item["item"] for item in page["items"] + rest["items"]] == [f"/steps/{n}" for n in range(1, 6)]
    assert [item["outcome"] for item in cli.json("jobs", "items", job, "--outcome", "error")["items"]] == ["error"] * 2


@pytest.mark.parametrize(("given", "stored"), [("high", 10), ("-3", -3), ("LOW", -10)])
def test_priority(cli: Cli, given: str, stored: int) -> None:
    cli.run(*STEPS, "1", "--priority", given, "--detach")
    assert cli.only_job()["priority"] == stored
