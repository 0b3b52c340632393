"""Whether values of a type can change after they were given away."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from spacedrive_jobs._model.errors import DefinitionError

IMMUTABLE: Final = (
    NoneType,
    bool,
    int,
    float,
    str,
    bytes,
    Enum,
    PurePath,
    UUID,
    Decimal,
    date,
    datetime,
    time,
    timedelta,
)


def refuse_mutable(cls: type[Any], hints: Mapping[str, Any]) -> None:
    """Raise DefinitionError that names the first field of a dataclass whose value may change in place."""
    for field in dataclasses.fields(cls):
        culprit = mutable_part(hints[field.name])
        if culprit is not None:
            raise DefinitionError(
                f"{cls.__qualname__}.{field.name} may change after it was reported ({culprit}): "
                "use a tuple, a frozenset or a frozen dataclass"
            )


def mutable_part(type_: Any) -> str | None:
    """The name of the part of a type whose values may change in place, or None."""
    origin = get_origin(type_)
    if origin is Annotated:
        return mutable_part(get_args(type_)[0])
    if origin is Literal:
        return None
    if origin in (Union, UnionType, tuple, frozenset):
        parts = (mutable_part(part) for part in get_args(type_) if part is not ...)
        return next((part for part in parts if part is not None), None)
    if isinstance(type_, type) and _is_immutable_class(type_):
        return None
    return getattr(type_, "__qualname__", None) or str(type_)


def _is_immutable_class(cls: type[Any]) -> bool:
    if issubclass(cls, IMMUTABLE):
        return True
    if dataclasses.is_dataclass(cls):
        if not cast("Any", cls).__dataclass_params__.frozen:
            return False
        hints = get_type_hints(cls, include_extras=True)
        return all(mutable_part(hints[field.name]) is None for field in dataclasses.fields(cls))
    return issubclass(cls, msgspec.Struct) and cls.__struct_config__.frozen
