"""Arguments as people and pages write them: JSON values in and out, and the JSON Schema that describes them."""

from __future__ import annotations

import base64
import dataclasses
import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from spacedrive_jobs._definition.codec import json_text, printable

_Described: TypeAlias = msgspec.inspect.StructType | msgspec.inspect.DataclassType

DEEPEST: Final = 200
"""Levels of JSON in arguments; what shows them calls itself for each."""
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
    """Validate JSON values as `type_`. Raises msgspec.ValidationError, also for what is nested too deeply."""
    _check_depth(value)
    try:
        return msgspec.convert(value, type_, str_keys=True, dec_hook=_from_json)
    except msgspec.ValidationError:
        text, found = _with_real_text(value)
        if not found:
            raise
    return msgspec.convert(text, type_, str_keys=True, dec_hook=_from_json)


def _check_depth(value: object) -> None:
    """By levels, because what looks into a value by calling itself would be the first to fail."""
    level = [value]
    for _ in range(DEEPEST + 1):  # what is in the last level must be plain
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise msgspec.ValidationError(f"lists and objects are nested in each other more than {DEEPEST} levels deep")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value).values()
    return cast("list[object]", value) if isinstance(value, (list, tuple)) else ()


def schema_of(type_: type[msgspec.Struct], description: str) -> dict[str, object]:
    """The JSON Schema of a struct's fields: one object, with the types that it uses under `$defs`."""
    try:
        _, components = msgspec.json.schema_components(
            (_Shown().of(type_),), schema_hook=_schema_of, ref_template="#/$defs/{name}"
        )
    except TypeError:  # a type that contains itself, with a default that holds a path
        return {"description": description, "type": "object"}
    schema = cast("dict[str, object]", components.pop(type_.__name__))
    schema.pop("title", None)
    if description:
        schema = {"description": description, **schema}
    return {**schema, "$defs": components} if components else schema


class _Shown:
    """Twins of types for the schema generator, which knows no paths and so fails at a default that holds one."""

    def __init__(self) -> None:
        self._twins: dict[type[Any], type[Any]] = {}
        self._recursive: set[type[Any]] = set()

    def of(self, type_: Any) -> Any:
        """`type_` with the structs and dataclasses in it replaced."""
        if isinstance(type_, type) and _has_fields(type_):
            return self._twin(type_)
        arguments = get_args(type_)
        origin = get_origin(type_)
        if not arguments or origin is Literal:
            return type_
        if origin is Annotated:
            return Annotated[(self.of(arguments[0]), *arguments[1:])]
        shown = tuple(argument if argument is ... else self.of(argument) for argument in arguments)
        return Union[shown] if origin in (Union, UnionType) else cast("Any", origin)[shown]

    def _twin(self, cls: type[Any]) -> type[Any]:
        if cls in self._twins:
            if self._twins[cls] is cls:
                self._recursive.add(cls)
            return self._twins[cls]
        self._twins[cls] = cls
        described = cast("_Described", msgspec.inspect.type_info(cls))
        hints = get_type_hints(cls, include_extras=True)
        twin = msgspec.defstruct(
            cls.__name__,
            [self._field(field, hints[field.name]) for field in described.fields],
            kw_only=True,
            namespace={"__doc__": _own_docstring(cls)},
            **(_layout(described) if isinstance(described, msgspec.inspect.StructType) else {}),
        )
        self._twins[cls] = cls if cls in self._recursive else twin
        return self._twins[cls]

    def _field(self, field: msgspec.inspect.Field, hint: Any) -> tuple[str, Any, Any]:
        shown = self.of(hint)
        if field.required:
            return field.encode_name, shown, msgspec.field()
        default = _shown_default(field)
        if default is not msgspec.NODEFAULT:
            shown = Annotated[shown, msgspec.Meta(extra_json_schema={"default": default})]
        return field.encode_name, shown, msgspec.field(default_factory=object)


def _layout(described: msgspec.inspect.StructType) -> dict[str, Any]:
    return {
        "forbid_unknown_fields": described.forbid_unknown_fields,
        "array_like": described.array_like,
        "tag": described.tag,
        "tag_field": described.tag_field,
    }


def _has_fields(type_: type[Any]) -> bool:
    return dataclasses.is_dataclass(type_) or issubclass(type_, msgspec.Struct)


def _own_docstring(cls: type[Any]) -> str | None:
    """A docstring somebody wrote; not the signature that `dataclass` puts in its place."""
    text: str | None = cls.__dict__.get("__doc__")
    return None if text is None or text.startswith(f"{cls.__name__}(") else text


def _shown_default(field: msgspec.inspect.Field) -> object:
    """A default as JSON; none of a factory that may give another each time."""
    default: Any = field.default
    if default is not msgspec.NODEFAULT:
        return to_json(default)
    factory: Any = field.default_factory
    repeatable = (get_origin(factory) or factory) in (list, dict, set, frozenset, tuple)
    if repeatable or getattr(factory, "func", None) is deepcopy:
        return to_json(factory())
    return msgspec.NODEFAULT


def _to_json(value: object) -> object:
    if isinstance(value, PurePath):
        return os.fspath(value)
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
        return {printable(key): _with_json_text(item) for key, item in pairs.items()}
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
