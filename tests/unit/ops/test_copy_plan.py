"""The decisions of a copy: nothing here touches a disk."""

from __future__ import annotations

import os
import stat
from itertools import islice

import pytest

from spacedrive_ops.file_copy.model import OnConflict
from spacedrive_ops.file_copy.plan import (
    Decision,
    colliding,
    decide,
    folded,
    in_words,
    is_same_time,
    needed_bytes,
)
from spacedrive_ops.whole_files.names import numbered_names

SECOND = 1_000_000_000
FILE, FOLDER = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755


def entry(
    *, mode: int = FILE, inode: int = 1, size: int = 10, changed: int = 100 * SECOND, seen: int = 100 * SECOND + 1
) -> os.stat_result:
    """A status with what decisions look at; `seen` is the change time, which nobody can set."""
    plain = (mode, inode, 7, 1, 0, 0, size, 0, changed // SECOND, seen // SECOND)
    return os.stat_result(plain, {"st_mtime_ns": changed, "st_ctime_ns": seen, "st_blocks": -(-size // 512)})


SOURCE = entry()
OTHER = entry(inode=2, size=11, changed=90 * SECOND)


@pytest.mark.parametrize(
    ("policy", "existing", "expected"),
    [
        ("skip", None, Decision.CREATE),
        ("skip", OTHER, Decision.SKIP),
        ("overwrite", OTHER, Decision.REPLACE),
        ("rename", OTHER, Decision.KEEP_BOTH),
        ("newer", OTHER, Decision.REPLACE),
        ("newer", entry(inode=2, changed=110 * SECOND), Decision.SKIP),
        ("newer", entry(inode=2), Decision.SKIP),
        ("newer", entry(inode=2, changed=99 * SECOND), Decision.REPLACE),
        ("overwrite", SOURCE, Decision.REFUSE),
        ("skip", SOURCE, Decision.SKIP),
        ("overwrite", entry(inode=2, mode=FOLDER), Decision.REFUSE),
        ("newer", entry(inode=2, mode=FOLDER), Decision.REFUSE),
        ("rename", entry(inode=2, mode=FOLDER), Decision.KEEP_BOTH),
    ],
)
def test_each_policy_decides(policy: OnConflict, existing: os.stat_result | None, expected: Decision) -> None:
    assert decide(policy, SOURCE, existing, ours_since=None) is expected


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        (entry(inode=2, seen=200 * SECOND), Decision.DONE),
        (entry(inode=2, seen=199 * SECOND), Decision.KEEP_BOTH),
        (entry(inode=2, seen=200 * SECOND, size=11), Decision.KEEP_BOTH),
        (entry(inode=2, seen=200 * SECOND, changed=101 * SECOND), Decision.KEEP_BOTH),
    ],
    ids=["ours", "was there before the job began", "other size", "other time"],
)
def test_only_what_the_job_itself_put_there_is_taken_as_done(existing: os.stat_result, expected: Decision) -> None:
    assert decide("rename", SOURCE, existing, ours_since=200 * SECOND) is expected


def test_in_a_first_attempt_nothing_is_ours() -> None:
    assert decide("rename", SOURCE, entry(inode=2, seen=200 * SECOND), ours_since=None) is Decision.KEEP_BOTH


@pytest.mark.parametrize(
    ("copy_ns", "seen", "expected"),
    [
        (101 * SECOND + 123_456_789, 1, True),
        (101 * SECOND + 120_000_000, SECOND, True),
        (101 * SECOND, SECOND, True),
        (100 * SECOND, SECOND, True),
        (101 * SECOND, 1, False),
        (101 * SECOND + 123_456_000, SECOND, False),
        (102 * SECOND, SECOND, False),
    ],
    ids=["exact", "exFAT", "whole seconds", "FAT", "an exact clock that says otherwise", "no grain", "later"],
)
def test_times_are_equal_as_far_as_the_file_system_can_hold_them(copy_ns: int, seen: int, *, expected: bool) -> None:
    assert is_same_time(101 * SECOND + 123_456_789, entry(changed=copy_ns, seen=seen)) is expected


@pytest.mark.parametrize(
    ("name", "second", "third"),
    [
        ("a.txt", "a (2).txt", "a (3).txt"),
        ("a.tar.gz", "a (2).tar.gz", "a (3).tar.gz"),
        (".hidden", ".hidden (2)", ".hidden (3)"),
        ("caf\udce9", "caf\udce9 (2)", "caf\udce9 (3)"),
        ("Mr. A sentence", "Mr (2). A sentence", "Mr (3). A sentence"),
        ("x." + "y" * 40, "x." + "y" * 40 + " (2)", "x." + "y" * 40 + " (3)"),
    ],
)
def test_a_second_name_keeps_what_tells_the_kind(name: str, second: str, third: str) -> None:
    assert list(islice(numbered_names(name), 2)) == [second, third]


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127 + ".", "é" * 125 + ".jpg", "\udce9" * 255])
def test_a_second_name_is_never_too_long(name: str) -> None:
    second = next(numbered_names(name))
    assert len(os.fsencode(second)) <= 255
    assert " (2)" in second


def test_names_that_differ_in_case_only_are_found() -> None:
    assert colliding(["Readme", "a", "README", "readme"]) == {"README": "Readme", "readme": "Readme"}
    assert folded("ﬀ") == folded("FF")
    assert folded("e\u0301") == folded("\u00c9")
    assert colliding(["ss", "b", "c"]) == {}


def test_room_is_asked_for_what_will_be_written() -> None:
    sparse = os.stat_result((FILE, 1, 7, 1, 0, 0, 1 << 30, 0, 0, 0), {"st_blocks": 16})
    linked = os.stat_result((FILE, 1, 7, 4, 0, 0, 4000, 0, 0, 0), {"st_blocks": 8})
    assert (needed_bytes(entry(size=1000)), needed_bytes(sparse), needed_bytes(linked)) == (1000, 16 * 512, 1000)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (80_000_000, "80 MB"), (2**60, "1152921.5 TB")],
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert in_words(size) == words
