"""docs/command-line.md has a section for every command, naming its options; what the pages show can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sdjobs.cli import cli
from sdjobs.kind_options import field_options
from sdjobs.kinds import find_kind, known_kinds

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SHARED = {"--library", "--json", "--import", "--help", "-h"}
DYNAMIC = {("run",), ("schedule", "add")}
"""Groups whose commands are the kinds that happen to be registered."""


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be typed, with the words that name it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group) and (*path, name) not in DYNAMIC:
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


COMMANDS = dict(commands(cli))
SECTIONS = {
    tuple(title.split()): text
    for title, text in re.findall(r"^### `sdjobs ([\w ]+)`\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def options(command: click.Command) -> set[str]:
    """Of a group whose commands are kinds: those that each of them has beside its kind's arguments."""
    if isinstance(command, click.Group):
        made = command.get_command(click.Context(command), "file_copy")
        kind = find_kind("file_copy", known_kinds())
        assert made is not None
        assert kind is not None
        made.params = made.params[len(field_options(kind.schema)) :]
        command = made
    return {name for option in command.params if isinstance(option, click.Option) for name in option.opts}


def test_every_command_has_its_section_and_no_other_has() -> None:
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_documented(path: tuple[str, ...]) -> None:
    wanted = {name for name in options(COMMANDS[path]) - SHARED if name.startswith("--")}
    missing = {name for name in wanted if f"`{name}`" not in SECTIONS[path] and f"`{name} " not in SECTIONS[path]}
    assert not missing


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_section_names_no_option_that_is_not_there(path: tuple[str, ...]) -> None:
    named = set(re.findall(r"`(--[\w-]+)", SECTIONS[path]))
    assert named <= options(COMMANDS[path]) | SHARED


def shown_command_lines() -> list[str]:
    """What the pages tell a reader to type: lines of console blocks that begin with a prompt and call sdjobs."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found: list[str] = []
    for page in pages:
        for block in re.findall(r"^```console\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            found += re.findall(r"^\$ (?:\S*/)?(sdjobs .*)$", block, re.MULTILINE)
    return sorted(set(found))


@pytest.mark.parametrize("line", shown_command_lines())
def test_what_is_shown_can_be_typed(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    group: click.Command = cli
    while words and isinstance(group, click.Group) and not words[0].startswith("-"):
        found = group.get_command(click.Context(group), words[0])
        assert found is not None, line
        group, words = found, words[1:]
    if "--help" not in words:
        group.make_context("sdjobs", list(words))
