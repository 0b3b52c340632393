"""Names that are not UTF-8, printable text and the bytes of names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec import msgpack

from spacedrive_jobs._definition.codec import Codec, decode_plain, encode, json_text, path_bytes, printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "plain"),
        ("größe", "größe"),
        ("caf\udce9", r"caf\xe9"),
        (b"caf\xe9", r"caf\xe9"),
        (Path("caf\udce9"), r"caf\xe9"),
        (r"caf\xe9", r"caf\\xe9"),
        ("\udce9" + r"\xe9", r"\xe9\\xe9"),
        (r"C:\xerox\temp", r"C:\xerox\temp"),
        ("\ud800", r"\ud800"),
        (r"\ud800", r"\\ud800"),
        (r"\ud7ff", r"\ud7ff"),
        ("", ""),
    ],
)
def test_printable(name: Any, shown: str) -> None:
    assert printable(name) == shown


def test_the_bytes_of_a_name() -> None:
    for name in ("caf\udce9", b"caf\xe9", Path("caf\udce9")):
        assert path_bytes(name) == b"caf\xe9"
    assert path_bytes("\ud800") == b"\xed\xa0\x80"
    assert path_bytes(os.fsencode("größe")) == "größe".encode()


def test_json_text() -> None:
    assert json_text("größe") == "größe"
    assert json_text("caf\udce9") == {"bytes": "Y2Fm6Q=="}


NAMES = {"caf\udce9": ["\ud800", b"\xff", 3, None, 1.5, True, {"deep\udcff": "ok"}]}


def test_text_with_surrogates_is_well_formed_msgpack() -> None:
    data = encode(NAMES)
    assert msgpack.decode(data, ext_hook=lambda code, payload: f"{code}:{bytes(payload)!r}") == {
        r"1:b'caf\xed\xb3\xa9'": [r"1:b'\xed\xa0\x80'", b"\xff", 3, None, 1.5, True, {r"1:b'deep\xed\xb3\xbf'": "ok"}]
    }
    assert decode_plain(data) == NAMES


@pytest.mark.parametrize("size", [15, 16, 17, 65_535, 65_536])
def test_containers_of_every_length(size: int) -> None:
    value = {"names": ["caf\udce9", *map(str, range(size - 1))], "keys": {f"{n}\udce9": n for n in range(size)}}
    assert decode_plain(encode(value)) == value


def test_a_foreign_extension_is_left_alone() -> None:
    data = msgpack.encode([msgpack.Ext(9, b"x")])
    assert decode_plain(data) == [msgpack.Ext(9, b"x")]


def test_ordinary_text_takes_the_short_way() -> None:
    codec = Codec[dict[str, str]](dict[str, str])
    value = {"größe": "日本"}
    assert encode(value) == msgpack.encode(value)
    assert codec.decode(encode(value)) == value
