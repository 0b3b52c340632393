"""DeduplicateJob: killed, refused and done again; and on file systems where files share blocks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spacedrive_jobs import Library
from spacedrive_ops import DeduplicateJob, DeduplicateOutput
from tests.abilities import without_dac_prefix
from tests.acceptance.ops.duplicate_trees import BODY, deduplicate, holding, index, planted, write
from tests.mounts import Mounts


@pytest.fixture
def root(disk_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(disk_path / "data"))
    return planted(disk_path)


# --- kills, failures, doing it again ----------------------------------------------------------------------------------

POINTS = [
    ("hardlink", "deduplicate.compared"),
    ("hardlink", "deduplicate.linked"),
    ("hardlink", "deduplicate.exchanged"),
    ("hardlink", "deduplicate.unlinked"),
    ("trash", "deduplicate.compared"),
    ("trash", "delete.trash"),
]


@pytest.mark.parametrize(("action", "point"), POINTS)
@pytest.mark.parametrize("nth", [1, 3])
async def test_a_kill_at_any_step_loses_nothing_and_the_work_is_finished_afterwards(
    disk_path: Path, root: Path, action: str, point: str, nth: int
) -> None:
    library_path = disk_path / "library"
    async with Library.open(library_path, create=True) as library:
        await index(library, root)
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(library_path), "DeduplicateJob"]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": f"{point}=kill@{nth}"}
    killed = subprocess.run([*command, f"{{'action': {action!r}}}"], env=environment, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert "b/middle" in holding(root, BODY)
    assert len(holding(root, BODY)) + len(list((disk_path / "data").glob("Trash/files/*"))) >= 4
    async with Library.open(library_path, runs="all") as library:
        (job,) = (await library.jobs.list(kind="deduplicate")).rows
        output = await (await library.jobs.get(job.id, DeduplicateJob)).wait(timeout=30)
        assert (output.done, output.skipped, output.failed) == (3, 0, 0)
        assert await library.db.query("SELECT * FROM ix_plan") == []
    assert list(root.rglob(".sd-*")) == []
    if action == "hardlink":
        assert len(holding(root, BODY)) == 4
        assert (root / "b/middle").stat().st_nlink == 4
    else:
        assert holding(root, BODY) == ["b/middle"]
        assert len(list((disk_path / "data/Trash/files").iterdir())) == 3


async def test_a_cancel_after_a_kill_takes_the_half_done_work_back(disk_path: Path, root: Path) -> None:
    library_path = disk_path / "library"
    async with Library.open(library_path, create=True) as library:
        await index(library, root)
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(library_path), "DeduplicateJob"]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": "deduplicate.exchanged=kill"}
    subprocess.run([*command, "{'action': 'hardlink'}"], env=environment, check=False, timeout=60)
    assert len(list(root.rglob(".sd-*"))) == 1
    async with Library.open(library_path, runs="none") as library:
        (job,) = (await library.jobs.list(kind="deduplicate")).rows
        await (await library.jobs.get(job.id, DeduplicateJob)).cancel()
    async with Library.open(library_path, runs="all") as library:
        handle = await library.jobs.get(job.id, DeduplicateJob)
        with pytest.raises(Exception, match="cancelled"):
            await handle.wait(timeout=30)
    assert list(root.rglob(".sd-*")) == []
    assert len(holding(root, BODY)) == 4


@pytest.mark.needs("drop_capabilities")
async def test_only_what_failed_is_done_again(disk_path: Path, root: Path) -> None:
    """A folder that does not let anything be changed in it, to one who is not root."""
    (root / "a").chmod(0o555)
    library_path = disk_path / "library"
    async with Library.open(library_path, create=True) as library:
        await index(library, root)
    command = [*without_dac_prefix(), sys.executable, "-m", "tests.acceptance.ops.run_job", str(library_path)]
    done = subprocess.run(
        [*command, "DeduplicateJob", "{'action': 'hardlink'}"], check=True, timeout=60, capture_output=True, text=True
    )
    assert "done=1, skipped=0, failed=2" in done.stdout
    assert "cannot be replaced or removed: permission denied" in done.stdout
    (root / "a").chmod(0o755)
    async with Library.open(library_path) as library:
        (job,) = (await library.jobs.list(kind="deduplicate")).rows
        again = await (await library.jobs.get(job.id, DeduplicateJob)).retry()
        output = await again.wait(timeout=30)
        assert output == DeduplicateOutput(2, 0, 0, 400_000)
        assert len((await library.jobs.items(again.id)).rows) == 2
    assert (root / "b/middle").stat().st_nlink == 4


# --- shared blocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [pytest.param("btrfs", marks=pytest.mark.needs("btrfs")), pytest.param("xfs", marks=pytest.mark.needs("xfs"))],
)
async def test_files_share_their_blocks_and_stay_files_of_their_own(disk_path: Path, mounts: Mounts, kind: str) -> None:
    disk = mounts.disk(kind, size_mib=400).path  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    body = os.urandom(20_000_003)
    paths = [write(disk / f"file {number}", body, 1_000 + number) for number in range(4)]
    paths[1].chmod(0o640)
    edited = body[:10_000_000] + b"\0\1\2" + body[10_000_003:]
    before = [replace_times(path.stat()) for path in paths]
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, disk)
        os.sync()
        free = os.statvfs(disk).f_bfree * os.statvfs(disk).f_bsize
        with paths[3].open("r+b") as file:
            file.write(edited)
        os.utime(paths[3], (1_003, 1_003))
        output, left_alone = await deduplicate(library, DeduplicateJob(action="reflink"))
        assert output == DeduplicateOutput(2, 1, 0, 40_000_006)
        assert left_alone == {"file 3": f"does not hold the same bytes as {paths[0]} any more"}
        subprocess.run(["sync", "-f", disk], check=True)
        assert os.statvfs(disk).f_bfree * os.statvfs(disk).f_bsize - free > 30_000_000
        assert [replace_times(path.stat()) for path in paths] == before
        assert [path.read_bytes() == body for path in paths] == [True, True, True, False]
        assert paths[3].read_bytes() == edited
        output, left_alone = await deduplicate(library, DeduplicateJob(action="reflink"))
        assert (output.done, output.saved) == (0, 0)
        assert left_alone["file 1"] == f"shares its blocks with {paths[0]} already"


def replace_times(status: os.stat_result) -> tuple[int, ...]:
    """What must stay as it was."""
    return status.st_ino, status.st_mode, status.st_uid, status.st_mtime_ns, status.st_size, status.st_nlink


@pytest.mark.needs("ext4")
async def test_where_blocks_cannot_be_shared_the_reason_is_said(disk_path: Path, mounts: Mounts) -> None:
    disk = mounts.disk("ext4", size_mib=32).path
    for name in ("one", "two"):
        write(disk / name, BODY, 1_000)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, disk)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="reflink"))
    assert output == DeduplicateOutput(0, 1, 0, 0)
    assert set(left_alone.values()) == {"lies on a file system on which files cannot share blocks"}


@pytest.mark.needs("ext4")
async def test_a_disk_that_is_read_only_is_an_error_to_be_tried_again(disk_path: Path, mounts: Mounts) -> None:
    disk = mounts.disk("ext4", size_mib=32)
    for name in ("one", "two"):
        write(disk.path / name, BODY, 1_000)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, disk.path)
        subprocess.run(["mount", "-o", "remount,ro", disk.path], check=True)
        output, reasons = await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert output == DeduplicateOutput(0, 0, 1, 0)
    assert set(reasons.values()) == {"cannot be replaced or removed: read-only file system"}


@pytest.mark.parametrize("nth", [2, 3, 4, 5])
async def test_a_kill_while_the_plan_is_made_or_accounted_for_repeats_nothing(
    disk_path: Path, root: Path, nth: int
) -> None:
    library_path = disk_path / "library"
    async with Library.open(library_path, create=True) as library:
        await index(library, root)
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(library_path), "DeduplicateJob"]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": f"library.committed=kill@{nth}"}
    subprocess.run([*command, "{'action': 'hardlink'}"], env=environment, check=False, timeout=60)
    async with Library.open(library_path) as library:
        (job,) = (await library.jobs.list(kind="deduplicate")).rows
        output = await (await library.jobs.get(job.id, DeduplicateJob)).wait(timeout=30)
        assert (output.done, output.skipped, output.failed) == (3, 0, 0)
        assert len((await library.jobs.items(job.id)).rows) <= 3
    assert (root / "b/middle").stat().st_nlink == 4


async def test_a_plan_larger_than_a_page_is_acted_on_in_full(disk_path: Path) -> None:
    root = disk_path / "tree"
    for number in range(1_300):
        write(root / f"{number // 100}" / f"{number}", b"group %d" % (number % 3), 1_000 + number)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output.done, left_alone) == (1_297, {})
        assert await library.db.query("SELECT * FROM ix_plan") == []
    assert len({path.stat().st_ino for path in root.rglob("*") if path.is_file()}) == 3
