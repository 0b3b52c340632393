"""Copies that are paused, cancelled, shut down, killed or stopped in the middle of a large file."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spacedrive_jobs import JobCancelled, JobHandle, JobStatus, Library, failpoint
from spacedrive_ops import FileCopyJob, FileCopyOutput, FileMoveJob
from tests.mounts import Mounts
from tests.waiting import aeventually, eventually

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
SMALL_WRITES = 4 * MIB
"""The library's own writing beside the copy's."""
FLUSH = 0.5
"""Seconds that a flush may take on a disk that others use too."""


def big_file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    return path


def partials(folder: Path) -> list[Path]:
    return sorted(folder.glob(".sd-*"))


class Gate:
    """Holds a pool thread at a failpoint until it is opened."""

    def __init__(self, point: str, nth: int = 1) -> None:
        self._reached, self._open = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()
        failpoint.arm(point, failpoint.at_nth(self._hold, nth))

    def _hold(self, _: str) -> None:
        self._loop.call_soon_threadsafe(self._reached.set)
        self._open.wait(20)

    async def reached(self) -> None:
        await asyncio.wait_for(self._reached.wait(), 20)

    def open(self) -> None:
        self._open.set()


Copying = tuple[Library, JobHandle[FileCopyOutput], Gate]


@asynccontextmanager
async def copying(disk_path: Path, *, size: int = 96 * MIB) -> AsyncIterator[Copying]:
    """A copy of one large file that stands at its second flush: a part of it is on disk, and stored as such."""
    source = big_file(disk_path / "big", size)
    gate = Gate("copy.flush", 2)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await gate.reached()
        yield library, handle, gate


async def test_what_a_user_paused_stays_paused_over_a_restart(disk_path: Path) -> None:
    async with copying(disk_path) as (_, handle, gate):
        await handle.pause()
        gate.open()
        await handle.paused()
    async with Library.open(disk_path / "library") as library:
        other = big_file(disk_path / "small", MIB)
        done = await library.jobs.dispatch(FileCopyJob(sources=(other,), destination=disk_path / "small-out"))
        await done.wait(timeout=20)  # this runner does work, and leaves that one alone
        again = await library.jobs.get(handle.id, FileCopyJob)
        assert await again.status() is JobStatus.PAUSED
        assert not (disk_path / "out").exists()
        (partial,) = partials(disk_path)
        inode = partial.stat().st_ino
        await again.resume()
        await again.wait(timeout=20)
    assert (disk_path / "out").stat().st_ino == inode
    assert (disk_path / "out").read_bytes() == (disk_path / "big").read_bytes()


async def test_what_a_shutdown_interrupted_goes_on_by_itself(disk_path: Path) -> None:
    async with copying(disk_path) as (_, handle, gate):
        asyncio.get_running_loop().call_later(0.05, gate.open)  # the shutdown has begun by then, and waits for it
    async with Library.open(disk_path / "library", runs="none") as library:
        assert await (await library.jobs.get(handle.id)).status() is JobStatus.QUEUED
        assert 0 < ((await library.jobs.info(handle.id)).view.bytes_done or 0) < 96 * MIB
    (partial,) = partials(disk_path)
    inode = partial.stat().st_ino
    async with Library.open(disk_path / "library") as library:
        await (await library.jobs.get(handle.id)).wait(timeout=20)
    assert (disk_path / "out").stat().st_ino == inode


@pytest.mark.parametrize("paused_first", [False, True])
async def test_a_cancelled_copy_takes_its_partial_away(disk_path: Path, paused_first: bool) -> None:
    size = 256 * MIB  # a smaller one may be whole before the pause is seen
    async with copying(disk_path, size=size) as (_, handle, gate):
        assert len(partials(disk_path)) == 1
        if paused_first:
            await handle.pause()
            gate.open()
            await handle.paused()
            assert len(partials(disk_path)) == 1
        await handle.cancel()
        gate.open()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=20)
        assert partials(disk_path) == []
        assert not (disk_path / "out").exists()
    assert (disk_path / "big").stat().st_size == size


async def test_a_cancelled_copy_of_a_tree_takes_its_partials_away_and_keeps_what_is_whole(disk_path: Path) -> None:
    source = disk_path / "source"
    for folder in range(20):
        (source / f"folder-{folder:02}").mkdir(parents=True)
        for number in range(20):
            (source / f"folder-{folder:02}" / f"file-{number:02}").write_bytes(os.urandom(3000))
    gate = Gate("copy.rename", 150)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=disk_path / "out"))
        await gate.reached()
        await handle.cancel()
        gate.open()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=20)
    names = [path for path in (disk_path / "out").rglob("*") if path.is_file()]
    assert [path for path in names if path.name.startswith(".sd-")] == []
    assert 149 <= len(names) < 400
    assert all(path.read_bytes() == (source / path.relative_to(disk_path / "out")).read_bytes() for path in names)


@pytest.mark.needs("mount")
async def test_a_cancelled_move_loses_nothing(mounts: Mounts, disk_path: Path) -> None:
    place = mounts.tmpfs(size_mib=64).path
    source = disk_path / "source"
    source.mkdir()
    for number in range(300):
        (source / f"file-{number:03}").write_bytes(b"%d" % number * 500)
    gate = Gate("copy.unlink", 20)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileMoveJob(sources=(source,), destination=place / "out"))
        await gate.reached()
        await handle.cancel()
        gate.open()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=20)
    for number in range(300):
        there = [path for path in (source, place / "out") if (path / f"file-{number:03}").exists()]
        assert there, f"file-{number:03} is gone"
        assert all((path / f"file-{number:03}").read_bytes() == b"%d" % number * 500 for path in there)
    assert list((place / "out").glob(".sd-*")) == []


async def test_a_partial_of_a_source_that_changed_is_not_gone_on_with(disk_path: Path) -> None:
    async with copying(disk_path) as (library, handle, gate):
        await handle.pause()
        gate.open()
        await handle.paused()
        with (disk_path / "big").open("r+b") as file:
            file.write(b"changed")
        await handle.resume()
        await handle.wait(timeout=20)
        assert partials(disk_path) == []
        assert (disk_path / "out").read_bytes() == (disk_path / "big").read_bytes()
        assert (await library.jobs.info(handle.id)).view.bytes_done == 96 * MIB


async def test_a_partial_of_a_source_that_was_replaced_does_not_stay(disk_path: Path) -> None:
    async with copying(disk_path) as (_, handle, gate):
        await handle.pause()
        gate.open()
        await handle.paused()
        finished = (disk_path / "out").exists()  # on a busy machine the rest was copied while its flush was held
        copied = (disk_path / "big").read_bytes()
        os.replace(big_file(disk_path / "other", 9 * MIB), disk_path / "big")
        await handle.resume()
        await handle.wait(timeout=20)
    assert partials(disk_path) == []
    assert (disk_path / "out").read_bytes() == (copied if finished else (disk_path / "big").read_bytes())


async def test_a_partial_that_somebody_spoilt_is_not_gone_on_with(disk_path: Path) -> None:
    async with copying(disk_path) as (_, handle, gate):
        await handle.pause()
        gate.open()
        await handle.paused()
        (partial,) = partials(disk_path)
        os.truncate(partial, partial.stat().st_size // 2)
        await handle.resume()
        await handle.wait(timeout=20)
    assert partials(disk_path) == []
    assert (disk_path / "out").read_bytes() == (disk_path / "big").read_bytes()


# --- other processes

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(disk_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start_one(step: str, nth: int) -> subprocess.Popen[str]:
        paths = [str(disk_path / name) for name in ("library", "big", "out")]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.copy_held", *paths, step, str(nth)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        process.kill()
        process.communicate(timeout=10)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("step", "nth"), [("data", 36), ("rename", 1)])
async def test_a_stopped_writer_is_kept_out_of_its_successors_file(
    disk_path: Path, start: Start, step: str, nth: int
) -> None:
    """Stopped inside the file, or just before its rename (after it looked at its claim), for longer than its lease."""
    source = big_file(disk_path / "big", 320 * MIB)
    writer = start(step, nth)
    assert writer.stdout is not None
    while await asyncio.to_thread(writer.stdout.readline) != "held\n":
        assert writer.poll() is None
    (partial,) = partials(disk_path)
    inode = partial.stat().st_ino
    os.kill(writer.pid, signal.SIGSTOP)
    eventually(lambda: state_of(writer.pid) == "T")
    async with Library.open(disk_path / "library", lease=1.0) as library:
        (row,) = (await library.jobs.list()).rows
        assert row.view.bytes_done  # so that there is something that could be gone on with
        handle = await library.jobs.get(row.id)
        await handle.wait(timeout=30)
        out = disk_path / "out"
        assert out.read_bytes() == source.read_bytes()
        assert out.stat().st_ino != inode  # the stopped one holds the lock of what it had begun
        assert partials(disk_path) == []
        out.write_text("edited since")
        before = await library.jobs.info(row.id)
        os.kill(writer.pid, signal.SIGCONT)
        said, _ = await asyncio.to_thread(writer.communicate, "\n", 30)
        assert "completed" in said.lower()  # it sees what its successor did
        assert out.read_text() == "edited since"
        assert partials(disk_path) == []
        after = await library.jobs.info(row.id)
    assert (after.status, after.attempt, after.output) == (before.status, before.attempt, before.output)


@pytest.mark.timeout(90)
async def test_a_kill_costs_at_most_what_was_copied_since_the_last_checkpoint(disk_path: Path, start: Start) -> None:
    """Killed at nine tenths of a file that is copied slowly: what is stored by then is at most a moment old."""
    size = 400 * MIB
    big_file(disk_path / "big", size)
    writer = start("data", 0)
    assert writer.stdout is not None
    written: list[tuple[float, int]] = []
    while not written or written[-1][1] < size * 9 // 10:
        when, reached = (await asyncio.to_thread(writer.stdout.readline)).split()
        written.append((float(when), int(reached)))
    writer.kill()
    writer.wait(10)
    (partial,) = partials(disk_path)
    inode = partial.stat().st_ino
    killed_at = written[-1][0]
    before = written_bytes()
    async with Library.open(disk_path / "library") as library:
        (row,) = (await library.jobs.list()).rows
        await (await library.jobs.get(row.id)).wait(timeout=30)
    gone_on_at = size - (written_bytes() - before - SMALL_WRITES)
    lost = max((killed_at - when for when, reached in written if reached > gone_on_at), default=0.0)
    assert gone_on_at > size // 3
    assert lost < 1.0 + FLUSH, f"{lost:.2f} s of work were done again, from {gone_on_at >> 20} MiB on"
    assert (disk_path / "out").stat().st_ino == inode
    assert (disk_path / "out").read_bytes() == (disk_path / "big").read_bytes()


def written_bytes() -> int:
    """What this process has written so far, copies inside the kernel included."""
    text = Path("/proc/self/io").read_text("ascii")
    return int(next(line for line in text.splitlines() if line.startswith("wchar")).split()[1])


async def test_the_bar_shows_what_is_on_the_disk_and_done_means_flushed(disk_path: Path) -> None:
    """cases.md F5: on a slow device a bar that counts what was written is at its end minutes too early."""
    (disk_path / "source").mkdir()
    for number in range(40):
        (disk_path / "source" / f"{number}").write_bytes(os.urandom(100_000))
    gate = Gate("copy.flush")
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(
            FileCopyJob(sources=(disk_path / "source",), destination=disk_path / "out")
        )
        await gate.reached()

        async def flushing() -> bool:
            return (await library.jobs.info(handle.id)).view.message == "writing to the disk"

        await aeventually(flushing)
        info = await library.jobs.info(handle.id)
        assert (info.status, info.view.phase, info.view.bytes_done) == (JobStatus.RUNNING, "flush", 0)
        assert sum(path.stat().st_size for path in (disk_path / "out").iterdir()) == 4_000_000
        gate.open()
        await handle.wait(timeout=20)
        assert (await library.jobs.info(handle.id)).view.bytes_done == 4_000_000
