"""Copies in trouble: what people met elsewhere, and what should have happened."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from spacedrive_jobs import Library, ProgressChanged, failpoint
from spacedrive_ops import FileCopyJob, FileMoveJob
from tests.abilities import without_dac_prefix
from tests.mounts import Mounts
from tests.soak.trees import count_differences, make_tree

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


async def copy_once(library: Library, source: Path, destination: Path) -> list[int]:
    handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=destination))
    output = await handle.wait(timeout=30)
    return [output.copied_count, output.skipped_count, output.warning_count, output.failed_count]


async def test_a_second_run_changes_nothing_and_succeeds(disk_path: Path) -> None:
    source = disk_path / "source"
    make_tree(source, files=80, size=5_000)
    (source / "link").symlink_to("folder-00000")
    (source / "dangling").symlink_to("nowhere")
    async with Library.open(disk_path / "library", create=True) as library:
        assert await copy_once(library, source, disk_path / "out") == [82, 0, 0, 0]
        before = {path: path.lstat().st_ctime_ns for path in (disk_path / "out").rglob("*")}
        again = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await again.wait(timeout=30)
        # It goes into the folder that is there now, as `cp -a` does; the second time into the same place:
        third = await copy_once(library, source, disk_path / "out")
        assert third == [0, 82, 0, 0]
        assert all(path.lstat().st_ctime_ns == time for path, time in before.items() if path != disk_path / "out")


@pytest.mark.needs("root", "drop_capabilities")
async def test_unreadable_files_are_listed_and_the_bar_reaches_its_end(disk_path: Path) -> None:
    source = disk_path / "source"
    make_tree(source, files=100, size=500)
    for number in (3, 50, 99):
        (source / f"folder-{number // 40:05}" / f"file-{number:07}").chmod(0)
    prefix = without_dac_prefix()
    probe = f"open({str(source / 'folder-00000' / 'file-0000003')!r})"
    assert subprocess.run([*prefix, sys.executable, "-c", probe], check=False, capture_output=True).returncode != 0
    child = [sys.executable, "-m", "tests.soak.copy_child", str(disk_path / "library"), "copy", str(source)]
    done = subprocess.run(
        [*prefix, *child, str(disk_path / "out")], capture_output=True, text=True, check=True, cwd=ROOT
    )
    items = json.loads(done.stdout)["items"]
    outcomes = [outcome for _, outcome, _ in items]
    assert (outcomes.count("ok"), outcomes.count("error")) == (97, 3)
    assert {reason for _, outcome, reason in items if outcome == "error"} == {"cannot be copied: Permission denied"}
    async with Library.open(disk_path / "library", runs="none") as library:
        (info,) = (await library.jobs.list()).rows
        assert (info.view.fraction, info.view.items_done, info.view.items_total) == (1.0, 100, 100)


async def test_special_files_are_skipped_and_said(disk_path: Path) -> None:
    source = disk_path / "source"
    source.mkdir()
    os.mkfifo(source / "pipe")
    (source / "file").write_text("text")
    os.link(source / "file", source / "twin")
    with (source / "sparse").open("wb") as file:
        file.truncate(50 * MIB)
        file.seek(20 * MIB)
        file.write(b"middle")
    async with Library.open(disk_path / "library", create=True) as library:
        assert await copy_once(library, source, disk_path / "out") == [3, 0, 1, 0]
    copied = disk_path / "out"
    assert (copied / "file").stat().st_ino == (copied / "twin").stat().st_ino
    assert (copied / "sparse").stat().st_blocks * 512 < MIB
    assert (copied / "sparse").read_bytes() == (source / "sparse").read_bytes()


async def test_the_bar_never_falls_and_ends_at_one(disk_path: Path) -> None:
    source = disk_path / "source"
    make_tree(source, files=3_000, size=30_000)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        shown = [
            update.view.fraction or 0.0 async for update in handle.subscribe() if isinstance(update, ProgressChanged)
        ]
        assert shown == sorted(shown)
        assert (await library.jobs.info(handle.id)).view.fraction == 1.0


@pytest.mark.timeout(90)
async def test_a_large_file_killed_at_its_end_goes_on_where_it_was(disk_path: Path) -> None:
    """Paused in the middle, so that an offset is stored; killed just before its rename; then gone on with."""
    source, out = disk_path / "big", disk_path / "out"
    size = 600 * MIB
    with source.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    async with Library.open(disk_path / "library", create=True) as library:
        reached, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def hold(_: str) -> None:
            """In the pool's thread, at the first flush inside the file."""
            loop.call_soon_threadsafe(reached.set)
            go_on.wait(20)

        failpoint.arm("copy.flush", failpoint.at_nth(hold, 1))
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=out))
        await reached.wait()
        await handle.pause()
        go_on.set()
        await handle.paused()
        offset = (await library.jobs.info(handle.id)).view.bytes_done or 0
    assert 0 < offset < size
    (partial,) = disk_path.glob(".sd-*.part")
    inode = partial.stat().st_ino
    child = [sys.executable, "-m", "tests.soak.copy_child", str(disk_path / "library"), "copy", str(source), str(out)]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": "copy.rename=kill@1"}
    done = await asyncio.to_thread(subprocess.run, child, env=environment, check=False, capture_output=True, cwd=ROOT)
    assert done.returncode == -9
    assert not out.exists()
    async with Library.open(disk_path / "library") as library:
        await (await library.jobs.get(handle.id)).wait(timeout=60)
        info = await library.jobs.info(handle.id)
    assert info.attempt == 3
    assert source.read_bytes() == out.read_bytes()
    assert out.stat().st_ino == inode  # the very file that the first attempt had begun


@pytest.mark.needs("ext4")
async def test_a_move_across_file_systems_keeps_a_source_it_could_not_copy(mounts: Mounts, disk_path: Path) -> None:
    place = mounts.disk("ext4", size_mib=64).path
    source = disk_path / "source"
    make_tree(source, files=60, size=5_000)
    (source / "folder-00000" / "file-0000007").unlink()
    os.mkfifo(source / "folder-00000" / "file-0000007")
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileMoveJob(sources=(source,), destination=place / "moved"))
        output = await handle.wait(timeout=30)
    assert (output.moved_count, output.warning_count) == (59, 1)
    left = [path for path in source.rglob("*") if not path.is_dir()]
    assert left == [source / "folder-00000" / "file-0000007"]


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
async def test_a_file_system_that_can_clone_clones(
    request: pytest.FixtureRequest, mounts: Mounts, disk_path: Path, kind: str
) -> None:
    request.node.add_marker(pytest.mark.needs(kind))
    from tests import abilities

    if problem := abilities.missing(kind):
        (pytest.fail if abilities.require_all() else pytest.skip)(problem)
    place = mounts.disk("xfs" if kind == "xfs" else "btrfs", size_mib=400).path
    big = place / "big"
    big.write_bytes(os.urandom(MIB) * 200)
    os.sync()
    free = os.statvfs(place).f_bavail
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(big,), destination=place / "clone"))
        await handle.wait(timeout=30)
    assert count_differences(big, place / "clone") == 0
    block = os.statvfs(place).f_frsize
    assert (free - os.statvfs(place).f_bavail) * block < 20 * MIB  # 200 MiB more would not even fit


async def test_a_library_and_its_partials_are_never_copied(disk_path: Path) -> None:
    async with Library.open(disk_path / "home" / "library", create=True) as library:
        (disk_path / "home" / "photo").write_text("photo")
        await copy_once(library, disk_path / "home", disk_path / "out")
    assert sorted(path.name for path in (disk_path / "out").rglob("*")) == ["photo"]
