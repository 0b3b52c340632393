"""A restore that cannot fit is refused before anything is written; one that fits is not refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacedrive_jobs import JobFailed, Library
from spacedrive_ops import BackupJob, RestoreJob
from tests.mounts import Mounts

MIB = 1 << 20


async def backed_up(library: Library, tree: Path, depot: Path) -> None:
    depot.mkdir()
    job = BackupJob(locations=(tree,), destination=str(depot), thumbnails=False, library=False)
    await (await library.jobs.dispatch(job)).wait(timeout=120)


async def test_holes_and_the_names_of_one_file_need_no_room(tmp_path: Path, mounts: Mounts) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "holes").open("wb") as file:
        file.truncate(64 * MIB)
        file.write(b"begins")
    (tree / "first").write_bytes(os.urandom(4 * MIB))
    for number in range(3):
        (tree / f"again {number}").hardlink_to(tree / "first")
    small = mounts.tmpfs(size_mib=8).path
    async with Library.open(tmp_path / "library", create=True) as library:
        await backed_up(library, tree, tmp_path / "depot")
        out = await (await library.jobs.dispatch(RestoreJob(source=str(tmp_path / "depot"), destination=small))).wait()
    assert (out.restored_count, out.failed_count) == (5, 0)
    assert (small / "tree" / "holes").read_bytes() == (tree / "holes").read_bytes()
    assert (small / "tree" / "again 2").samefile(small / "tree" / "first")


async def test_what_cannot_fit_is_refused_and_nothing_written(tmp_path: Path, mounts: Mounts) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "large").write_bytes(os.urandom(12 * MIB))
    small = mounts.tmpfs(size_mib=8).path
    async with Library.open(tmp_path / "library", create=True) as library:
        await backed_up(library, tree, tmp_path / "depot")
        restoring = await library.jobs.dispatch(RestoreJob(source=str(tmp_path / "depot"), destination=small))
        with pytest.raises(JobFailed, match="needs 13 MB"):
            await restoring.wait()
    assert os.listdir(small) == []
