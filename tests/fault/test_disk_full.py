"""Full disks: under the library, and in the destination of a copy."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import JobFailed, JobStatus, Library, NoSpace
from spacedrive_ops import FileCopyJob
from tests.acceptance.engine import engine_jobs as jobs
from tests.mounts import Mounts
from tests.soak.trees import count_differences, make_tree
from tests.waiting import aeventually

MIB = 1 << 20


def fill(folder: Path) -> Path:
    """Take every byte that is left, and return the file that holds them."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MIB, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def tmpfs(mounts: Mounts, size_mib: int) -> Path:
    return mounts.tmpfs(size_mib=size_mib).path


def ext4(mounts: Mounts, size_mib: int) -> Path:
    return mounts.disk("ext4", size_mib=size_mib).path


DISKS = [
    pytest.param(tmpfs, marks=pytest.mark.needs("mount"), id="tmpfs"),
    pytest.param(ext4, marks=pytest.mark.needs("ext4"), id="ext4"),
]
MakeDisk = Callable[[Mounts, int], Path]


async def items_ok(library: Library, handle: Any) -> int:
    return (await library.jobs.info(handle.id)).metrics.items_ok


@pytest.mark.parametrize("disk", DISKS)
@pytest.mark.timeout(60)
async def test_under_the_library_everything_waits_and_goes_on(mounts: Mounts, disk: MakeDisk) -> None:
    place = disk(mounts, 32)
    async with Library.open(place / "library", create=True) as library:
        counting = await library.jobs.dispatch(jobs.count_async.new(10_000_000))
        await aeventually(lambda: at_least(library, counting, 3))
        filler = await asyncio.to_thread(fill, place)

        async def state() -> str:
            (runner,) = await library.jobs.runners()
            return runner.state

        async def is_full() -> bool:
            return await state() == "no_space"

        async def is_alive() -> bool:
            return await state() == "alive"

        await aeventually(is_full, within=20)
        before = await items_ok(library, counting)
        with pytest.raises(NoSpace, match="no space for job state"):
            await library.jobs.dispatch(jobs.count_async.new(1), timeout=0.5)
        assert sum((await library.jobs.counts()).values()) == 1  # nothing was stored
        assert await counting.status() is JobStatus.RUNNING  # and nothing called done that is not
        await counting.pause()  # the reserve is for this
        filler.unlink()
        await counting.paused()
        assert await items_ok(library, counting) >= before
        await counting.resume()
        await aeventually(lambda: at_least(library, counting, before + 3), within=20)
        await aeventually(is_alive)
        assert await (await library.jobs.dispatch(jobs.count_async.new(2))).wait(timeout=10) == 2
        await counting.abort()


async def at_least(library: Library, handle: Any, least: int) -> bool:
    return await items_ok(library, handle) >= least


@pytest.mark.needs("mount")
@pytest.mark.timeout(60)
async def test_what_needs_room_is_refused_soon_and_nothing_of_it_is_stored(mounts: Mounts) -> None:
    """Whoever asks waits for the answer: a page for its button, a person for the prompt."""
    place = tmpfs(mounts, 32)
    async with Library.open(place / "library", create=True) as library:
        failed = await library.jobs.dispatch(jobs.raising.new("value"))
        with pytest.raises(JobFailed):
            await failed.wait(timeout=10)
        schedule = await library.jobs.schedule(jobs.count_async.new(1), id="kept").every(days=365).dispatch()
        running = await library.jobs.dispatch(jobs.count_async.new(10_000_000))
        await aeventually(lambda: at_least(library, running, 1))
        filler = await asyncio.to_thread(fill, place)

        async def is_full() -> bool:
            return [runner.state for runner in await library.jobs.runners()] == ["no_space"]

        await aeventually(is_full, within=20)
        asked = [
            failed.retry(),
            schedule.pause(),
            schedule.run_now(),
            schedule.remove(),
            library.jobs.schedule(jobs.count_async.new(1), id="another").every(days=365).dispatch(),
        ]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [NoSpace] * len(asked)
        filler.unlink()
        (kept,) = await library.jobs.schedules()
        assert (kept.id, kept.paused) == ("kept", False)
        assert sum((await library.jobs.counts()).values()) == 2
        await failed.retry()
        await running.abort()


@pytest.mark.needs("mount")
async def test_opening_a_library_on_a_full_disk_says_so(mounts: Mounts) -> None:
    place = tmpfs(mounts, 8)
    fill(place)
    with pytest.raises(NoSpace):
        async with Library.open(place / "library", create=True):
            pass


@pytest.mark.parametrize("disk", DISKS)
@pytest.mark.timeout(60)
async def test_a_copy_waits_for_room_and_ends_whole(mounts: Mounts, disk_path: Path, disk: MakeDisk) -> None:
    """The room is taken by somebody else after the copy has looked how much there is."""
    place = disk(mounts, 40)
    source = disk_path / "source"
    make_tree(source, files=1_500, size=20_000)
    filler = place / "filler"
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=place / "copy"))
        taken: list[int] = []

        async def take_what_is_left() -> bool:
            free = os.statvfs(place)
            if not taken and (place / "copy").exists():
                size = free.f_bavail * free.f_frsize - 2 * MIB
                with filler.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, size)
                taken.append(size)
            return bool(taken)

        await aeventually(take_what_is_left)

        async def says_that_it_waits() -> bool:
            return "no space left" in (await library.jobs.info(handle.id)).view.message

        await aeventually(says_that_it_waits, within=30)
        finals = [path for path in (place / "copy").rglob("file-*") if not path.name.startswith(".sd-")]
        for path in finals:
            assert path.stat().st_size == (source / path.relative_to(place / "copy")).stat().st_size
        filler.unlink()
        output = await handle.wait(timeout=40)
    assert (output.copied_count, output.failed_count) == (1_500, 0)
    assert count_differences(source, place / "copy") == 0


@pytest.mark.needs("mount")
async def test_a_copy_that_cannot_fit_is_refused_before_it_begins(mounts: Mounts, disk_path: Path) -> None:
    place = tmpfs(mounts, 8)
    source = disk_path / "big"
    source.write_bytes(os.urandom(12 * MIB))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=place))
        with pytest.raises(JobFailed, match=r"needs 13 MB, 8\.4 MB free"):
            await handle.wait(timeout=20)
    assert list(place.iterdir()) == []
