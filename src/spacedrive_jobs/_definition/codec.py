"""Values to bytes and back: MessagePack, with paths as their exact bytes and every file name surviving.

A path is stored as the bytes of its name. A plain string that holds a surrogate (a file name that is not UTF-8, as
`os.listdir` gives it) cannot be UTF-8; it is stored as the extension type `SURROGATE_TEXT`, so a payload is always
well-formed MessagePack. Strings that are only shown are made printable instead (`printable`).
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec import msgpack

from spacedrive_jobs._model.errors import JobError, PayloadTooLarge

T = TypeVar("T")

KiB: Final = 1 << 10
ARGUMENTS_LIMIT: Final = 1 << 20
STATE_LIMIT: Final = 1 << 20
STATE_WARNING: Final = 64 * KiB
OUTPUT_LIMIT: Final = 1 << 20

SURROGATE_TEXT: Final = 1
NATIVE: Final = (bytes, bytearray, memoryview, datetime)
"""What MessagePack holds itself, and a plain value therefore keeps."""


class PayloadInvalid(JobError):
    """A job's state or output does not have the type that its kind declares, or stored bytes cannot be read as it."""

    kind: str
    problem: str
    what: str

    def __init__(self, kind: str, what: str, problem: str) -> None:
        self.kind, self.what, self.problem = kind, what, problem
        super().__init__(f"the {what} of {kind!r}: {problem}")


def to_stored(value: object) -> object:
    """The hook for what msgspec does not know: a path becomes its bytes."""
    if isinstance(value, PurePath):
        return os.fsencode(value)
    raise NotImplementedError(f"values of type `{type(value).__qualname__}` cannot be stored")


def from_stored(wanted: type[Any], value: object) -> object:
    """The hook for decoding: bytes become a path. `object` takes what is there."""
    if type(value) is bytes and issubclass(wanted, PurePath):
        return wanted(os.fsdecode(value))
    if wanted is object:
        return value
    raise ValueError(f"Expected `{wanted.__name__}`, got `{type(value).__name__}`")


def _check_stored(wanted: type[Any], value: object) -> object:
    """`from_stored` where only the answer counts: any path will do."""
    if type(value) is bytes:
        path = _SOME_PATH.get(wanted)
        if path is not None:
            return path
    return from_stored(wanted, value)


_SOME_PATH: Final[dict[type[Any], PurePath]] = {cls: cls() for cls in (PurePath, Path, type(Path()))}


ENCODER: Final = msgpack.Encoder(enc_hook=to_stored)


def encode(value: object) -> bytes:
    """Encode any supported value. Raises TypeError, ValueError or OverflowError for others."""
    try:
        return ENCODER.encode(value)
    except UnicodeEncodeError:
        return _encode_with_surrogates(value)


def decode_plain(data: bytes) -> Any:
    """Decode without a type: dicts, lists, strings, numbers, bytes. Raises msgspec.DecodeError."""
    return PLAIN_DECODER.decode(data)


class Codec(Generic[T]):
    """The decoder of one type, built once. Raises TypeError or NameError for a type that cannot be stored."""

    type: Any

    __slots__ = ("_check", "_decode", "type")

    def __init__(self, type_: Any) -> None:
        self.type = type_
        self._decode: Callable[[bytes], T] = msgpack.Decoder(type_, dec_hook=from_stored).decode
        self._check: Callable[[bytes], T] = msgpack.Decoder(type_, dec_hook=_check_stored).decode

    def check(self, data: bytes) -> None:
        """Raise what `decode` would, without building paths: a third of the time."""
        try:
            self._check(data)
        except msgspec.ValidationError:
            self.decode(data)

    def decode(self, data: bytes) -> T:
        """Decode strictly. Raises msgspec.DecodeError or msgspec.ValidationError, which names the place."""
        try:
            return self._decode(data)
        except msgspec.ValidationError:
            plain, found = _decode_with_surrogates(data)
            if not found:
                raise
        return self.from_plain(plain)

    def from_plain(self, value: object) -> T:
        """Validate what `decode_plain` gives. Raises msgspec.ValidationError."""
        converted = msgspec.convert(value, self.type, builtin_types=NATIVE, dec_hook=from_stored)
        return cast("T", converted)


def limited(data: bytes, what: str, limit: int) -> bytes:
    """`data`, or PayloadTooLarge."""
    if len(data) > limit:
        raise PayloadTooLarge(what, len(data), limit)
    return data


# --- strings with surrogates, the slow way ------------------------------------------------------------------------


def _encode_with_surrogates(value: object) -> bytes:
    plain = msgspec.to_builtins(value, builtin_types=NATIVE, enc_hook=to_stored)
    out = bytearray()
    _pack(plain, out)
    return bytes(out)


def _pack(value: object, out: bytearray) -> None:
    """MessagePack by hand for containers, because msgspec cannot write an extension as a key."""
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        _pack_head(len(pairs), 0x80, 0xDE, out)
        for key, item in pairs.items():
            _pack(key, out)
            _pack(item, out)
    elif isinstance(value, (list, tuple)):
        items = cast("list[object]", value)
        _pack_head(len(items), 0x90, 0xDC, out)
        for item in items:
            _pack(item, out)
    elif isinstance(value, str) and not _is_utf8(value):
        out += ENCODER.encode(msgpack.Ext(SURROGATE_TEXT, value.encode("utf-8", "surrogatepass")))
    else:
        out += ENCODER.encode(value)


def _pack_head(count: int, fixed: int, wide: int, out: bytearray) -> None:
    if count < 16:
        out.append(fixed | count)
    elif count < 1 << 16:
        out += bytes((wide,)) + count.to_bytes(2, "big")
    else:
        out += bytes((wide + 1,)) + count.to_bytes(4, "big")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_extension(code: int, data: memoryview) -> object:
    if code == SURROGATE_TEXT:
        return bytes(data).decode("utf-8", "surrogatepass")
    return msgpack.Ext(code, bytes(data))


PLAIN_DECODER: Final = msgpack.Decoder(ext_hook=_read_extension)


def _decode_with_surrogates(data: bytes) -> tuple[Any, bool]:
    found = False

    def read(code: int, payload: memoryview) -> object:
        nonlocal found
        found = found or code == SURROGATE_TEXT
        return _read_extension(code, payload)

    return msgpack.decode(data, ext_hook=read), found


# --- what is only shown ---------------------------------------------------------------------------------------------

_AMBIGUOUS: Final = r"\\x[89a-f][0-9a-f]|\\ud[89a-f][0-9a-f]{2}|[\ud800-\udfff]"
_ESCAPED: Final = r"[\\\ud800-\udfff]"


def printable(text: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    r"""Text that can be stored and shown whatever a name holds; bytes that are not UTF-8 become `\xe9`.

    Two names never look alike: a name that itself contains what looks like such an escape has its backslashes doubled.
    """
    if not isinstance(text, str):
        text = os.fsdecode(text)
    if text.isascii() and "\\" not in text:
        return text
    if re.search(_AMBIGUOUS, text) is None:
        return str(text)
    return re.sub(_ESCAPED, _escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x5C:
        return "\\\\"
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def path_bytes(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> bytes:
    """The exact bytes of a name. Never raises for a string, whatever it holds."""
    raw = os.fspath(path)
    if isinstance(raw, bytes):
        return raw
    try:
        return os.fsencode(raw)
    except UnicodeEncodeError:
        return raw.encode("utf-8", "surrogatepass")


def json_text(text: str) -> object:
    """A string as JSON may hold it: itself, or its bytes where they are not UTF-8."""
    if _is_utf8(text):
        return text
    return {"bytes": base64.b64encode(path_bytes(text)).decode()}
