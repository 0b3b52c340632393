"""DeleteJob into the trash: the freedesktop.org layout, on the user's own disk and on others."""

from __future__ import annotations

import os
import re
import signal
import stat
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from spacedrive_jobs import Library
from spacedrive_jobs import failpoint as failpoints
from spacedrive_ops import DeleteJob
from tests.abilities import without_dac_prefix
from tests.acceptance.ops.test_delete import delete, elsewhere
from tests.mounts import Mounts

USER = os.getuid()


@pytest.fixture
def own(disk_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own trash, on the disk of the test's folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(disk_path / "data"))
    return disk_path / "data" / "Trash"


def records(trash: Path) -> dict[bytes, bytes]:
    """The original path by the name in the trash; each has its record, and each record its entry."""
    found: dict[bytes, bytes] = {}
    for record in os.listdir(os.fsencode(trash / "info")):
        text = (trash / "info" / os.fsdecode(record)).read_text("ascii")
        matched = re.fullmatch(r"\[Trash Info\]\nPath=(.*)\nDeletionDate=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\n", text)
        assert matched, text
        found[record.removesuffix(b".trashinfo")] = unquote_to_bytes(matched[1])
    assert set(found) == set(os.listdir(os.fsencode(trash / "files")))
    return found


async def test_into_the_users_own_trash(disk_path: Path, own: Path) -> None:
    (disk_path / "folder" / "inner").mkdir(parents=True)
    (disk_path / "folder" / "inner" / "file").write_text("kept")
    (disk_path / "link").symlink_to("folder")
    (disk_path / "a" / "same").mkdir(parents=True)
    (disk_path / "same").write_text("other")
    given = ("folder", "link", "a/same", "same")
    output, problems = await delete(disk_path, *(disk_path / name for name in given), permanent=False)
    assert problems == []
    assert (output.deleted_count, output.bytes_freed, output.failed_count) == (4, 0, 0)
    assert records(own) == {
        b"folder": os.fsencode(disk_path / "folder"),
        b"link": os.fsencode(disk_path / "link"),
        b"same": os.fsencode(disk_path / "a" / "same"),
        b"same.2": os.fsencode(disk_path / "same"),
    }
    assert (own / "files" / "folder" / "inner" / "file").read_text() == "kept"
    assert (own / "files" / "link").is_symlink()
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    for path, reason in ((own / "files" / "same", "is in the trash already"), (own.parent, "holds the trash itself")):
        _, refused = await delete(disk_path, path, permanent=False)
        assert refused == [(str(path), f"{reason}; delete it for good with --permanent")]


async def test_any_bytes_of_a_name(disk_path: Path, own: Path) -> None:
    folder = os.fsencode(disk_path / "names")
    os.mkdir(folder)
    names = [
        b"caf\xe9",
        b"caf%E9",
        b"\xff\xfe",
        b"new\nline",
        b"%",
        b"=[x]",
        b" ",
        b"-rf",
        b"a" * 255,
        b"a" * 254 + b"b",
    ]
    for name in names:
        Path(os.fsdecode(os.path.join(folder, name))).write_bytes(name)
    paths = [Path(os.fsdecode(os.path.join(folder, name))) for name in names]
    output, problems = await delete(disk_path, *paths, permanent=False)
    assert (output.deleted_count, problems) == (len(names), [])
    for name, original in records(own).items():
        assert Path(os.fsdecode(os.path.join(os.fsencode(own / "files"), name))).read_bytes() == os.path.basename(
            original
        )
    assert sorted(records(own).values()) == sorted(os.path.join(folder, name) for name in names)


async def test_a_file_without_its_record_is_not_replaced(disk_path: Path, own: Path) -> None:
    (own / "files").mkdir(parents=True)
    (own / "files" / "file").write_text("orphan")
    (disk_path / "file").write_text("new")
    _, problems = await delete(disk_path, disk_path / "file", permanent=False)
    assert problems == []
    assert (own / "files" / "file").read_text() == "orphan"
    assert (own / "files" / "file.2").read_text() == "new"
    assert os.listdir(own / "info") == ["file.2.trashinfo"]


@pytest.mark.needs("mount")
async def test_another_disk_has_a_trash_of_its_own(disk_path: Path, own: Path, mounts: Mounts) -> None:
    disk = mounts.tmpfs(size_mib=4).path
    (disk / "deep" / "er").mkdir(parents=True)
    (disk / "deep" / "er" / "file").write_text("x")
    _, problems = await delete(disk_path, disk / "deep" / "er", permanent=False)
    assert problems == []
    trash = disk / f".Trash-{USER}"
    assert records(trash) == {b"er": b"deep/er"}
    assert stat.S_IMODE(trash.stat().st_mode) == 0o700
    assert not own.exists()


@pytest.mark.needs("mount")
@pytest.mark.parametrize("mode", [0o1777, 0o777])
async def test_the_trash_of_all_is_used_only_if_nobody_can_take_it_over(
    disk_path: Path, own: Path, mounts: Mounts, mode: int
) -> None:
    disk = mounts.tmpfs(size_mib=4).path
    (disk / "file").write_text("x")
    (disk / ".Trash").mkdir()
    (disk / ".Trash").chmod(mode)
    _, problems = await delete(disk_path, disk / "file", permanent=False)
    assert problems == []
    trash = disk / ".Trash" / str(USER) if mode & stat.S_ISVTX else disk / f".Trash-{USER}"
    assert records(trash) == {b"file": b"file"}


@pytest.mark.needs("mount")
async def test_a_link_laid_in_the_place_of_the_trash_is_not_followed(
    disk_path: Path, own: Path, mounts: Mounts
) -> None:
    disk = mounts.tmpfs(size_mib=4).path
    (disk / "file").write_text("x")
    (disk / "attacker").mkdir()
    (disk / f".Trash-{USER}").symlink_to(disk / "attacker")
    output, problems = await delete(disk_path, disk / "file", permanent=False)
    assert output.failed_count == 1
    ((_, reason),) = problems
    assert reason.startswith("there is no trash on its disk")
    assert reason.endswith("delete it for good with --permanent")
    assert (disk / "file").exists()
    assert list((disk / "attacker").iterdir()) == []


@pytest.mark.needs("mount", "drop_capabilities")
async def test_where_no_trash_can_be_made_the_file_stays(disk_path: Path, own: Path, mounts: Mounts) -> None:
    disk = mounts.tmpfs(size_mib=4).path
    (disk / "mine").mkdir()
    (disk / "mine" / "file").write_text("x")
    disk.chmod(0o555)
    code, said = elsewhere(disk_path, disk / "mine" / "file", prefix=without_dac_prefix(), permanent=False)
    assert code == 0, said
    assert f"there is no trash on its disk: {disk}/.Trash-{USER}: permission denied; delete it for good" in said
    assert (disk / "mine" / "file").exists()


async def test_killed_between_record_and_move_it_goes_on_with_that_record(disk_path: Path, own: Path) -> None:
    for number in range(6):
        (disk_path / f"file-{number}").write_text("x")
    paths = [disk_path / f"file-{number}" for number in range(6)]
    code, said = elsewhere(disk_path, *paths, permanent=False, failpoints="delete.trash=kill@4")
    assert code == -signal.SIGKILL, said
    assert len(os.listdir(own / "info")) == 4
    assert len(os.listdir(own / "files")) == 3
    async with Library.open(disk_path / "library") as library:
        (info,) = (await library.jobs.list()).rows
        output = await (await library.jobs.get(info.id, DeleteJob)).wait(timeout=20)
        problems = [item for item in (await library.jobs.items(info.id)).rows if item.outcome != "ok"]
    assert (output.deleted_count, problems) == (6, [])
    assert records(own) == {os.fsencode(path.name): os.fsencode(path) for path in paths}


async def test_a_file_that_vanishes_at_the_last_moment_leaves_no_record(disk_path: Path, own: Path) -> None:
    (disk_path / "file").write_text("x")
    failpoints.arm("delete.trash", lambda _: (disk_path / "file").unlink())
    _, problems = await delete(disk_path, disk_path / "file", permanent=False)
    assert problems == []
    assert records(own) == {}
