from __future__ import annotations

import os
from typing import Any

import click
import pytest

from sdjobs.kind_options import FIELD_PREFIX, FieldOption, arguments, field_options

PATH: dict[str, object] = {
    "format": "path",
    "anyOf": [{"type": "string"}, {"type": "object", "properties": {"bytes": {"type": "string"}}}],
}
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "address": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"place": {"type": "string"}}}]},
        "to": {"type": "integer"},
        "speed": {"type": "number", "default": 1.5},
        "loud": {"type": "boolean", "default": False},
        "mode": {"$ref": "#/$defs/Mode", "default": "fast"},
        "roots": {"type": "array", "items": PATH},
        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        "grid": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        "extra": {"type": "object", "default": {}},
        "where": {**PATH, "default": "/tmp"},
    },
    "required": ["to", "roots", "grid"],
    "$defs": {"Mode": {"enum": ["fast", "slow"]}},
}


def fields() -> dict[str, FieldOption]:
    return {field.name: field for field in field_options(SCHEMA)}


def parse(*words: str) -> dict[str, object]:
    listed = field_options(SCHEMA)
    command = click.Command("x", params=[field.option(frozenset()) for field in listed])
    return arguments(listed, command.make_context("x", list(words)).params)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("to", "integer"),
        ("speed", "number"),
        ("loud", "boolean"),
        ("note", "text"),
        ("address", "text"),
        ("mode", "choice"),
        ("grid", "json"),
        ("extra", "json"),
        ("where", "path"),
        ("roots", "path"),
        ("tags", "text"),
    ],
)
def test_shapes(name: str, shape: str) -> None:
    assert fields()[name].shape == shape


def test_required_fields_come_first_and_lists_repeat() -> None:
    listed = field_options(SCHEMA)
    assert [field.name for field in listed[:3]] == ["to", "roots", "grid"]
    assert {field.name for field in listed if field.repeated} == {"roots", "tags"}
    assert fields()["mode"].choices == ("fast", "slow")


def test_only_what_was_given_becomes_an_argument() -> None:
    assert parse("--to", "5") == {"to": 5}


def test_values_of_each_shape() -> None:
    words = ["--to=5", "--speed=2", "--loud", "--mode=slow", "--note=", "--tags=a", "--tags=b", "--grid=[[1]]"]
    given = parse(*words, '--extra={"a":1}')
    assert given == {
        "to": 5,
        "speed": 2.0,
        "loud": True,
        "mode": "slow",
        "note": "",
        "tags": ["a", "b"],
        "grid": [[1]],
        "extra": {"a": 1},
    }
    assert parse("--no-loud") == {"loud": False}


def test_paths_become_absolute_and_keep_their_bytes() -> None:
    assert parse("--where", "a/../b") == {"where": os.path.join(os.getcwd(), "a/../b")}
    assert parse("--roots", "/caf\udce9") == {"roots": [{"bytes": "L2NhZuk="}]}


@pytest.mark.parametrize("words", [["--to", "five"], ["--mode", "medium"], ["--grid", "[1"]])
def test_a_wrong_value_is_refused(words: list[str]) -> None:
    with pytest.raises(click.BadParameter):
        parse(*words)


def test_a_field_gives_way_to_an_option_of_the_command() -> None:
    field = FieldOption(name="priority", shape="integer")
    assert field.option(frozenset({"--priority"})).opts == ["--field-priority"]
    assert field.option(frozenset()).opts == ["--priority"]
    assert field.option(frozenset()).name == FIELD_PREFIX + "priority"


def test_help_says_default_and_requirement() -> None:
    def help_of(name: str) -> Any:
        return fields()[name].option(frozenset()).help

    assert help_of("to") == "[required]"
    assert help_of("mode") == "[default: fast]"
    assert help_of("loud") == "[default: off]"
    assert help_of("tags") == "May be repeated."
