"""The parts of a deletion that touch nothing."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from spacedrive_ops.file_delete.model import DeleteState, bits, covered, roots_of
from spacedrive_ops.file_delete.trash_names import ENDING, candidates
from spacedrive_ops.mounts import mounted_below, mounts_in


def test_what_is_given_twice_or_lies_in_another_path_has_nothing_to_do() -> None:
    roots = roots_of([Path("/a/b"), Path("/a/b/c"), Path("/a/bc"), Path("/a/b"), Path("/d")])
    assert covered(roots) == {1, 3}
    state = DeleteState(bits({1, 3, 9}, 10))
    assert [number for number in range(10) if state.has_nothing_to_do(number)] == [1, 3, 9]


def test_a_path_is_a_name_in_a_folder() -> None:
    (root,) = roots_of([Path(os.fsdecode(b"/x/caf\xe9"))])
    assert (root.holder, os.fsencode(root.name), root.path) == (b"/x", b"caf\xe9", b"/x/caf\xe9")
    (here,) = roots_of([Path()])
    assert here.path == os.path.realpath(os.getcwdb())


MOUNTS = b"""22 1 8:1 / / rw - ext4 /dev/root rw
23 22 8:2 / /media/my\\040disk rw - ext4 /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        (b"/media", b"/media/my disk"),
        (b"/media/my disk", b""),
        (b"/media/my", b""),
        (b"/", b"/media/my disk"),
    ],
)
def test_what_is_mounted_below_a_folder(folder: bytes, found: bytes) -> None:
    table = MOUNTS if folder != b"/" else MOUNTS.splitlines()[1]
    assert mounted_below(folder, mounts_in(table)) == found


@pytest.mark.parametrize("name", ["plain", "photo.jpg", "é" * 127 + "x", "x" * 251 + ".txt", "." + "y" * 254])
def test_names_in_the_trash_are_short_enough_for_their_record(name: str) -> None:
    names = list(islice(candidates(name), 60))
    assert len(set(names)) == 60
    assert all(len(os.fsencode(one + ENDING)) <= 255 for one in names)
    assert names[0] == name or len(os.fsencode(name)) > 245
