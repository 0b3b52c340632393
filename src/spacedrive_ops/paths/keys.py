"""From names of files, which are bytes, to keys of objects, which are text, and back. Pure.

What is no UTF-8, control characters, "%", "#", a backslash and a name of dots are percent-escaped: two names never get
one key, and the same bytes come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

KEY_MAX: Final = 1024
"""Bytes of a key, in S3, Google's store and Azure's alike."""
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_ESCAPED: Final = frozenset("%#\\\x7f")


class UnsafeKey(ValueError):
    """A key that stands for no file below a folder."""


def key_of(parts: Sequence[bytes]) -> str:
    """The key of a file by the names on its path. Raises ValueError where it is longer than keys may be."""
    key = text_of(parts)
    if len(key.encode()) > KEY_MAX:
        raise ValueError(f"its path is longer than the {KEY_MAX:,} bytes that a key may have")
    return key


def text_of(parts: Sequence[bytes]) -> str:
    """As `key_of`, however long."""
    return "/".join(map(_escaped, parts))


def text_of_bytes(value: bytes) -> str:
    """Any bytes as printable text, slashes and all; `bytes_of_text` gives them back."""
    return "".join(map(_escaped_character, value.decode("utf-8", "surrogateescape")))


def bytes_of_text(text: str) -> bytes:
    return _unescaped(text)


def _escaped(name: bytes) -> str:
    if set(name) == {ord(".")}:
        return "%2E" * len(name)
    return "".join(map(_escaped_character, name.decode("utf-8", "surrogateescape")))


def _escaped_character(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"%{ord(character) - 0xDC00:02X}"
    return f"%{ord(character):02X}" if character < " " or character in _ESCAPED else character


def parts_of(key: str) -> list[bytes]:
    """The names on the path of a key's file. Raises UnsafeKey for one that would lead elsewhere."""
    parts = [_unescaped(part) for part in key.split("/")]
    if any(part in (b"", b".", b"..") or b"/" in part or b"\0" in part for part in parts):
        raise UnsafeKey("its key is no path of a file below a folder")
    return parts


def _unescaped(part: str) -> bytes:
    found = bytearray()
    at = 0
    while at < len(part):
        code = part[at + 1 : at + 3]
        if part[at] == "%" and len(code) == 2 and set(code) <= _HEX:
            found.append(int(code, 16))
            at += 3
        else:
            found += part[at].encode()
            at += 1
    return bytes(found)
