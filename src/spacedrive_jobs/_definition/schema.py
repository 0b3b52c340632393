"""Arguments as people and pages write them: JSON values in and out, and the JSON Schema that describes them."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final, cast

import msgspec

from spacedrive_jobs._definition.codec import json_text

PATH_SCHEMA: Final[dict[str, object]] = {
    "format": "path",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "description": "A name that is not UTF-8, as its bytes.",
            "properties": {"bytes": {"type": "string", "contentEncoding": "base64"}},
            "required": ["bytes"],
            "additionalProperties": False,
        },
    ],
}


def to_json(value: object) -> object:
    """Plain values that JSON can hold, from any supported value; names that are not UTF-8 as `{"bytes": base64}`."""
    return _with_json_text(msgspec.to_builtins(value, str_keys=True, enc_hook=_to_json))


def from_json(value: object, type_: Any) -> Any:
    """Validate JSON values as `type_`. Raises msgspec.ValidationError."""
    try:
        return msgspec.convert(value, type_, str_keys=True, dec_hook=_from_json)
    except msgspec.ValidationError:
        text, found = _with_real_text(value)
        if not found:
            raise
    return msgspec.convert(text, type_, str_keys=True, dec_hook=_from_json)


def schema_of(type_: type[msgspec.Struct], description: str) -> dict[str, object]:
    """The JSON Schema of a struct's fields: one object, with the types that it uses under `$defs`."""
    shown = _with_json_defaults(type_)
    (_,), components = msgspec.json.schema_components((shown,), schema_hook=_schema_of, ref_template="#/$defs/{name}")
    schema = cast("dict[str, object]", components.pop(type_.__name__))
    schema.pop("title", None)
    if description:
        schema = {"description": description, **schema}
    return {**schema, "$defs": components} if components else schema


def _with_json_defaults(type_: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """A twin whose defaults are what JSON shows of them: the schema generator knows no paths."""
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(type_):
        default = field.default
        if default is not msgspec.NODEFAULT:
            default = msgspec.field(default=to_json(default))
        elif field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(default_factory=field.default_factory)
        fields.append((field.name, field.type, default if default is not msgspec.NODEFAULT else msgspec.field()))
    return msgspec.defstruct(type_.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def _to_json(value: object) -> object:
    if isinstance(value, PurePath):
        return json_text(os.fspath(value))
    raise NotImplementedError(f"a {type(value).__name__} cannot be shown as JSON")


def _from_json(wanted: type[Any], value: object) -> object:
    if wanted is object:
        return value
    if not issubclass(wanted, PurePath) or isinstance(value, wanted):
        return value
    if isinstance(value, str):
        return wanted(value)
    name = _bytes_of(value)
    if name is None:
        raise ValueError(f'Expected a path (a string, or {{"bytes": base64}}), got `{type(value).__name__}`')
    return wanted(os.fsdecode(name))


def _schema_of(type_: type[Any]) -> dict[str, object]:
    return PATH_SCHEMA if issubclass(type_, PurePath) else {}


def _bytes_of(value: object) -> bytes | None:
    """The name in `{"bytes": base64}`; None for any other value."""
    if not isinstance(value, Mapping):
        return None
    fields = cast("Mapping[object, object]", value)
    encoded = fields.get("bytes")
    if len(fields) != 1 or not isinstance(encoded, str):
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return None


def _with_json_text(value: object) -> object:
    """Replace the strings that JSON cannot hold."""
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value)
        return {key: _with_json_text(item) for key, item in pairs.items()}
    if isinstance(value, (list, tuple)):
        return [_with_json_text(item) for item in cast("list[object]", value)]
    return value


def _with_real_text(value: object) -> tuple[object, bool]:
    """The reverse, for plain `str` arguments: `{"bytes": base64}` becomes the string; and whether there was any."""
    name = _bytes_of(value)
    if name is not None:
        return os.fsdecode(name), True
    if isinstance(value, Mapping):
        pairs = {key: _with_real_text(item) for key, item in cast("Mapping[object, object]", value).items()}
        return {key: item for key, (item, _) in pairs.items()}, any(found for _, found in pairs.values())
    if isinstance(value, (list, tuple)):
        items = [_with_real_text(item) for item in cast("list[object]", value)]
        return [item for item, _ in items], any(found for _, found in items)
    return value, False
