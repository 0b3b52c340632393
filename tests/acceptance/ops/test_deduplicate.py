"""DeduplicateJob: one file of each group stays, and nothing is ever lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spacedrive_jobs import Library
from spacedrive_jobs import failpoint as failpoints
from spacedrive_ops import DeduplicateJob, DeduplicateOutput, IndexerJob, Pair, plan_deduplication
from spacedrive_ops.duplicates import act
from tests.abilities import without_dac_prefix
from tests.mounts import Mounts

BODY = os.urandom(200_000)
OTHER = BODY[:100_000] + b"\0\1\2" + BODY[100_003:]


async def index(library: Library, root: Path) -> None:
    await (await library.jobs.dispatch(IndexerJob(root=root, mode="content"))).wait(timeout=30)


async def deduplicate(library: Library, job: DeduplicateJob) -> tuple[DeduplicateOutput, dict[str, str]]:
    """The output, and the reason of each item that is not ok, by its name."""
    handle = await library.jobs.dispatch(job)
    output = await handle.wait(timeout=30)
    rows = (await library.jobs.items(handle.id)).rows
    return output, {Path(row.item).name: row.reason for row in rows if row.outcome != "ok"}


def write(path: Path, data: bytes, time: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time, time))
    return path


def edit_unseen(path: Path) -> None:
    """Other bytes; size, inode and time stay."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(100_000)
        file.write(b"\0\1\2")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.fixture
def root(disk_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(disk_path / "data"))
    folder = disk_path / "tree"
    for number, name in enumerate(["b/middle", "a/longest of all", "c/d", "a/e"]):
        write(folder / name, BODY, 1_000 + number)
    write(folder / "near", OTHER, 1_000)
    return folder


def holding(root: Path, data: bytes) -> list[str]:
    return sorted(
        str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.read_bytes() == data
    )


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("oldest", "b/middle"),
        ("newest", "a/e"),
        ("shortest_path", "a/e"),
        ("longest_path", "a/longest of all"),
        ("first_path", "a/e"),
    ],
)
async def test_of_each_group_the_one_that_the_rule_names_stays(
    disk_path: Path, root: Path, keep: str, kept: str
) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        job = DeduplicateJob(action="trash", keep=keep)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        output, left_alone = await deduplicate(library, job)
        assert (output, left_alone) == (DeduplicateOutput(3, 0, 0, 600_000), {})
    assert holding(root, BODY) == [kept]
    assert holding(root, OTHER) == ["near"]
    trash = disk_path / "data" / "Trash" / "files"
    assert [path.read_bytes() == BODY for path in trash.iterdir()] == [True] * 3


async def test_a_preferred_folder_comes_before_the_rule_and_root_bounds_it_all(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        within = DeduplicateJob(action="trash", root=root / "a")
        assert (await deduplicate(library, within))[0].done == 1
        assert holding(root, BODY) == ["a/longest of all", "b/middle", "c/d"]
        await index(library, root)
        await deduplicate(library, DeduplicateJob(action="trash", prefer=(root / "none", root / "c", root / "a")))
    assert holding(root, BODY) == ["c/d"]


async def test_the_plan_is_what_is_done_and_changes_nothing(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        job = DeduplicateJob(action="trash")
        before = sorted((path, path.stat()) for path in root.rglob("*") if path.is_file())
        pairs = [pair async for pair in plan_deduplication(library.db, job.rule)]
        assert sorted((path, path.stat()) for path in root.rglob("*") if path.is_file()) == before
        assert {os.path.basename(pair.kept.path) for pair in pairs} == {b"middle"}
        resumed: list[Pair] = [pair async for pair in plan_deduplication(library.db, job.rule, pairs[0].place)]
        assert resumed == pairs[1:]
        await deduplicate(library, job)
    assert sorted(os.fsdecode(pair.doomed.path) for pair in pairs) == [
        str(root / name) for name in ("a/e", "a/longest of all", "c/d")
    ]
    assert holding(root, BODY) == ["b/middle"]


async def test_names_of_one_file_are_no_duplicates_and_empty_files_are_no_group(disk_path: Path) -> None:
    root = disk_path / "tree"
    write(root / "one", BODY, 1_000)
    os.link(root / "one", root / "its other name")
    write(root / "empty", b"", 1_000)
    write(root / "empty too", b"", 1_000)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        assert [pair async for pair in plan_deduplication(library.db, DeduplicateJob(action="hardlink").rule)] == []
        output, _ = await deduplicate(library, DeduplicateJob(action="trash"))
    assert output == DeduplicateOutput(0, 0, 0, 0)
    assert len(list(root.iterdir())) == 4


# --- hard links -------------------------------------------------------------------------------------------------------


async def test_hard_links_give_the_disk_back_what_was_there_twice(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output, left_alone) == (DeduplicateOutput(3, 0, 0, 600_000), {})
        assert len({(root / name).stat().st_ino for name in ("b/middle", "a/longest of all", "c/d", "a/e")}) == 1
        assert (root / "a/e").stat().st_mtime == 1_000
        assert len(holding(root, BODY)) == 4
        assert list(root.rglob(".*")) == []
        await index(library, root)
        assert (await deduplicate(library, DeduplicateJob(action="hardlink")))[0] == DeduplicateOutput(0, 0, 0, 0)


async def test_a_link_that_would_lose_an_owner_a_mode_or_attributes_is_only_made_where_that_is_meant(
    disk_path: Path, root: Path
) -> None:
    (root / "a/e").chmod(0o600)
    os.setxattr(root / "c/d", "user.mine", b"1")
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output.done, output.skipped) == (1, 2)
        assert left_alone["e"].startswith(f"has another mode than {root / 'b/middle'}, which a hard link would lose")
        assert left_alone["d"].startswith("has another attributes than")
        assert (root / "a/e").stat().st_mode & 0o777 == 0o600
        await index(library, root)
        output, _ = await deduplicate(library, DeduplicateJob(action="hardlink", lose_metadata=True))
    assert (output.done, output.skipped) == (2, 0)


@pytest.mark.parametrize("action", ["hardlink", "trash"])
async def test_a_file_with_names_that_the_plan_does_not_know_is_left_alone(
    disk_path: Path, root: Path, action: str
) -> None:
    os.link(root / "a/e", disk_path / "elsewhere")
    os.link(root / "c/d", root / "c/d2")
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        output, left_alone = await deduplicate(library, DeduplicateJob(action=action))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert left_alone == {"e": "has 2 names (hard links), and the plan has 1 of them"}
    assert (output.done, output.saved) == (3, 400_000), "both names of one file, and a third file"


@pytest.mark.needs("mount")
async def test_each_disk_keeps_one_where_files_are_to_be_shared(disk_path: Path, root: Path, mounts: Mounts) -> None:
    (root / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", root / "mounted"], check=True)
    try:
        for name in ("x", "y"):
            write(root / "mounted" / name, BODY, 1)
        async with Library.open(disk_path / "library", create=True) as library:
            await index(library, root)
            output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
        assert (output.done, left_alone) == (4, {})
        assert (root / "mounted/x").samefile(root / "mounted/y")
        assert len(holding(root, BODY)) == 6
    finally:
        subprocess.run(["umount", root / "mounted"], check=True)


# --- what changed since the plan --------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["hardlink", "trash"])
@pytest.mark.parametrize("edited", ["b/middle", "a/e"])
async def test_nothing_is_done_without_a_comparison_of_all_bytes(
    disk_path: Path, root: Path, action: str, edited: str
) -> None:
    """The edit leaves size, time and inode as they were: only the bytes tell."""
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        edit_unseen(root / edited)
        output, left_alone = await deduplicate(library, DeduplicateJob(action=action))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert (root / edited).read_bytes() == OTHER
    assert holding(root, OTHER) == sorted([edited, "near"])
    if edited == "a/e":
        assert (output.done, output.skipped) == (2, 1)
        assert left_alone == {"e": f"does not hold the same bytes as {root / 'b/middle'} any more"}
    else:
        assert (output.done, output.skipped) == (0, 3)
        assert holding(root, BODY) == ["a/e", "a/longest of all", "c/d"]


async def test_what_was_edited_moved_or_replaced_since_the_plan_is_left_alone(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        (root / "a/e").write_bytes(BODY)  # the same bytes at another time
        (root / "c/d").unlink()
        (root / "a/longest of all").unlink()
        os.mkfifo(root / "a/longest of all")
        output, left_alone = await deduplicate(library, DeduplicateJob(action="trash"))
        assert output == DeduplicateOutput(0, 3, 0, 0)
        assert left_alone == {
            "e": "was changed since it was indexed; index it again",
            "d": "is no longer there",
            "longest of all": "is no longer a plain file",
        }


async def test_where_the_kept_file_is_gone_none_follows_it(disk_path: Path, root: Path) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        (root / "b/middle").unlink()
        output, left_alone = await deduplicate(library, DeduplicateJob(action="trash"))
    assert output == DeduplicateOutput(0, 3, 0, 0)
    assert set(left_alone.values()) == {f"is left alone: {root / 'b/middle'} is no longer there"}
    assert len(holding(root, BODY)) == 3


@pytest.mark.parametrize("action", ["hardlink", "trash"])
async def test_a_file_that_a_program_has_open_for_writing_is_left_alone(
    disk_path: Path, root: Path, action: str
) -> None:
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        with (root / "a/e").open("r+b"):
            output, left_alone = await deduplicate(library, DeduplicateJob(action=action))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert (output.done, output.skipped) == (2, 1)
    assert left_alone == {"e": f"is left alone: {root / 'a/e'} is open for writing in a program"}


def append_elsewhere(path: Path) -> None:
    """As another process would, that waits for nobody."""
    script = "import os,sys; os.write(os.open(sys.argv[1], os.O_WRONLY|os.O_APPEND|os.O_NONBLOCK), b'more')"
    subprocess.run([sys.executable, "-c", script, path], check=False, stderr=subprocess.DEVNULL)


def append_to_hidden(root: Path) -> None:
    (hidden,) = root.rglob(".sd-*.part")
    append_elsewhere(hidden)


CHANGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "the kept one is written to": ("deduplicate.compared", lambda root: append_elsewhere(root / "b/middle")),
    "the other one is written to": ("deduplicate.compared", lambda root: append_elsewhere(root / "a/e")),
    "the other one is replaced": ("deduplicate.compared", lambda root: os.replace(root / "near", root / "a/e")),
    "it is written to between the looks": ("deduplicate.exchanged", append_to_hidden),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_in_the_last_moment_is_seen_or_kept_out(disk_path: Path, root: Path, change: str) -> None:
    """Who opens a file for writing meanwhile is kept waiting, or, if it will not wait, is seen."""
    point, act_now = CHANGES[change]
    for name in ("c/d", "a/longest of all"):
        (root / name).unlink()
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        failpoints.arm(point, lambda _: act_now(root))
        output, left_alone = await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert (output, left_alone) == (DeduplicateOutput(0, 1, 0, 0), {"e": "was changed while it was compared"})
    assert not (root / "a/e").samefile(root / "b/middle")
    assert list(root.rglob(".sd-*")) == []


async def test_the_tests_of_the_comparison_can_fail(
    disk_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the comparison an edited file is lost: it is the comparison that keeps it, nothing else."""
    monkeypatch.setattr(act, "hold_same_bytes", lambda *_: True)
    async with Library.open(disk_path / "library", create=True) as library:
        await index(library, root)
        edit_unseen(root / "a/e")
        await deduplicate(library, DeduplicateJob(action="hardlink"))
    assert holding(root, OTHER) == ["near"]


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
