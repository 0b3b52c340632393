"""Case I4, on real disks: one that is not there, or is another one, costs the index nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import Library
from spacedrive_ops import IndexerJob, IndexOutput, IndexVerifyJob
from tests.acceptance.ops.disk_and_index import in_index
from tests.mounts import Mount, Mounts
from tests.waiting import aeventually


async def index(library: Library, root: Path, **options: Any) -> tuple[IndexOutput, list[str]]:
    handle = await library.jobs.dispatch(IndexerJob(root=root, **options))
    out = await handle.wait(timeout=60)
    return out, [row.item for row in (await library.jobs.items(handle.id, outcomes=["error"])).rows]


def some_photos(folder: Path, count: int = 20) -> None:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(b"photo %d" % number)


def unmount(disk: Mount) -> None:
    subprocess.run(["umount", disk.path], check=True)


@pytest.mark.parametrize("left", ["nothing", "a folder of the same name", "files of the same names"])
async def test_a_mount_point_without_its_disk_is_offline_whatever_lies_in_it(
    tmp_path: Path, mounts: Mounts, left: str
) -> None:
    disk = mounts.tmpfs(size_mib=4)
    unmount(disk)
    if left != "nothing":
        some_photos(disk.path / "photos", 0)
    if left == "files of the same names":
        for number in range(20):
            (disk.path / "photos" / f"{number}.jpg").touch()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk.path], check=True)
    some_photos(disk.path / "photos")
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, disk.path)
        before = await in_index(library, disk.path)
        unmount(disk)
        out, _ = await index(library, disk.path)
        assert (out.offline, out.deleted) == (True, 0)
        assert await in_index(library, disk.path) == before
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk.path], check=True)


@pytest.mark.needs("ext4")
async def test_another_disk_at_the_same_place_is_not_the_one_that_was_indexed(tmp_path: Path, mounts: Mounts) -> None:
    """The kernel gives the number of the first disk to the second, and their roots have the same number."""
    first = mounts.disk("ext4")
    second = mounts.disk("ext4")
    some_photos(first.path / "DCIM")
    some_photos(second.path / "DCIM", 3)
    unmount(second)
    assert first.image is not None
    assert second.image is not None
    other = second.image
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, first.path)
        before = await in_index(library, first.path)
        number = os.stat(first.path).st_dev
        unmount(first)

        async def has_its_number() -> bool:  # without it the fault is not seen; tests beside this one may have taken it
            subprocess.run(["mount", "-o", "loop", other, first.path], check=True)
            if os.stat(first.path).st_dev == number:
                return True
            unmount(first)
            return False

        await aeventually(has_its_number, within=15, every=0.1)
        out, _ = await index(library, first.path)
        assert (out.offline, out.deleted) == (True, 0)
        unmount(first)
        subprocess.run(["mount", "-o", "loop", first.image, first.path], check=True)
        back, _ = await index(library, first.path)
        assert (back.offline, back.new, back.modified, back.deleted) == (False, 0, 0, 0)
        assert await in_index(library, first.path) == before
        unmount(first)
        subprocess.run(["mount", "-o", "loop", second.image, first.path], check=True)
        meant, _ = await index(library, first.path, replaced=True)
        assert (meant.offline, meant.files) == (False, 3)
        subprocess.run(["mount", "-o", "loop", first.image, second.path], check=True)


@pytest.mark.needs("ext4")
@pytest.mark.parametrize("quick", [False, True])
async def test_a_disk_below_the_folder_that_is_not_there_keeps_its_entries(
    tmp_path: Path, mounts: Mounts, quick: bool
) -> None:
    disk = mounts.disk("ext4")
    some_photos(disk.path / "photos")
    root = disk.path.parent
    (root / "beside").write_bytes(b"x")
    assert disk.image is not None
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, root, exclude=("*.img",))
        before = await in_index(library, root)
        unmount(disk)
        out, errors = await index(library, root, exclude=("*.img",), quick=quick)
        assert (out.offline, out.deleted) == (False, 0)
        assert errors == [str(disk.path)]
        whole = await library.jobs.dispatch(IndexVerifyJob(root=root, exclude=("*.img",)))
        assert (await whole.wait()).stale == 0
        disk.path.rmdir()  # as those do that mount a stick when it comes
        gone, errors = await index(library, root, exclude=("*.img",), quick=quick)
        assert (gone.deleted, errors) == (0, [str(disk.path)])
        disk.path.mkdir()
        subprocess.run(["mount", "-o", "loop", disk.image, disk.path], check=True)
        back, errors = await index(library, root, exclude=("*.img",))
        assert (back.new, back.deleted, errors) == (0, 0, [])
        assert await in_index(library, root) == before
        unmount(disk)
        meant, _ = await index(library, root, exclude=("*.img",), replaced=True)
        assert meant.deleted == 21  # the folder and what lay in it
        subprocess.run(["mount", "-o", "loop", disk.image, disk.path], check=True)
