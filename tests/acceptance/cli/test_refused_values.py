"""Values that cannot be: refused as wrong usage, in a sentence that names them, and nothing is stored."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.cli.conftest import SAMPLES, Cli

HUGE = "99999999999999999999"
ADD = ("--import", SAMPLES, "schedule", "add", "example.steps", "--total", "1")
RUN = ("--import", SAMPLES, "run")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("jobs", "list", "--limit", HUGE), "--limit"),
        (("search", "x", "--limit", HUGE), "--limit"),
        (("largest", "--limit", HUGE), "--limit"),
        (("duplicates", "--known", "--least", HUGE), "--least"),
        (("jobs", "list", "--after", "zz"), "zz is not what a longer list was cut with."),
        (("jobs", "cancel", "--all", "--since", "99999999999d"), "'99999999999d' is too long"),
        (("jobs", "cancel", "--all", "--since", "9999-12-31T23:59:59-14:00"), "after 9999"),
        (("jobs", "clear", "--all", "--older-than", "999999999999d", "--yes"), "too long: write at most 36500d."),
        (("stats", "--since", "99999999999999d"), "too long"),
        ((*ADD, "--every", "999999999999999d"), "too long"),
        ((*ADD, "--every", "1h", "--starting-at", "9999-12-31T23:59"), "9999"),
        ((*ADD, "--daily", "03:00", "--jitter", "99999999d"), "too long"),
        ((*ADD, "--monthly", "03:00", "--count", HUGE), "before the year 9999 ends"),
        ((*ADD, "--daily", "03:00", "--misfire", f"all:{HUGE}"), "CatchUp needs a limit of 1 to 1,000,000"),
        ((*ADD, "--daily", "03:00", "--id", "a/b"), "'a/b' is no id of a schedule"),
        ((*ADD, "--daily", "03:00", "--id", ".."), "'..' is no id of a schedule"),
        ((*ADD, "--daily", "03:00", "--id", "a\nb"), "is no id of a schedule"),
        ((*ADD, "--daily", "03:00", "--id", ""), "has 1 to 200 characters, not 0"),
        ((*ADD, "--daily", "03:00", "--id", "x" * 300), "has 1 to 200 characters, not 300"),
        (
            (*RUN, "example.steps", "--total", "1", "--priority", HUGE, "--detach"),
            "is not between -1,000,000 and 1,000,000",
        ),
        ((*RUN, "example.steps", "--args", "[" * 3000 + "]" * 3000), "too deep"),
        ((*RUN, "example.steps", "--args", "[" * 3000), "too deep"),
        ((*RUN, "example.steps", "--args", json.dumps({"total": ["x" * 5000]})[:-1]), "is not JSON"),
        (("queue", "pause", ""), "the kind is empty"),
        (("queue", "resume", ""), "the kind is empty"),
    ],
)
def test_what_cannot_be_is_wrong_usage(cli: Cli, words: tuple[str, ...], sentence: str) -> None:
    done = cli.run(*words)
    assert done.returncode == 2, done
    assert sentence in done.stderr
    assert "unexpectedly" not in done.stderr
    assert len(done.stderr) < 1_000
    if "schedule" in words:
        assert cli.json("schedule", "list")["schedules"] == []
    if "run" in words:
        assert cli.jobs() == []
    if "queue" in words:
        assert cli.json("queue", "show")["paused"] == []


@pytest.mark.parametrize("after", ["x", HUGE, "-" + HUGE])
def test_a_cursor_of_items_that_is_none(cli: Cli, after: str) -> None:
    cli.run(*RUN, "example.steps", "--total", "1")
    done = cli.run("jobs", "items", cli.only_job()["short_id"], f"--after={after}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{after} is not what a longer list was cut with." in done.stderr


def test_all_of_the_calendar_may_be_asked_for(cli: Cli) -> None:
    done = cli.run("facts", "--between", "0001-01-01", "9999-12-31")
    assert (done.returncode, done.stdout) == (0, "Nothing was found.\n")
