"""Schedules, filters, questions and explanations, from the command line."""

from __future__ import annotations

import shutil
import signal

import pytest

from tests.acceptance.cli.conftest import SAMPLES, Cli
from tests.waiting import eventually

RUN = ("--import", SAMPLES, "run", "example.steps", "--total")
ADD = ("--import", SAMPLES, "schedule", "add", "example.steps", "--total", "1")


def queued(cli: Cli, count: int) -> list[str]:
    return [cli.run(*RUN, "1", "--detach").stdout.strip() for _ in range(count)]


def test_a_schedule_is_added_listed_run_paused_and_removed(cli: Cli) -> None:
    added = cli.run(*ADD, "--every", "6h", "--starting-at", "2031-01-01T00:00+00:00")
    assert added.returncode == 0, added
    assert added.stdout.startswith("example.steps: every 6 hours\n  next run  2031-01-01 ")
    assert "It runs while a worker does." in added.stderr
    assert cli.run(*ADD, "--daily", "03:00", "--tz", "Europe/Berlin", "--id", "night").returncode == 0
    assert [info["id"] for info in cli.json("schedule", "list")["schedules"]] == ["example.steps", "night"]
    job = cli.run("schedule", "run", "night").stdout.strip()
    shown = cli.json("schedule", "show", "night")
    assert shown["runs"][0]["job"] == cli.json("jobs", "show", job)["id"]
    assert len(shown["next_runs"]) == 5
    assert cli.run("schedule", "pause", "night").stdout == "night is paused\n"
    assert cli.json("schedule", "show", "night")["next_run"] is None
    assert cli.run("schedule", "resume", "night").stdout == "night goes on\n"
    assert cli.run("schedule", "remove", "night").returncode == 0
    again = cli.run("schedule", "remove", "night")
    assert again.returncode == 2
    assert again.stderr.startswith("Error: The library has no schedule 'night'.\n  sdjobs schedule list shows")


def test_a_worker_runs_what_a_schedule_dispatches(cli: Cli) -> None:
    assert cli.run(*ADD, "--every", "1s").returncode == 0
    worker = cli.start("--import", SAMPLES, "worker")
    eventually(lambda: any(job["status"] == "completed" for job in cli.jobs()))
    worker.send(signal.SIGTERM)
    assert worker.ends() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say once when it runs"),
        (("--every", "6h", "--daily", "03:00"), "Say once when it runs"),
        (("--every", "six hours"), "is no time span: write 30s"),
        (("--every", "1ms"), "is no time span"),
        (("--cron", "at three"), "is no cron rule"),
        (("--cron", "0 3 * * *", "--tz", "Europe/Atlantis"), "is no time zone"),
        (("--daily", "25:00"), "is no time of the day"),
        (("--at", "tomorrow"), "is no date and time"),
        (("--daily", "03:00", "--misfire", "all:0"), "is none of once, skip, and all:N"),
        (("--daily", "03:00", "--starting-at", "2031-01-01"), "--starting-at belongs to --every"),
        (("--every", "6h", "--count", "2"), "--count belongs to --daily, --weekly and --monthly"),
    ],
)
def test_a_rule_that_cannot_be_is_explained(cli: Cli, words: tuple[str, ...], said: str) -> None:
    done = cli.run(*ADD, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_filter_is_one_action_for_all(cli: Cli) -> None:
    ids = queued(cli, 4)
    assert cli.run("jobs", "pause", "--all").stdout == "4 jobs paused or pausing.\n"
    assert cli.run("jobs", "resume", "--status", "paused").stdout == "4 jobs resumed.\n"
    assert cli.run("jobs", "cancel", "--kind", "example.steps", "--reason", "enough").stdout == (
        "4 jobs cancelled or cancelling.\n"
    )
    told = cli.jobs()
    assert {(job["status"], job["reason"]) for job in told} == {("cancelled", "enough")}
    assert len(cli.run("jobs", "retry", *ids[:2]).stdout.split()) == 2
    again = cli.run("jobs", "retry", "--kind", "example.steps").stdout
    assert again == "2 jobs to be done again.\n"  # those that were not tried again yet
    assert cli.run("jobs", "abort", "--all").stdout == "4 jobs aborted or aborting.\n"
    assert cli.run("jobs", "clear", "--all", "--older-than", "1d").stdout == "0 jobs deleted.\n"
    assert cli.run("jobs", "clear", ids[0]).stdout == "1 job deleted.\n"
    assert cli.run("jobs", "clear", "--all").stdout == "7 jobs deleted.\n"
    assert cli.run("jobs", "list").stdout == "No jobs.\n"


def test_a_filter_by_what_jobs_say(cli: Cli) -> None:
    cli.run(*RUN, "1", "--note", "it's summer", "--detach")
    cli.run(*RUN, "1", "--note", "winter", "--detach")
    assert cli.run("jobs", "cancel", "--text", "it's summer").stdout == "1 job cancelled or cancelling.\n"
    assert cli.run("jobs", "clear", "--text", "winter", "--yes").stdout == "0 jobs deleted.\n"
    assert cli.run("jobs", "clear", "--text", "summer", "--yes").stdout == "1 job deleted.\n"


def test_a_filter_by_time(cli: Cli) -> None:
    queued(cli, 1)
    assert cli.run("jobs", "pause", "--since", "2031-01-01").stdout == "0 jobs paused or pausing.\n"
    assert cli.run("jobs", "pause", "--since", "1h").stdout == "1 job paused or pausing.\n"
    wrong = cli.run("jobs", "pause", "--since", "yesterday")
    assert wrong.returncode == 2
    assert "is no date and time" in wrong.stderr


def test_a_list_of_what_was_dispatched_since(cli: Cli) -> None:
    queued(cli, 1)
    job = cli.only_job()["short_id"]
    assert cli.run("jobs", "list", "--since", "2031-01-01").stdout == "No such jobs.\n"
    assert job in cli.run("jobs", "list", "--since", "1h", "--status", "queued").stdout
    assert [one["short_id"] for one in cli.json("jobs", "list", "--since", "1h")["jobs"]] == [job]
    for words in (("--since", "yesterday"), ("--since", "1h", "--in-line")):
        assert cli.run("jobs", "list", *words).returncode == 2, words


def test_a_schedule_for_each_second_day(cli: Cli) -> None:
    added = cli.run(*ADD, "--daily", "03:00", "--count", "2", "--tz", "UTC")
    assert added.returncode == 0, added
    assert added.stdout.startswith("example.steps: every 2 days at 03:00")


def test_jobs_are_named_by_ids_or_by_a_filter(cli: Cli) -> None:
    (job,) = queued(cli, 1)
    for words in (["jobs", "cancel"], ["jobs", "cancel", job, "--all"]):
        done = cli.run(*words)
        assert done.returncode == 2
        assert "Name jobs by their IDs, or all at once" in done.stderr
    done = cli.run("jobs", "pause", "--status", "failed")
    assert done.returncode == 2
    assert "This is done to jobs that are queued, running or paused" in done.stderr


def test_a_person_at_a_terminal_is_asked_once(cli: Cli) -> None:
    queued(cli, 3)
    terminal = cli.terminal("jobs", "cancel", "--all")
    terminal.shows("Cancel all these jobs? [y/N]:")
    terminal.press("n\r")
    assert terminal.ends() == 3
    assert cli.jobs()[0]["status"] == "queued"
    terminal = cli.terminal("jobs", "cancel", "--all")
    terminal.shows("Cancel all these jobs? [y/N]:")
    terminal.press("y\r")
    terminal.shows("3 jobs cancelled")
    assert terminal.ends() == 0


def test_a_question_is_listed_explained_and_answered(cli: Cli) -> None:
    job = cli.run("--import", SAMPLES, "run", "example.asking", "--detach").stdout.strip()
    worker = cli.start("--import", SAMPLES, "worker")
    eventually(lambda: cli.json("jobs", "questions")["questions"])
    (question,) = cli.json("jobs", "questions")["questions"]
    assert (question["text"], question["choices"]) == ("Which way?", ["left", "right"])
    explained = cli.run("jobs", "explain", job).stdout
    assert "It asks: Which way?" in explained
    assert f"jobs answer {question['id']} ANSWER" in explained
    shown = cli.run("jobs", "show", job).stdout
    assert "Children" in shown
    assert shown.count("completed  example.steps") == 2
    wrong = cli.run("jobs", "answer", question["id"][:8], "up")
    assert wrong.returncode == 2
    assert "'up' is not among the answers: left, right" in wrong.stderr
    assert cli.run("jobs", "answer", question["id"][:8], "right").stdout == f"{job} goes on.\n"
    eventually(lambda: cli.json("jobs", "show", job)["output"] == "right")
    assert cli.run("jobs", "questions").stdout == "No job asks anything.\n"
    gone = cli.run("jobs", "answer", question["id"][:8], "right")
    assert "There is no open question" in gone.stderr
    worker.send(signal.SIGTERM)
    assert worker.ends() == 0


def test_a_waiting_job_is_explained(cli: Cli) -> None:
    first, second = queued(cli, 2)
    told = cli.run("jobs", "explain", second).stdout
    assert "It is queued: waits for a worker: none runs." in told
    assert "1 job is ahead of it." in told
    assert "Start one: sdjobs worker" in told
    assert cli.json("jobs", "explain", first)["ahead"] == 0


@pytest.mark.timeout(120)  # many commands, each a process
def test_waiting_jobs_are_put_elsewhere_in_line(cli: Cli) -> None:
    a, b, c = queued(cli, 3)

    def line() -> list[str]:
        return [job["short_id"] for job in cli.json("jobs", "list", "--in-line")["jobs"]]

    assert cli.run("jobs", "place", c, "--before", b).stdout == f"{c} has 1 job ahead of it\n"
    assert line() == [a, c, b]
    assert cli.run("jobs", "place", b, a, "--first").stdout == f"{b} is first in line\n{a} has 1 job ahead of it\n"
    assert [one["ahead"] for one in cli.json("jobs", "place", b, "--after", c)["jobs"]] == [2]
    cli.run("jobs", "place", a, "--last")
    cut = cli.json("jobs", "list", "--in-line", "--limit", "2")
    rest = cli.json("jobs", "list", "--in-line", "--after", cut["next"])
    assert [job["short_id"] for job in [*cut["jobs"], *rest["jobs"]]] == [c, b, a]
    cli.run("jobs", "pause", b)
    refused = cli.run("jobs", "place", a, "--before", b)
    assert (refused.returncode, refused.stderr) == (1, f"Error: Cannot put another beside job {b}: it is paused.\n")
    assert line() == [c, a]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("place", "12345678"), "one of --before, --after, --now, --first and --last"),
        (("place", "12345678", "--first", "--last"), "one of --before, --after, --now, --first and --last"),
        (("place", "--first"), "one of --before, --after, --now, --first and --last"),
        (("place", "12345678", "--first"), "There is no job 12345678."),
        (("list", "--in-line", "--after", "1.2"), "1.2 is not what a longer list was cut with"),
        (("list", "--in-line", "--status", "failed"), "In line is what is queued or paused."),
    ],
)
def test_a_place_in_line_that_makes_no_sense_is_explained(cli: Cli, words: tuple[str, ...], said: str) -> None:
    assert cli.run("init").returncode == 0
    done = cli.run("jobs", *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_copied_library_asks_before_it_runs_anything(cli: Cli) -> None:
    queued(cli, 1)
    original = cli.library
    cli.environment["SDJOBS_LIBRARY"] = str(cli.folder / "restored")
    shutil.copytree(original, cli.folder / "restored")
    shown = cli.run("queue", "show").stdout
    assert shown.startswith("1 queued, 0 running, 0 paused\nthe queue is paused: this library was copied or restored")
    assert "sdjobs queue resume" in shown
    assert cli.run("queue", "resume").stdout == "1 queued, 0 running, 0 paused\nNothing is paused.\n"
    assert cli.json("queue", "show")["paused"] == []
    moved = cli.folder / "moved"
    (cli.folder / "restored").rename(moved)
    cli.environment["SDJOBS_LIBRARY"] = str(moved)
    assert cli.json("queue", "show")["paused"] == []


def test_a_kind_is_paused_with_a_reason_that_its_jobs_give(cli: Cli) -> None:
    (job,) = queued(cli, 1)
    paused = cli.run("queue", "pause", "example.steps", "--reason", "at night only").stdout
    assert "kind example.steps is paused: at night only" in paused
    worker = cli.start("--import", SAMPLES, "worker")
    worker.says("Running the jobs of")
    assert "It is queued: kind example.steps is paused: at night only." in cli.run("jobs", "explain", job).stdout
    cli.run("queue", "resume", "example.steps")
    eventually(lambda: cli.only_job()["status"] == "completed")
    worker.send(signal.SIGTERM)
    assert worker.ends() == 0


@pytest.mark.timeout(120)
def test_now_is_before_what_is_more_important(cli: Cli) -> None:
    a, b = queued(cli, 2)
    c = cli.run(*RUN, "1", "--priority", "high", "--detach").stdout.strip()
    assert cli.run("jobs", "place", b, a, "--now").stdout == f"{b} is first in line\n{a} has 1 job ahead of it\n"
    line = [(job["short_id"], job["priority"]) for job in cli.json("jobs", "list", "--in-line")["jobs"]]
    assert line == [(b, 12), (a, 11), (c, 10)]
