"""The picture in docs/lifecycle.md is the table in the code."""

from __future__ import annotations

import re
from pathlib import Path

from spacedrive_jobs._model.interruption import STRENGTH, Interruption
from spacedrive_jobs._model.options import MAX_CRASHES
from spacedrive_jobs._model.status import SUCCESSORS

PAGE = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")


def test_the_diagram_shows_every_transition_and_no_other() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    allowed = {(status.value, follower.value) for status, followers in SUCCESSORS.items() for follower in followers}
    assert drawn == allowed


def test_the_diagram_ends_where_nothing_follows() -> None:
    ends = set(re.findall(r"^    (\w+) --> \[\*\]$", PAGE, re.MULTILINE))
    assert ends == {status.value for status in SUCCESSORS if status.is_terminal}


def test_the_table_of_causes_shows_every_transition() -> None:
    rows = set(re.findall(r"^\| (\w+) \| (\w+) \|", PAGE, re.MULTILINE)) - {("from", "to")}
    allowed = {(status.value, follower.value) for status, followers in SUCCESSORS.items() for follower in followers}
    assert rows >= allowed
    assert {(one, other) for one, other in rows if one in {status.value for status in SUCCESSORS}} == allowed


def test_interruptions_are_listed_from_the_weakest_to_the_strongest() -> None:
    table = PAGE.split("| wanted | stronger than | ends as |")[1].split("\n\n")[0]
    listed = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)
    assert [Interruption(word) for word in listed] == sorted(Interruption, key=lambda kind: STRENGTH[kind])


def test_the_crash_budget_is_the_one_that_is_told() -> None:
    assert MAX_CRASHES == 3
    assert "After three without progress" in PAGE
