"""Where a library may live, and who counts as the same host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs import Library, UnsupportedFileSystem
from spacedrive_jobs._store.filesystem import (
    FUSE_MAGIC,
    NETWORK_FUSE,
    NETWORK_MAGIC,
    FileSystem,
    file_system_of,
    refuse_network,
)
from tests.abilities import SFTP_SERVER, find_program
from tests.acceptance.engine import engine_jobs as jobs
from tests.waiting import aeventually, eventually

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("magic", NETWORK_MAGIC)
def test_network_file_systems_are_refused_by_their_magic(tmp_path: Path, magic: int) -> None:
    for answer in (magic, magic - (1 << 32)):  # statfs gives a signed long on some machines
        with pytest.raises(UnsupportedFileSystem, match="Keep the library on a local disk"):
            refuse_network(tmp_path, lambda _, answer=answer: FileSystem(answer, ""))  # type: ignore[misc]


@pytest.mark.parametrize("name", NETWORK_FUSE)
def test_fuse_that_goes_over_a_network_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFileSystem, match=name):
        refuse_network(tmp_path, lambda _: FileSystem(FUSE_MAGIC, f"fuse.{name}"))


def test_other_fuse_is_tried_with_a_second_process(tmp_path: Path) -> None:
    refuse_network(tmp_path, lambda _: FileSystem(FUSE_MAGIC, "fuse.ntfs-3g"))
    assert list(tmp_path.iterdir()) == []


def test_a_local_disk_is_no_network(tmp_path: Path) -> None:
    refuse_network(tmp_path)
    assert file_system_of(tmp_path).magic & 0xFFFF_FFFF not in NETWORK_MAGIC


@pytest.fixture
def sshfs(disk_path: Path) -> Iterator[Path]:
    """A real network file system: sshfs to an SFTP server at the other end of a pipe, so that no network is needed."""
    place, served = disk_path / "mounted", disk_path / "served"
    place.mkdir()
    served.mkdir()
    here, there = os.pipe()
    back, forth = os.pipe()
    sftp = subprocess.Popen([str(SFTP_SERVER)], stdin=here, stdout=forth, stderr=subprocess.DEVNULL)
    mount = subprocess.Popen(
        [find_program("sshfs") or "sshfs", "-f", "-o", "passive", f":{served}", str(place)],
        stdin=back,
        stdout=there,
        stderr=subprocess.PIPE,
    )
    for descriptor in (here, there, back, forth):
        os.close(descriptor)
    eventually(lambda: os.path.ismount(place), what="the mount")
    yield place
    subprocess.run([find_program("fusermount3") or "fusermount3", "-u", str(place)], check=True)
    mount.wait(10)
    sftp.wait(10)
    if mount.stderr is not None:
        mount.stderr.close()


@pytest.mark.needs("root", "fuse", "sshfs", "sftp_server")
async def test_a_library_on_a_real_network_mount_is_refused_with_advice(sshfs: Path) -> None:
    with pytest.raises(UnsupportedFileSystem, match=r"sshfs \(FUSE\).*Keep the library on a local disk"):
        async with Library.open(sshfs / "library", create=True):
            pass
    assert not (sshfs / "library" / "jobs.db").exists()


WORKER = (
    "import asyncio, signal, sys\n"
    "from spacedrive_jobs import Library\n"
    "from tests.acceptance.engine import engine_jobs\n"
    "async def main():\n"
    "    async with Library.open(sys.argv[1], slots=2, lease=1.0):\n"
    "        print('open', flush=True)\n"
    "        await asyncio.Event().wait()\n"
    "asyncio.run(main())\n"
)


@pytest.mark.needs("root", "pid_namespace")
@pytest.mark.timeout(60)
async def test_runners_in_two_pid_namespaces_are_as_two_on_one_host(disk_path: Path) -> None:
    """As two containers are. Each is process 1 of its own: a look at pids alone would take them for one another."""
    library_path = disk_path / "library"
    async with Library.open(library_path, create=True, runs="none") as library:
        prefix = [find_program("unshare") or "unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]

        def start() -> subprocess.Popen[str]:
            worker = subprocess.Popen(
                [*prefix, sys.executable, "-c", WORKER, str(library_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
            assert worker.stdout is not None
            assert worker.stdout.readline() == "open\n"
            return worker

        first = start()
        second: subprocess.Popen[str] | None = None
        try:
            handle = await library.jobs.dispatch(jobs.count_async.new(3_000))

            async def moves() -> bool:
                return (await library.jobs.info(handle.id)).metrics.items_ok > 3

            await aeventually(moves)
            second = start()
            states = {runner.state for runner in await library.jobs.runners()}
            assert states == {"alive"}
            first.send_signal(signal.SIGKILL)  # and with it, by --kill-child, the runner
            assert await handle.wait(timeout=30) == 3_000
            info = await library.jobs.info(handle.id)
            assert (info.attempt, info.metrics.items_ok) == (2, 3_000)
        finally:
            for worker in (first, second):
                if worker is not None:
                    worker.kill()
                    worker.wait(10)
                    if worker.stdout is not None:
                        worker.stdout.close()
