"""A backup or a restore that is killed goes on; nothing is sent twice, nothing unfinished stays, and what comes back is
what was there."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs import JobCancelled, Library, failpoint
from spacedrive_ops import BackupJob, BackupOutput, BackupVerifyJob, RestoreJob
from tests import hostile_trees
from tests.acceptance.ops.s3_server import S3, emptied, serving, unfinished

ROOT = Path(__file__).parents[3]
MIB = 1 << 20


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    yield from serving()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    yield from emptied(endpoint, monkeypatch)


def run_elsewhere(folder: Path, kind: str, arguments: dict[str, object], failpoints: str) -> int:
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": failpoints}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(folder / "library"), kind, repr(arguments)]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment, timeout=60, stdout=subprocess.DEVNULL
    ).returncode


async def finish(library: Library, kind: str) -> object:
    (info,) = (await library.jobs.list(kind=kind)).rows
    return await (await library.jobs.get(info.id)).wait(timeout=60)


@pytest.mark.parametrize(
    "point",
    [
        "backup.rename=kill@1",
        "backup.rename=kill@30",
        "checkpoint.stored=kill@2",
        "store.committed=kill@12",
        "store.committed=kill@25",
        "store.committed=kill@18",
    ],
)
async def test_a_killed_backup_to_a_folder_goes_on(disk_path: Path, point: str) -> None:
    hostile = hostile_trees.build(disk_path / "tree", big=MIB, owners=False)
    (disk_path / "depot").mkdir()
    arguments: dict[str, object] = {
        "locations": (os.fsencode(hostile.root),),
        "destination": str(disk_path / "depot"),
        "thumbnails": False,
    }
    assert run_elsewhere(disk_path, "BackupJob", arguments, point) == -signal.SIGKILL
    async with Library.open(disk_path / "library") as library:
        if not (await library.jobs.list(kind="backup")).rows:
            return  # killed before it was dispatched
        out = await finish(library, "backup")
        assert isinstance(out, BackupOutput)
        checked = await (await library.jobs.dispatch(BackupVerifyJob(source=str(disk_path / "depot")))).wait(timeout=60)
        assert (checked.damaged, checked.problems, checked.snapshots) == (0, 0, 1)
        restored = RestoreJob(source=str(disk_path / "depot"), destination=disk_path / "out")
        assert (await (await library.jobs.dispatch(restored)).wait(timeout=60)).failed_count == 0
        assert not list((library.path / "backup").iterdir())
    refused = hostile.unreadable if os.geteuid() else frozenset[bytes]()
    seen = hostile_trees.compare(hostile.root, disk_path / "out" / "tree", leave_out=hostile.specials | refused)
    assert seen.problems == []
    assert sorted(path.name for path in (disk_path / "depot").iterdir()) == ["lists", "objects", "snapshots"]


async def test_the_next_backup_removes_what_an_ended_one_left(disk_path: Path) -> None:
    (disk_path / "tree").mkdir()
    (disk_path / "tree" / "file").write_bytes(b"content")
    incoming = disk_path / "depot" / "incoming"
    incoming.mkdir(parents=True)
    async with Library.open(disk_path / "library", create=True) as library:
        job = BackupJob(
            locations=(disk_path / "tree",), destination=str(disk_path / "depot"), thumbnails=False, library=False
        )
        first = await library.jobs.dispatch(job)
        await first.wait(timeout=60)
        incoming.mkdir()
        (ended,) = [child.id for child in await library.jobs.children(first.id) if child.kind == "backup_files"]
        for short in (ended.short, "0a0b0c0d"):
            (incoming / f".sd-{short}-3-1.part").write_bytes(b"half")
        await (await library.jobs.dispatch(job)).wait(timeout=60)
        assert [path.name for path in incoming.iterdir()] == [".sd-0a0b0c0d-3-1.part"], "another library's stays"


async def test_killed_within_a_large_file_it_goes_on_with_the_parts_that_are_there(disk_path: Path, s3: S3) -> None:
    (disk_path / "tree").mkdir()
    (disk_path / "tree" / "large.bin").write_bytes(os.urandom(60 * MIB))
    arguments: dict[str, object] = {
        "locations": (os.fsencode(disk_path / "tree"),),
        "destination": "s3://bucket/b",
        "thumbnails": False,
        "library": False,
    }
    assert run_elsewhere(disk_path, "BackupJob", arguments, "upload.part=kill@6") == -signal.SIGKILL
    (begun,) = s3.list_multipart_uploads(Bucket="bucket")["Uploads"]
    listed = s3.list_parts(Bucket="bucket", Key=begun["Key"], UploadId=begun["UploadId"])["Parts"]
    counts = failpoint.count()
    async with Library.open(disk_path / "library") as library:
        out = await finish(library, "backup")
        assert isinstance(out, BackupOutput)
        assert (out.sent, out.failed) == (1, 0)
        assert counts["upload.part"] == 8 - len(listed) < 8
        assert unfinished(s3) == []
        restored = RestoreJob(source="s3://bucket/b", destination=disk_path / "out")
        assert (await (await library.jobs.dispatch(restored)).wait(timeout=60)).restored_count == 1
    same = (disk_path / "out" / "tree" / "large.bin").read_bytes() == (disk_path / "tree" / "large.bin").read_bytes()
    assert same


async def test_a_cancelled_backup_leaves_no_parts(disk_path: Path, s3: S3) -> None:
    (disk_path / "tree").mkdir()
    (disk_path / "tree" / "large.bin").write_bytes(os.urandom(60 * MIB))
    loop, reached = asyncio.get_running_loop(), asyncio.Event()

    def reach(_: str) -> None:
        loop.call_soon_threadsafe(reached.set)

    failpoint.arm("upload.part", failpoint.at_nth(reach, 3))
    async with Library.open(disk_path / "library", create=True) as library:
        job = BackupJob(locations=(disk_path / "tree",), destination="s3://bucket/b", thumbnails=False)
        handle = await library.jobs.dispatch(job)
        await asyncio.wait_for(reached.wait(), 20)
        await handle.cancel()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=30)
        for child in await library.jobs.children(handle.id):
            try:
                await (await library.jobs.get(child.id)).wait(timeout=30)
            except JobCancelled:
                pass
        assert unfinished(s3) == []
        assert not list((library.path / "backup").iterdir())


@pytest.mark.parametrize("at", [1, 20, 60, 80])
async def test_a_killed_restore_leaves_only_whole_files_and_goes_on(disk_path: Path, at: int) -> None:
    hostile = hostile_trees.build(disk_path / "tree", big=MIB, owners=False)
    (disk_path / "depot").mkdir()
    async with Library.open(disk_path / "library", create=True) as library:
        job = BackupJob(
            locations=(hostile.root,), destination=str(disk_path / "depot"), thumbnails=False, library=False
        )
        await (await library.jobs.dispatch(job)).wait(timeout=60)
    arguments: dict[str, object] = {
        "source": str(disk_path / "depot"),
        "destination": os.fsencode(disk_path / "out"),
        "on_conflict": "rename",
    }
    assert run_elsewhere(disk_path, "RestoreJob", arguments, f"restore.piece=kill@{at}") == -signal.SIGKILL
    async with Library.open(disk_path / "library") as library:
        await finish(library, "restore")
    refused = hostile.unreadable if os.geteuid() else frozenset[bytes]()
    seen = hostile_trees.compare(hostile.root, disk_path / "out" / "tree", leave_out=hostile.specials | refused)
    assert seen.problems == []
