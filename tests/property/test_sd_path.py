"""Whatever names hold, an SdPath comes back from every form of it, and no join leads out of it."""

from __future__ import annotations

import ast
import os
import unicodedata

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacedrive_jobs._definition.codec import Codec, encode
from spacedrive_jobs._definition.schema import from_json, to_json
from spacedrive_ops import SdPath, UnsafePath

NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: name not in (b".", b"..") and not set(name) & {0, 47})
BELOW = st.lists(NAMES, max_size=4).map(b"/".join)
PLACES = st.sampled_from(
    [
        SdPath.local("/"),
        SdPath.in_volume("0c1d3b3e-8b4c-4a4e-9f0e-5d6a1e0f7c11"),
        SdPath.in_location(7),
        SdPath.in_store("s3://bucket"),
    ]
)
PATHS = st.builds(SdPath.join, PLACES, BELOW)
MISLEADING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(PATHS)
@example(SdPath.local("/a%2e\\b/caf\udce9"))
@example(SdPath.in_store("s3://bucket", "..."))
def test_every_form_gives_it_back(path: SdPath) -> None:
    assert SdPath.parse(str(path)) == path
    assert hash(SdPath.parse(str(path))) == hash(path)
    assert Codec[SdPath](SdPath).decode(encode(path)) == path
    assert from_json(msgspec.json.decode(msgspec.json.encode(to_json(path))), SdPath) == path
    assert b"/".join(path.parts) in (os.fsencode(path.path), b"")


@example(SdPath.parse("local:///\"'"))
@given(PATHS)
def test_its_text_can_be_shown_anywhere(path: SdPath) -> None:
    text = str(path)
    assert text.isprintable()
    assert not MISLEADING & {unicodedata.category(character) for character in text}
    literal = repr(path).removeprefix("SdPath.parse(").removesuffix(")")
    assert ast.literal_eval(literal) == text, "it can be pasted into a program, also with quotes of both kinds"
    assert SdPath.parse(text) == path


@given(PATHS, PATHS)
def test_two_paths_never_become_one_text(one: SdPath, other: SdPath) -> None:
    assert (str(one) == str(other)) == (one == other)


def test_names_that_look_alike_are_told_apart() -> None:
    names = ["photo\u202egpj.exe", "photo%E2%80%AEgpj.exe", "photogpj.exe", "a\u00a0b", "a b", "a\u200bb", "ab"]
    shown = [str(SdPath.local("/") / name) for name in names]
    assert len(set(shown)) == len(names)
    assert shown[0] == "local:///photo%E2%80%AEgpj.exe"


@given(PATHS, st.lists(st.binary(max_size=8), min_size=1, max_size=3))
@example(SdPath.in_location(1, "a"), [b"../../etc"])
@example(SdPath.in_location(1, "a"), [b"/etc"])
def test_no_join_leads_out(path: SdPath, pieces: list[bytes]) -> None:
    try:
        joined = path.join(*pieces)
    except UnsafePath:
        assert any(b"\0" in one or one.startswith(b"/") or b".." in one.split(b"/") for one in pieces)
    else:
        assert joined.is_below(path)
        assert path.join(joined.below(path)) == joined
        assert b".." not in joined.parts


@given(PATHS, NAMES)
def test_the_parent_of_a_name_is_where_it_was_joined(path: SdPath, name: bytes) -> None:
    below = path / name
    assert (below.parent, os.fsencode(below.name)) == (path, name)
    assert not path.is_below(below)


@given(BELOW.filter(bool))
def test_a_key_is_of_one_path(below: bytes) -> None:
    path = SdPath.in_store("s3://bucket", below)
    assert SdPath.of_key("s3://bucket", path.key) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "relative",
        "http://host/a",
        "location://0/a",
        "location://x/a",
        "volume:///a",
        "s3:///a",
        "s3://bucket/100%",
        "s3://bucket/%2e%2e/a",
        "local:///a/../b",
        "local://host/a",
        "location://1//etc",
        "/a/../b",
        "/a\0b",
        "/\ud800",
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(UnsafePath):
        SdPath.parse(text)


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "location", "place": "1", "path": "../../etc"},
        {"kind": "location", "place": "1", "path": "/etc"},
        {"kind": "elsewhere", "place": "1", "path": "a"},
        {"kind": "location", "place": "1; DROP", "path": "a"},
        {"kind": "location", "place": "1", "path": "a", "more": 1},
    ],
)
def test_stored_or_sent_it_is_checked_as_well(value: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        from_json(value, SdPath)
