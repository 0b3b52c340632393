"""DeduplicateJob: one file of each group stays, and nothing is ever lost."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import Library
from spacedrive_jobs import failpoint as failpoints
from spacedrive_ops import DeduplicateJob, DeduplicateOutput, Pair, plan_deduplication
from spacedrive_ops.duplicates import act, linking
from tests.acceptance.ops.duplicate_trees import BODY, OTHER, deduplicate, edit_unseen, holding, index, planted, write
from tests.mounts import Mounts


@pytest.fixture
def root(disk_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(disk_path / "data"))
    return planted(disk_path)


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("oldest", "b/middle"),
        ("newest", "a/e"),
        ("shortest_path", "a/e"),
        ("longest_path", "a/longest of all"),
        ("first_path", "a/e"),
    ],
)
async def test_of_each_group_the_one_that_the_rule_names_stays(
    disk_path: Path, root: Path, keep: str, kept: str
) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        job = DeduplicateJob(action="trash", keep=keep)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        output, left_alone = await deduplicate(library, job)
        assert (output, left_alone) == (DeduplicateOutput(3, 0, 0, 600_000), {})
    assert holding(root, BODY) == [kept]
    assert holding(root, OTHER) == ["near"]
    trash = disk_path / "data" / "Trash" / "files"
    assert [path.read_bytes() == BODY for path in trash.iterdir()] == [True] * 3


async def test_a_preferred_folder_comes_before_the_rule_and_root_bounds_it_all(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        within = DeduplicateJob(action="trash", root=root / "a")
        assert (await deduplicate(library, within))[0].done == 1
        assert holding(root, BODY) == ["a/longest of all", "b/middle", "c/d"]
        await index(library, root)
        await deduplicate(library, DeduplicateJob(action="trash", prefer=(root / "none", root / "c", root / "a")))
    assert holding(root, BODY) == ["c/d"]


async def test_the_plan_is_what_is_done_and_changes_nothing(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        job = DeduplicateJob(action="trash")
        before = sorted((path, path.stat()) for path in root.rglob("*") if path.is_file())
        pairs = [pair async for pair in plan_deduplication(library.db, job.rule)]
        assert sorted((path, path.stat()) for path in root.rglob("*") if path.is_file()) == before
        assert {os.path.basename(pair.kept.path) for pair in pairs} == {b"middle"}
        resumed: list[Pair] = [pair async for pair in plan_deduplication(library.db, job.rule, pairs[0].place)]
        assert resumed == pairs[1:]
        await deduplicate(library, job)
    assert sorted(os.fsdecode(pair.doomed.path) for pair in pairs) == [
        str(root / name) for name in ("a/e", "a/longest of all", "c/d")
    ]
    assert holding(root, BODY) == ["b/middle"]


async def test_names_of_one_file_are_no_duplicates_and_empty_files_are_no_group(disk_path: Path) -> None:
    root = disk_path / "tree"
    write(root / "one", BODY, 1_000)
    os.link(root / "one", root / "its other name")
    write(root / "empty", b"", 1_000)
    write(root / "empty too", b"", 1_000)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        assert [pair async for pair in plan_deduplication(library.db, DeduplicateJob(action="hardlink").rule)] == []
        output, _ = await deduplicate(library, DeduplicateJob(action="trash"))
    assert output == DeduplicateOutput(0, 0, 0, 0)
    assert len(list(root.iterdir())) == 4


# --- hard links -------------------------------------------------------------------------------------------------------


async def test_hard_links_give_the_disk_back_what_was_there_twice(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output, left_alone) == (DeduplicateOutput(3, 0, 0, 600_000), {})
        assert len({(root / name).stat().st_ino for name in ("b/middle", "a/longest of all", "c/d", "a/e")}) == 1
        assert (root / "a/e").stat().st_mtime == 1_000
        assert len(holding(root, BODY)) == 4
        assert list(root.rglob(".*")) == []
        await index(library, root)
        assert (await deduplicate(library, DeduplicateJob(action="hardlink")))[0] == DeduplicateOutput(0, 0, 0, 0)


async def test_a_link_that_would_lose_an_owner_a_mode_or_attributes_is_only_made_where_that_is_meant(
    disk_path: Path, root: Path
) -> None:
    (root / "a/e").chmod(0o600)
    os.setxattr(root / "c/d", "user.mine", b"1")
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output.done, output.skipped) == (1, 2)
        assert left_alone["e"].startswith(f"has another mode than {root / 'b/middle'}, which a hard link would lose")
        assert left_alone["d"].startswith("has another attributes than")
        assert (root / "a/e").stat().st_mode & 0o777 == 0o600
        await index(library, root)
        output, _ = await deduplicate(library, DeduplicateJob(action="hardlink", lose_metadata=True))
    assert (output.done, output.skipped) == (2, 0)


@pytest.mark.parametrize("action", ["hardlink", "trash"])
async def test_a_file_with_names_that_the_plan_does_not_know_is_left_alone(
    disk_path: Path, root: Path, action: str
) -> None:
    os.link(root / "a/e", disk_path / "elsewhere")
    os.link(root / "c/d", root / "c/d2")
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action=action))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert left_alone == {"e": "has 2 names (hard links), and the plan has 1 of them"}
    assert (output.done, output.saved) == (3, 400_000), "both names of one file, and a third file"


@pytest.mark.needs("mount")
async def test_each_disk_keeps_one_where_files_are_to_be_shared(disk_path: Path, root: Path, mounts: Mounts) -> None:
    (root / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", root / "mounted"], check=True)
    try:
        for name in ("x", "y"):
            write(root / "mounted" / name, BODY, 1)
        async with Library.open(disk_path / "library", create=True) as library:
            await index(library, root)
            output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output.done, left_alone) == (4, {})
        assert (root / "mounted/x").samefile(root / "mounted/y")
        assert len(holding(root, BODY)) == 6
    finally:
        subprocess.run(["umount", root / "mounted"], check=True)


# --- what changed since the plan --------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["hardlink", "trash"])
@pytest.mark.parametrize("edited", ["b/middle", "a/e"])
async def test_nothing_is_done_without_a_comparison_of_all_bytes(
    disk_path: Path, root: Path, action: str, edited: str
) -> None:
    """The edit leaves size, time and inode as they were: only the bytes tell."""
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        edit_unseen(root / edited)
        output, left_alone = await deduplicate(library, DeduplicateJob(action=action))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert (root / edited).read_bytes() == OTHER
    assert holding(root, OTHER) == sorted([edited, "near"])
    if edited == "a/e":
        assert (output.done, output.skipped) == (2, 1)
        assert left_alone == {"e": f"does not hold the same bytes as {root / 'b/middle'} any more"}
    else:
        assert (output.done, output.skipped) == (0, 3)
        assert holding(root, BODY) == ["a/e", "a/longest of all", "c/d"]


async def test_what_was_edited_moved_or_replaced_since_the_plan_is_left_alone(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        (root / "a/e").write_bytes(BODY)  # the same bytes at another time
        (root / "c/d").unlink()
        (root / "a/longest of all").unlink()
        os.mkfifo(root / "a/longest of all")
        output, left_alone = await deduplicate(library, DeduplicateJob(action="trash"))
        assert output == DeduplicateOutput(0, 3, 0, 0)
        assert left_alone == {
            "e": "was changed since it was indexed; index it again",
            "d": "is no longer there",
            "longest of all": "is no longer a plain file",
        }


async def test_where_the_kept_file_is_gone_none_follows_it(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        (root / "b/middle").unlink()
        output, left_alone = await deduplicate(library, DeduplicateJob(action="trash"))
    assert output == DeduplicateOutput(0, 3, 0, 0)
    assert set(left_alone.values()) == {f"is left alone: {root / 'b/middle'} is no longer there"}
    assert len(holding(root, BODY)) == 3


@pytest.mark.parametrize("action", ["hardlink", "trash"])
async def test_a_file_that_a_program_has_open_for_writing_is_left_alone(
    disk_path: Path, root: Path, action: str
) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        with (root / "a/e").open("r+b"):
            output, left_alone = await deduplicate(library, DeduplicateJob(action=action))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert (output.done, output.skipped) == (2, 1)
    assert left_alone == {"e": f"is left alone: {root / 'a/e'} is open for writing in a program"}


def append_elsewhere(path: Path) -> None:
    """As another process would, that waits for nobody."""
    script = "import os,sys; os.write(os.open(sys.argv[1], os.O_WRONLY|os.O_APPEND|os.O_NONBLOCK), b'more')"
    subprocess.run([sys.executable, "-c", script, path], check=False, stderr=subprocess.DEVNULL)


def append_to_hidden(root: Path) -> None:
    (hidden,) = root.rglob(".sd-*.part")
    append_elsewhere(hidden)


CHANGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "the kept one is written to": ("deduplicate.compared", lambda root: append_elsewhere(root / "b/middle")),
    "the other one is written to": ("deduplicate.compared", lambda root: append_elsewhere(root / "a/e")),
    "the other one is replaced": ("deduplicate.compared", lambda root: os.replace(root / "near", root / "a/e")),
    "it is written to between the looks": ("deduplicate.exchanged", append_to_hidden),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_in_the_last_moment_is_seen_or_kept_out(disk_path: Path, root: Path, change: str) -> None:
    """Who opens a file for writing meanwhile is kept waiting, or, if it will not wait, is seen."""
    point, act_now = CHANGES[change]
    for name in ("c/d", "a/longest of all"):
        (root / name).unlink()
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        failpoints.arm(point, lambda _: act_now(root))
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert (output, left_alone) == (DeduplicateOutput(0, 1, 0, 0), {"e": "was changed while it was compared"})
    assert not (root / "a/e").samefile(root / "b/middle")
    assert list(root.rglob(".sd-*")) == []


@pytest.mark.parametrize("change", [*list(CHANGES)[:3], ""])
async def test_where_names_cannot_change_places_one_is_put_over_the_other(
    disk_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """On a file system without that, the look before is the last one."""
    monkeypatch.setattr(linking, "exchange", lambda *_: False)
    for name in ("c/d", "a/longest of all"):
        (root / name).unlink()
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        if change:
            point, act_now = CHANGES[change]
            failpoints.arm(point, lambda _: act_now(root))
        output, _ = await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert (output.done, output.skipped) == ((0, 1) if change else (1, 0))
    assert (root / "a/e").samefile(root / "b/middle") == (not change)
    assert list(root.rglob(".sd-*")) == []


async def test_who_wants_to_write_is_not_kept_waiting_for_all_of_a_large_file(
    disk_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = disk_path / "tree"
    body = os.urandom(5 << 20)
    write(root / "kept", body, 1)
    write(root / "other", body, 2)
    read: list[int] = []
    pread = os.pread

    def read_and_let_write(fd: int, count: int, offset: int) -> bytes:
        read.append(offset)
        if len(read) == 3:
            append_elsewhere(root / "other")
        return pread(fd, count, offset)

    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        monkeypatch.setattr(os, "pread", read_and_let_write)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert (output.skipped, left_alone) == (1, {"other": "was changed while it was compared"})
    assert max(read) < 4 << 20


async def test_the_tests_of_the_comparison_can_fail(
    disk_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the comparison an edited file is lost: it is the comparison that keeps it, nothing else."""
    monkeypatch.setattr(act, "hold_same_bytes", lambda *_: True)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        edit_unseen(root / "a/e")
        await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert holding(root, OTHER) == ["near"]


async def test_two_deduplications_with_other_rules_never_remove_both_files(disk_path: Path, root: Path) -> None:
    """Each of a library of its own: neither knows of the other."""
    pairs = disk_path / "pairs"
    for number in range(80):
        for name, age in (("old", 100), ("new", 10)):
            path = pairs / name / f"{number:03d}"
            write(path, b"%d " % number * 500, 1_700_000_000 - age)
    async with (
        Library.open(disk_path / "first", create=True) as first,
        Library.open(disk_path / "second", create=True) as second,
    ):
        runs: list[Coroutine[Any, Any, DeduplicateOutput]] = []
        for library in (first, second):
            await index(library, pairs)
        runs.append((await first.jobs.dispatch(DeduplicateJob(action="trash", keep="oldest"))).wait(timeout=60))
        runs.append((await second.jobs.dispatch(DeduplicateJob(action="trash", keep="newest"))).wait(timeout=60))
        outputs = await asyncio.gather(*runs)
    left = {name: {path.name for path in (pairs / name).iterdir()} for name in ("old", "new")}
    assert left["old"] | left["new"] == {f"{number:03d}" for number in range(80)}
    assert sum(output.done for output in outputs) == 160 - len(left["old"]) - len(left["new"])


async def test_a_file_that_another_deduplication_works_on_is_left_alone(disk_path: Path, root: Path) -> None:
    kept = root / "b" / "middle"
    with kept.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        async with Library.open(disk_path / "library", create=True) as library:
            await index(library, root)
            handle = await library.jobs.dispatch(DeduplicateJob(action="trash", keep="oldest"))
            assert (await handle.wait(timeout=20)).done == 0
            reasons = {row.reason for row in (await library.jobs.items(handle.id)).rows}
    assert any("locked by a program" in reason for reason in reasons)
