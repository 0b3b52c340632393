"""From the JSON Schema of a kind's arguments to options of the command line, and back to arguments."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

import click

from sdjobs.given_paths import PATH

Schema: TypeAlias = Mapping[str, object]
Shape: TypeAlias = Literal["text", "path", "integer", "number", "boolean", "choice", "json"]

MOST_SHOWN: Final = 200
"""Characters of a wrong value in a message."""
FIELD_PREFIX: Final = "field_"
"""Parameter names of generated options begin with this, so that no field's name meets one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOption:
    """One field of a kind as an option. `repeated`: a list, each value given by the option once more."""

    name: str
    shape: Shape
    required: bool = False
    repeated: bool = False
    choices: tuple[str, ...] = ()
    description: str = ""
    default: object = None

    def option(self, taken: frozenset[str]) -> click.Option:
        """The click option; `taken` are the option names of the command itself, which the field gives way to."""
        flag = self.name.replace("_", "-")
        if f"--{flag}" in taken:
            flag = f"field-{flag}"
        declared = f"--{flag}/--no-{flag}" if self.shape == "boolean" and not self.repeated else f"--{flag}"
        return click.Option(
            [declared, FIELD_PREFIX + self.name],
            type=_click_type(self),
            multiple=self.repeated,
            default=None,
            metavar=_metavar(self),
            help=self._help(),
        )

    def _help(self) -> str:
        parts = [self.description]
        if self.repeated:
            parts.append("May be repeated.")
        if self.required:
            parts.append("[required]")
        elif self.default not in (None, [], {}):
            parts.append(f"[default: {self._shown_default()}]")
        return " ".join(filter(None, parts))

    def _shown_default(self) -> str:
        if self.shape == "boolean":
            return "on" if self.default else "off"
        return self.default if isinstance(self.default, str) else json.dumps(self.default)


def field_options(schema: Schema) -> list[FieldOption]:
    """One per field, in the order of the definition, the required ones first."""
    properties = cast("Mapping[str, Schema]", schema.get("properties", {}))
    required = frozenset(cast("Sequence[str]", schema.get("required", ())))
    definitions = cast("Mapping[str, Schema]", schema.get("$defs", {}))
    options = [_field(name, part, name in required, definitions) for name, part in properties.items()]
    return sorted(options, key=lambda option: not option.required)


def _field(name: str, part: Schema, required: bool, definitions: Mapping[str, Schema]) -> FieldOption:
    part = _resolved(part, definitions)
    shape, choices, repeated = _shape(part, definitions)
    return FieldOption(
        name=name,
        shape=shape,
        required=required,
        repeated=repeated,
        choices=choices,
        description=str(part.get("description", "")) if shape != "path" else "",
        default=part.get("default"),
    )


def _resolved(part: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Follow references, and leave out `null`: an option that is not given says that."""
    reference = part.get("$ref")
    if isinstance(reference, str):
        rest = {key: value for key, value in part.items() if key != "$ref"}
        return {**_resolved(definitions.get(reference.rpartition("/")[2], {}), definitions), **rest}
    alternatives = part.get("anyOf")
    if isinstance(alternatives, Sequence) and part.get("format") != "path":
        others = [other for other in cast("Sequence[Schema]", alternatives) if other.get("type") != "null"]
        if len(others) == 1:
            rest = {key: value for key, value in part.items() if key != "anyOf"}
            return {**_resolved(others[0], definitions), **rest}
    return part


def _shape(part: Schema, definitions: Mapping[str, Schema]) -> tuple[Shape, tuple[str, ...], bool]:
    if part.get("type") == "array" and isinstance(part.get("items"), Mapping):
        shape, choices, nested = _shape(_resolved(cast("Schema", part["items"]), definitions), definitions)
        # A list of lists, or of objects, is one JSON value: repeating an option could not say where one ends.
        return ("json", (), False) if nested or shape in ("json", "boolean") else (shape, choices, True)
    return (*_scalar(part), False)


def _scalar(part: Schema) -> tuple[Shape, tuple[str, ...]]:
    values = part.get("enum")
    if isinstance(values, Sequence) and all(isinstance(value, str) for value in cast("Sequence[object]", values)):
        return "choice", tuple(cast("Sequence[str]", values))
    if part.get("format") == "path":
        return "path", ()
    alternatives = cast("Sequence[Schema]", part.get("anyOf", ()))
    if any(other.get("type") == "string" for other in alternatives):
        return "text", ()  # what may also be an object is typed as its text; --args takes the object
    match part.get("type"):
        case "string":
            return "text", ()
        case "integer":
            return "integer", ()
        case "number":
            return "number", ()
        case "boolean":
            return "boolean", ()
        case _:
            return "json", ()


def parse_json(text: str) -> object:
    """A value written as JSON. Raises click.BadParameter."""
    try:
        return json.loads(text)
    except RecursionError:
        raise click.BadParameter("its lists and objects are nested in each other too deeply.") from None
    except ValueError as error:
        given = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
        raise click.BadParameter(f"{given!r} is not JSON: {error}.") from None


def _click_type(field: FieldOption) -> click.ParamType[Any] | Callable[[str], object]:
    match field.shape:
        case "integer":
            return click.INT
        case "number":
            return click.FLOAT
        case "boolean":
            return click.BOOL
        case "choice":
            return click.Choice(field.choices)
        case "path":
            return PATH
        case "json":
            return parse_json
        case "text":
            return click.STRING


def _metavar(field: FieldOption) -> str | None:
    names = {"text": "TEXT", "path": "PATH", "integer": "N", "number": "X", "json": "JSON"}
    return names.get(field.shape)


def arguments(fields: Sequence[FieldOption], given: Mapping[str, object]) -> dict[str, object]:
    """The arguments that the options say; what was not given is left to the kind's defaults."""
    found: dict[str, object] = {}
    for field in fields:
        value = given.get(FIELD_PREFIX + field.name)
        if value is None or (field.repeated and not value):
            continue
        if field.repeated:
            found[field.name] = [_plain(field, item) for item in cast("Sequence[object]", value)]
        else:
            found[field.name] = _plain(field, value)
    return found


def _plain(field: FieldOption, value: object) -> object:
    if not isinstance(value, str):
        return value
    # Absolute: the process that runs the job stands in another folder.
    return json_text(os.path.join(os.getcwd(), value) if field.shape == "path" else value)


def json_text(text: str) -> object:
    """A string as JSON, or its bytes in base64 where it is not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"bytes": base64.b64encode(os.fsencode(text)).decode()}
    return text
