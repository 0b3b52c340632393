"""Sources that change, and disks that fail or are full: each told of, none passed over in silence."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from spacedrive_jobs import JobHandle, Library, failpoint
from spacedrive_ops import FileCopyJob, FileMoveJob
from tests.mounts import Mounts

MIB = 1 << 20
SMALL, LARGE = 50_000, 20 * MIB


async def told(library: Library, handle: JobHandle[object]) -> dict[str, tuple[str, str]]:
    """By name: outcome and reason of each item."""
    rows = (await library.jobs.items(handle.id)).rows
    return {os.path.basename(row.raw).decode(): (row.outcome, row.reason) for row in rows}


def input_output_error(_: str) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def appending_to(path: Path, times: int) -> Callable[[str], None]:
    """Let the file grow while it is copied, this many times."""
    left = [times]

    def grow(_: str) -> None:
        if left[0]:
            left[0] -= 1
            with path.open("ab") as file:
                file.write(b"one line more\n")

    return grow


def shrinking(path: Path) -> Callable[[str], None]:
    def shrink(_: str) -> None:
        os.truncate(path, path.stat().st_size // 2)

    return failpoint.at_nth(shrink, 1)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_file_that_changed_once_while_it_was_copied_is_copied_as_it_is_now(disk_path: Path, size: int) -> None:
    source = disk_path / "file"
    source.write_bytes(os.urandom(size))
    failpoint.arm("copy.metadata" if size == LARGE else "copy.data", appending_to(source, 1))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await handle.wait(timeout=20)
        outcome, _ = (await told(library, handle))["file"]
    # A change after the last byte was read makes the copy the older version, whole; one before makes it the new one.
    copied = (disk_path / "out").read_bytes()
    assert outcome == "ok"
    assert source.read_bytes().startswith(copied)
    assert len(copied) - size in (0, len(b"one line more\n"))


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("kind", [FileCopyJob, FileMoveJob])
async def test_a_file_that_never_stands_still_is_a_warning(
    mounts: Mounts, disk_path: Path, size: int, kind: type[FileCopyJob | FileMoveJob]
) -> None:
    place = mounts.tmpfs(size_mib=64).path
    source = disk_path / "file"
    source.write_bytes(os.urandom(size))
    failpoint.arm("copy.data", appending_to(source, 100))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(kind(sources=(source,), destination=place / "out"))
        await handle.wait(timeout=20)
        assert (await told(library, handle))["file"] == ("warning", "changed while it was being copied")
    assert source.exists()  # for a move too
    assert (place / "out").stat().st_mtime_ns != source.stat().st_mtime_ns  # so that it never passes for the same


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_file_that_shrinks_is_copied_as_it_is_then(disk_path: Path, size: int) -> None:
    source = disk_path / "file"
    source.write_bytes(os.urandom(size))
    failpoint.arm("copy.data", shrinking(source))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await handle.wait(timeout=20)
        outcome, _ = (await told(library, handle))["file"]
    assert outcome == "ok"
    assert (disk_path / "out").read_bytes() == source.read_bytes()
    assert source.stat().st_size == size // 2


@pytest.mark.needs("mount")
async def test_a_move_that_fails_at_the_last_byte_keeps_its_source(mounts: Mounts, disk_path: Path) -> None:
    place = mounts.tmpfs(size_mib=64).path
    source = disk_path / "source"
    source.mkdir()
    (source / "good").write_bytes(b"good")
    content = os.urandom(LARGE)
    (source / "large").write_bytes(content)
    chunks = failpoint.count()
    async with Library.open(disk_path / "library", create=True) as library:
        dry = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "dry"))
        await dry.wait(timeout=20)
        failpoint.arm("copy.data", failpoint.at_nth(input_output_error, chunks["copy.data"]))
        handle = await library.jobs.dispatch(FileMoveJob(sources=(source,), destination=place / "out"))
        output = await handle.wait(timeout=20)
        assert (await told(library, handle))["large"] == ("error", "cannot be copied: Input/output error")
    assert (output.moved_count, output.failed_count) == (1, 1)
    assert (source / "large").read_bytes() == content
    assert not (source / "good").exists()
    assert [path.name for path in (place / "out").iterdir()] == ["good"]


@pytest.mark.needs("mount")
async def test_a_move_whose_flush_fails_keeps_its_sources(mounts: Mounts, disk_path: Path) -> None:
    place = mounts.tmpfs(size_mib=64).path
    source = disk_path / "source"
    source.mkdir()
    for number in range(20):
        (source / f"file-{number}").write_bytes(os.urandom(100))
    failpoint.arm("copy.flush", input_output_error)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileMoveJob(sources=(source,), destination=place / "out"))
        with pytest.raises(Exception, match="Input/output error"):
            await handle.wait(timeout=20)
    assert len(list(source.iterdir())) == 20


async def test_a_source_that_somebody_edits_after_it_was_copied_is_left(mounts: Mounts, disk_path: Path) -> None:
    place = mounts.tmpfs(size_mib=64).path
    source = disk_path / "source"
    source.mkdir()
    (source / "edited").write_text("first")
    (source / "quiet").write_text("quiet")

    def edit(_: str) -> None:
        (source / "edited").write_text("second, and longer")

    failpoint.arm("copy.rename", failpoint.at_nth(edit, 1))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileMoveJob(sources=(source,), destination=place / "out"))
        output = await handle.wait(timeout=20)
        info = await library.jobs.info(handle.id)
    assert (source / "edited").read_text() == "second, and longer"
    assert not (source / "quiet").exists()
    assert (output.moved_count, output.warning_count) == (1, 1)
    assert info.view.items_done == 2


async def test_a_folder_that_is_swapped_for_a_link_is_not_followed(disk_path: Path) -> None:
    source, outside = disk_path / "source", disk_path / "outside"
    (source / "folder").mkdir(parents=True)
    (source / "folder" / "file").write_text("inside")
    outside.mkdir()
    (outside / "secret").write_text("secret")

    def swap(_: str) -> None:
        (source / "folder").rename(disk_path / "elsewhere")
        (source / "folder").symlink_to(outside)

    failpoint.arm("copy.mkdir", failpoint.at_nth(swap, 1))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await handle.wait(timeout=20)
    assert "secret" not in {path.name for path in (disk_path / "out").rglob("*")}


async def test_a_full_disk_while_a_folder_is_made_is_waited_for(disk_path: Path) -> None:
    source = disk_path / "source"
    for number in range(8):
        (source / f"folder-{number}").mkdir(parents=True)
        (source / f"folder-{number}" / "file").write_text("text")

    def full(_: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    failpoint.arm("copy.mkdir", failpoint.at_nth(full, 4))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        output = await handle.wait(timeout=20)
    assert (output.copied_count, output.failed_count) == (8, 0)
    assert sum(path.is_file() for path in (disk_path / "out").rglob("*")) == 8


async def test_nothing_counts_before_it_is_on_disk(disk_path: Path) -> None:
    """The bar is paced by what is flushed: while the first flush has not ended, nothing is done."""
    source = disk_path / "source"
    source.mkdir()
    for number in range(50):
        (source / f"file-{number}").write_bytes(os.urandom(1000))
    reached, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(_: str) -> None:
        loop.call_soon_threadsafe(reached.set)
        go_on.wait(20)

    failpoint.arm("copy.flush", hold)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await reached.wait()
        written = len(list((disk_path / "out").iterdir()))
        info = await library.jobs.info(handle.id)
        assert (written, info.view.items_done or 0, info.view.bytes_done or 0) == (50, 0, 0)
        assert info.metrics.items_ok == 0
        go_on.set()
        await handle.wait(timeout=20)
        assert (await library.jobs.info(handle.id)).view.bytes_done == 50_000
