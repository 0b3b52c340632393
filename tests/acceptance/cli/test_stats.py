"""`sdjobs stats`: what came of the jobs, also of those that are gone."""

from __future__ import annotations

import pytest

from tests.acceptance.cli.conftest import SAMPLES, Cli

pytestmark = pytest.mark.timeout(60)
RUN = ("--import", SAMPLES, "run", "example.steps", "--total")


def test_a_library_in_which_nothing_has_ended(cli: Cli) -> None:
    assert cli.run("init").returncode == 0
    done = cli.run("stats")
    assert (done.returncode, done.stdout) == (0, "No job has ended in this time.\n")


def test_jobs_are_told_by_kind_and_outlive_their_rows(cli: Cli) -> None:
    for _ in range(2):
        assert cli.run(*RUN, "3").returncode == 0
    before = cli.run("stats").stdout
    title, row, empty, *plot = before.splitlines()
    assert title.split() == ["KIND", "JOBS", "FAILED", "WAIT", "P50", "P95", "RUN", "P50", "P95", "BYTES", "ITEMS/S"]
    assert row.split()[:3] == ["example.steps", "2", "0"]
    assert empty == ""
    assert plot[0] == "Jobs that ended, by the day"
    assert plot[1].startswith("2 │")
    assert plot[1].endswith("█")
    assert "\x1b" not in before, "no colours in a pipe"
    assert cli.run("jobs", "clear", "--all", "--yes").returncode == 0
    assert cli.run("stats").stdout == before
    assert "No job has ended" in cli.run("stats", "--kind", "another").stdout
    document = cli.json("stats", "--since", "1h")
    (kind,) = document["kinds"]
    assert (kind["kind"], kind["completed"], kind["attempts"]) == ("example.steps", 2, 2)
    assert kind["run"]["count"] == kind["wait"]["count"] == 2
    assert 1 <= len(document["spans"]) <= 2


def test_what_draws_no_unicode_gets_ascii(cli: Cli) -> None:
    assert cli.run(*RUN, "1").returncode == 0
    assert cli.run("stats", LC_ALL="C").stdout.isascii()


def test_a_span_that_is_none_is_refused(cli: Cli) -> None:
    done = cli.run("stats", "--since", "yesterday")
    assert done.returncode == 2
    assert "is no time span" in done.stderr
