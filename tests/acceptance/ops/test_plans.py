"""A plan tells what the job then does, and changes nothing: the trees are the same before and after, times included."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import JobFailed, Library
from spacedrive_ops import BackupJob, DeleteJob, FileCopyJob, FileMoveJob, PlanOutput, SdPath, UploadJob
from tests import hostile_trees
from tests.acceptance.ops.s3_server import S3, emptied, keys, serving
from tests.mounts import Mounts

KINDS = {"copy_plan", "delete_plan", "upload_plan", "backup_plan"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    yield from serving()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    yield from emptied(endpoint, monkeypatch)


def state_of(*roots: Path) -> list[tuple[object, ...]]:
    """All that a change would change: names, kinds, sizes, all times but the last access, what files hold and links
    say."""
    found: list[tuple[object, ...]] = []
    for root in roots:
        waiting = [root]
        while waiting:
            path = waiting.pop()
            status = path.lstat()
            held = path.readlink() if path.is_symlink() else None
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else held
            found.append((path, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, content))
            if stat.S_ISDIR(status.st_mode):
                waiting += sorted(path.iterdir())
    return found


async def plan(library: Library, job: Any, *looked_at: Path) -> tuple[PlanOutput, dict[str, tuple[str, str]]]:
    before = state_of(*looked_at)
    handle = await library.jobs.dispatch(job.plan())
    out = await handle.wait(timeout=30)
    assert isinstance(out, PlanOutput)
    assert state_of(*looked_at) == before, "a plan changes nothing"
    items = (await library.jobs.items(handle.id, limit=1000)).rows
    return out, {os.path.basename(item.item): (item.outcome, item.reason) for item in items}


async def only_plans(library: Library) -> None:
    assert {info.kind for info in (await library.jobs.list()).rows} <= KINDS


def two_trees(base: Path) -> tuple[Path, Path]:
    """A source, and a destination that has some of it: older, newer, the same, a folder in the way."""
    source, out = base / "source", base / "out"
    (source / "sub").mkdir(parents=True)
    (out / "source" / "in the way").mkdir(parents=True)
    for name in ("new", "older there", "newer there", "in the way"):
        (source / name).write_bytes(name.encode() * 100)
    (source / "sub" / "deep").write_bytes(b"deep")
    (source / "link").symlink_to("new")
    os.mkfifo(source / "fifo")
    for name, when in (("older there", 10**18), ("newer there", 3 * 10**18)):
        (out / "source" / name).write_bytes(b"there")
        os.utime(out / "source" / name, ns=(when, when))
    return source, out


@pytest.mark.parametrize("policy", ["skip", "overwrite", "rename", "newer", "ask"])
async def test_a_copy_does_what_its_plan_said(tmp_path: Path, policy: Any) -> None:
    source, out = two_trees(tmp_path)
    async with Library.open(tmp_path / "library", create=True) as library:
        job = FileCopyJob(sources=(source,), destination=out, on_conflict=policy)
        planned, items = await plan(library, job, source, out)
        await only_plans(library)
        expected = {
            "skip": {"created": 3, "skipped": 3, "warnings": 1},
            "overwrite": {"created": 3, "replaced": 2, "refused": 1, "warnings": 1, "bytes_replaced": 10},
            "rename": {"created": 3, "kept_beside": 3, "warnings": 1},
            "newer": {"created": 3, "replaced": 1, "skipped": 1, "refused": 1, "warnings": 1, "bytes_replaced": 5},
            "ask": {"created": 3, "asked": 2, "refused": 1, "warnings": 1},
        }[policy]
        told = {name: getattr(planned, name) for name in PlanOutput.__struct_fields__}
        assert {name: told[name] for name in expected} == expected
        assert planned.entries == 7
        assert (planned.fits, planned.free is not None) == (True, True)
        assert items["fifo"] == ("warning", "is a FIFO, which cannot be copied")
        if policy == "overwrite":
            assert items["older there"] == ("warning", "would replace an older file of 5 bytes")
            assert items["newer there"] == ("warning", "would replace another file of 5 bytes")
            assert items["in the way"] == ("error", "the destination has a folder of that name")
        if policy == "ask":
            return
        done = await (await library.jobs.dispatch(job)).wait(timeout=30)
        copied = planned.created + planned.replaced + planned.kept_beside
        assert (done.copied_count, done.skipped_count, done.failed_count) == (copied, planned.skipped, planned.refused)


async def test_a_move_within_one_disk_and_to_another(tmp_path: Path, disk_path: Path) -> None:
    source, out = two_trees(disk_path)
    shutil.rmtree(out / "source")
    memory = Path("/dev/shm") / disk_path.name
    memory.mkdir()
    try:
        async with Library.open(tmp_path / "library", create=True) as library:
            whole, _ = await plan(library, FileMoveJob(sources=(source,), destination=out), source, out)
            assert (whole.renamed, whole.created, whole.needed) == (1, 0, 0)
            (out / "source").mkdir()
            merged, _ = await plan(library, FileMoveJob(sources=(source,), destination=out), source, out)
            assert (merged.renamed, merged.created, merged.needed) == (6, 0, 0)
            away, _ = await plan(library, FileMoveJob(sources=(source,), destination=memory), source, memory)
            assert (away.renamed, away.created, away.needed) == (0, 6, away.bytes)
            await only_plans(library)
    finally:
        shutil.rmtree(memory)


@pytest.mark.needs("mount")
async def test_that_there_is_not_room_enough_is_said_before(tmp_path: Path, mounts: Mounts) -> None:
    small = mounts.tmpfs(size_mib=1).path
    (tmp_path / "large").write_bytes(os.urandom(3 << 20))
    async with Library.open(tmp_path / "library", create=True) as library:
        job = FileCopyJob(sources=(tmp_path / "large",), destination=small)
        planned, _ = await plan(library, job, tmp_path / "large", small)
        assert (planned.fits, planned.needed) == (False, 3 << 20)
        assert planned.free is not None
        assert planned.free <= 1 << 20


async def test_what_would_be_refused_is_refused(tmp_path: Path) -> None:
    source, out = two_trees(tmp_path)
    before = state_of(source, out)
    async with Library.open(tmp_path / "library", create=True) as library:
        for job, words in (
            (FileCopyJob(sources=(source,), destination=source / "sub"), "inside the source"),
            (FileCopyJob(sources=(tmp_path / "none",), destination=out), "no such file"),
            (FileCopyJob(sources=(), destination=out, located=(SdPath.in_location(4),)), "no such location"),
            (FileMoveJob(sources=(library.path,), destination=out), "job library"),
            (DeleteJob(paths=(library.path,)), "job library"),
            (UploadJob(sources=(), to="s3://bucket"), "no source"),
            (UploadJob(sources=(source,), to="nowhere"), "must begin with"),
            (BackupJob(locations=(), destination=str(out)), "backup of nothing"),
            (BackupJob(locations=(source,), destination=str(tmp_path / "none")), "connect its disk"),
        ):
            handle = await library.jobs.dispatch(job.plan())
            with pytest.raises(JobFailed, match=words):
                await handle.wait(timeout=30)
        await only_plans(library)
    assert state_of(source, out) == before


async def test_a_deletion(tmp_path: Path) -> None:
    source, _ = two_trees(tmp_path)
    async with Library.open(tmp_path / "library", create=True) as library:
        trash, items = await plan(library, DeleteJob(paths=(source, tmp_path / "none")), source)
        assert (trash.renamed, trash.removed, trash.refused) == (1, 0, 1)
        assert items["none"] == ("error", "there is no such file or folder")
        job = DeleteJob(paths=(source,), permanent=True)
        good, _ = await plan(library, job, source)
        done = await (await library.jobs.dispatch(job)).wait(timeout=30)
        assert (good.removed, good.bytes) == (done.deleted_count, done.bytes_freed)
        assert not source.exists()


@pytest.mark.parametrize("kind", ["store", "folder"])
async def test_an_upload(tmp_path: Path, s3: S3, kind: str) -> None:
    source, _ = two_trees(tmp_path)
    to = "s3://bucket/up" if kind == "store" else (tmp_path / "depot").as_uri()
    async with Library.open(tmp_path / "library", create=True) as library:
        first, _ = await plan(library, UploadJob(sources=(source,), to=to), source)
        assert (first.created, first.skipped, first.replaced) == (5, 2, 0)
        assert (first.fits, first.free is not None) == ((None, False) if kind == "store" else (True, True))
        assert keys(s3) == []
        assert not (tmp_path / "depot").exists()
        done = await (await library.jobs.dispatch(UploadJob(sources=(source,), to=to))).wait(timeout=30)
        assert (done.transferred_count, done.total_bytes) == (first.created, first.needed)
        (source / "new").write_bytes(b"other")
        expectations: tuple[tuple[Any, tuple[int, int, int]], ...] = (("skip", (4, 3, 0)), ("overwrite", (4, 2, 1)))
        for policy, expected in expectations:
            again = UploadJob(sources=(source,), to=to, on_conflict=policy)
            planned, items = await plan(library, again, source)
            assert (planned.unchanged, planned.skipped, planned.replaced) == expected
            assert items["new"][0] == ("skipped" if policy == "skip" else "warning")


async def test_a_backup(tmp_path: Path) -> None:
    source, _ = two_trees(tmp_path)
    depot = tmp_path / "depot"
    depot.mkdir()
    job = BackupJob(locations=(source,), destination=SdPath.local(depot), thumbnails=False, library=False)
    async with Library.open(tmp_path / "library", create=True) as library:
        first, items = await plan(library, job, source, depot)
        await only_plans(library)
        assert (first.created, first.unchanged, first.warnings) == (5, 1, 1)
        assert items["fifo"][0] == "warning"
        done = await (await library.jobs.dispatch(job)).wait(timeout=30)
        assert (done.sent, done.size) == (first.created, first.needed)
        (source / "new").write_bytes(b"another content")
        again, _ = await plan(library, job, source, depot)
        assert (again.created, again.unchanged, again.needed) == (1, 5, 15)
        assert again.fits
        assert list((library.path / "backup").iterdir()) == []


async def test_a_hostile_tree_is_looked_at_and_left_alone(tmp_path: Path, disk_path: Path) -> None:
    hostile = hostile_trees.build(disk_path / "tree", big=1 << 20, owners=False)
    shutil.copytree(hostile.root / "names", disk_path / "out" / "tree" / "names")
    async with Library.open(tmp_path / "library", create=True) as library:
        job = FileCopyJob(sources=(hostile.root,), destination=disk_path / "out")
        handle = await library.jobs.dispatch(job.plan())
        planned = await handle.wait(timeout=60)
        done = await (await library.jobs.dispatch(job)).wait(timeout=60)
        assert (planned.created, planned.skipped) == (done.copied_count, done.skipped_count)
        assert (planned.refused, planned.warnings) == (done.failed_count, done.warning_count)
