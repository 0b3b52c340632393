"""Lines of manifests, and the order in which files are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacedrive_ops.hashing.files import Place, files_below
from spacedrive_ops.hashing.manifest import lines_of, parsed

DIGEST = bytes(range(32))
NAMES = st.text(st.characters(exclude_characters="\0�", exclude_categories=["Cs"]), min_size=1).map(str.encode)


@given(st.lists(NAMES, max_size=5))
def test_what_is_written_is_read_again(names: list[bytes]) -> None:
    text, refused = lines_of([(b"/elsewhere/" + name, DIGEST) for name in names], b"/folder")
    lines = text.split(b"\n")
    assert (refused, lines.pop()) == ([], b"")
    assert [parsed(line) for line in lines] == [(DIGEST, b"/elsewhere/" + name) for name in names]


def test_names_below_the_manifests_folder_are_called_from_there() -> None:
    pairs = [
        (b"/folder/in", DIGEST),
        (b"/folder in", DIGEST),
        (b"/folder/caf\xe9", DIGEST),
        (b"/folder/d/\xc3\xa9", DIGEST),
    ]
    text, refused = lines_of(pairs, b"/folder/")
    assert refused == [2]
    assert [line.split(b"  ", 1)[1] for line in text.splitlines()] == [b"in", b"/folder in", b"d/\xc3\xa9"]
    assert lines_of([(b"/in", DIGEST)], b"/")[0].endswith(b"  in\n")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"0" * 64 + b" one space",
        b"0" * 63 + b"  too short",
        b"0" * 64 + b"  ",
        b"g" * 64 + b"  no digest",
        b"\\" + b"0" * 64 + b"  no \\escape",
        b"0" * 64 + b"  a\0b",
    ],
)
def test_what_is_no_line_is_none(line: bytes) -> None:
    assert parsed(line) is None


def test_files_are_found_in_one_order_and_from_any_place_on(tmp_path: Path) -> None:
    library = tmp_path / "tree" / "library"
    library.mkdir(parents=True)
    (library / "jobs.db").touch()
    for name in ("b", "a/1", "a/2", "a/b/deep", "a.x/1", "c/.sd-00000000-1-1.part", "c/z"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    (tmp_path / "tree" / "link").symlink_to("a")
    sources = [os.fsencode(tmp_path / "tree"), os.fsencode(tmp_path / "tree" / "b"), os.fsencode(tmp_path / "none")]
    found = list(files_below(sources, library, None))
    start = len(os.fsencode(tmp_path / "tree")) + 1
    assert [one.path[start:] for one in found[:6]] == [b"b", b"a/1", b"a/2", b"a/b/deep", b"a.x/1", b"c/z"]
    assert [(one.place.number, one.problem) for one in found[6:]] == [(1, ""), (2, "is not there")]
    places = [one.place for one in found]
    assert places == sorted(places)
    for number, place in enumerate(places):
        assert list(files_below(sources, library, place)) == found[number + 1 :]
    assert list(files_below(sources, library, Place(0, (b"a", b"zz"), b""))) == found[4:], (
        "a folder that is gone by now"
    )
