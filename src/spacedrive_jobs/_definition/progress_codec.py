"""Progress and its shown form to bytes and back. Reporting never raises: what cannot be stored is shown as such."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast, get_type_hints
from weakref import WeakKeyDictionary, WeakSet

import msgspec
from msgspec import msgpack

from spacedrive_jobs._definition.codec import ENCODER, NATIVE, Codec, KiB, from_stored, printable, to_stored
from spacedrive_jobs._definition.immutable import refuse_mutable
from spacedrive_jobs._model.progress import (
    Bytes,
    Count,
    GenericProgress,
    Indeterminate,
    Percentage,
    Progress,
    ProgressData,
    ProgressView,
)

PROGRESS_LIMIT: Final = 64 * KiB
BUILT_IN: Final[dict[str, type[Any]]] = {
    cls.__name__: cls for cls in (Count, Bytes, Percentage, Indeterminate, GenericProgress)
}


def encode_progress(progress: Progress) -> bytes:
    """A tag and the value. Strings are made printable; what is over 64 KiB or cannot be encoded becomes a message."""
    cls = type(progress)
    try:
        data = _encode((_tags.get(cls) or _first_use(cls), progress))
    except Exception as error:
        return _instead(f"{cls.__name__} cannot be shown: {error}")
    if len(data) > PROGRESS_LIMIT:
        return _instead(f"{cls.__name__} is {len(data):,} bytes; the limit is {PROGRESS_LIMIT:,}")
    return data


def decode_progress(data: bytes) -> Progress | None:
    """None for a progress type that this process does not know, or knows otherwise."""
    try:
        tag, value = _TAGGED.decode(data)
        cls = BUILT_IN.get(tag) or _progress_class(tag)
        return None if cls is None else cast("Progress", _decoder(cls).decode(value))
    except Exception:
        return None


def encode_view(view: ProgressView) -> bytes:
    """Only what differs from an empty view is stored."""
    shown: dict[str, object] = {}
    for name, default in _VIEW_DEFAULTS:
        value = getattr(view, name)
        if value != default:
            shown[name] = value
    return _encode(shown)


def decode_view(data: bytes) -> ProgressView:
    """An empty view for what cannot be read."""
    try:
        return _VIEW.decode(data)
    except Exception:
        return ProgressView()


def check_progress_types() -> None:
    """Raise DefinitionError for a progress type with a field that may change after it was reported.

    Called at each `@job`, so that it is raised at import, and once for each type. A type whose annotations name what
    is defined later is looked at again, at the latest when it is used.
    """
    for cls in _subclasses(ProgressData):
        if cls not in _checked:
            try:
                hints = get_type_hints(cls)
            except NameError:
                continue
            _checked.add(cls)
            refuse_mutable(cls, hints)


_checked: WeakSet[type[ProgressData]] = WeakSet()
_tags: WeakKeyDictionary[type[Any], str] = WeakKeyDictionary()
_decoders: WeakKeyDictionary[type[Any], msgpack.Decoder[Any]] = WeakKeyDictionary()
_TAGGED: Final = msgpack.Decoder(tuple[str, msgspec.Raw])
_VIEW: Final = Codec[ProgressView](ProgressView)
_VIEW_DEFAULTS: Final = tuple((field.name, field.default) for field in dataclasses.fields(ProgressView))


def _first_use(cls: type[Any]) -> str:
    """Check a type, then remember its tag."""
    if cls not in BUILT_IN.values():
        refuse_mutable(cls, get_type_hints(cls))
    _tags[cls] = _tag(cls)
    return _tags[cls]


def _tag(cls: type[Any]) -> str:
    """A built-in type's name; module and name of another."""
    return cls.__name__ if BUILT_IN.get(cls.__name__) is cls else f"{cls.__module__}:{cls.__qualname__}"


def _decoder(cls: type[Any]) -> msgpack.Decoder[Any]:
    decoder = _decoders.get(cls)
    if decoder is None:
        decoder = _decoders[cls] = msgpack.Decoder(cls, dec_hook=from_stored)
    return decoder


def _progress_class(tag: str) -> type[ProgressData] | None:
    """The class of this tag, else the only one of its name: a class that moved to another module is still read."""
    classes = {_tag(cls): cls for cls in _subclasses(ProgressData)}
    if tag in classes:
        return classes[tag]
    name = tag.partition(":")[2]
    moved = [cls for known, cls in classes.items() if known.partition(":")[2] == name]
    return moved[0] if len(moved) == 1 else None


def _subclasses(cls: type[ProgressData]) -> Iterator[type[ProgressData]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _encode(value: object) -> bytes:
    try:
        return ENCODER.encode(value)
    except UnicodeEncodeError:
        return ENCODER.encode(_printable(msgspec.to_builtins(value, builtin_types=NATIVE, enc_hook=to_stored)))


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        pairs = cast("Mapping[object, object]", value)
        return {_printable(key): _printable(item) for key, item in pairs.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in cast("list[object]", value)]
    return value


def _instead(message: str) -> bytes:
    return ENCODER.encode(("Indeterminate", Indeterminate(printable(message)[:1000])))
