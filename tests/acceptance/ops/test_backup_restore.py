"""What comes back from a backup is what was there: byte for byte, with times, modes, links and hostile names."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import JobError, JobFailed, Library
from spacedrive_ops import (
    BackupJob,
    BackupOutput,
    BackupVerifyJob,
    BackupVerifyOutput,
    RestoreJob,
    RestoreOutput,
    SdPath,
)
from spacedrive_ops.object_store.digest import digest_of
from tests import hostile_trees
from tests.acceptance.ops.s3_server import S3, emptied, serving, unfinished

Errors = list[tuple[str, str]]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    yield from serving()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    yield from emptied(endpoint, monkeypatch)


async def run(library: Library, job: Any) -> tuple[Any, Errors]:
    handle = await library.jobs.dispatch(job)
    out = await handle.wait(timeout=120)
    items = (await library.jobs.items(handle.id, limit=10_000)).rows
    return out, sorted((os.path.basename(item.item), item.reason) for item in items if item.outcome == "error")


async def back_up(opened: Library, *roots: Path, to: str | SdPath, **options: Any) -> BackupOutput:
    out, _ = await run(opened, BackupJob(locations=roots, destination=to, thumbnails=False, **options))
    assert isinstance(out, BackupOutput)
    return out


async def restore(opened: Library, source: str, to: Path, **options: Any) -> tuple[RestoreOutput, Errors]:
    out, errors = await run(opened, RestoreJob(source=source, destination=to, **options))
    assert isinstance(out, RestoreOutput)
    return out, errors


async def verify(library: Library, source: str) -> tuple[BackupVerifyOutput, Errors]:
    out, errors = await run(library, BackupVerifyJob(source=source))
    assert isinstance(out, BackupVerifyOutput)
    return out, errors


def plain_tree(root: Path) -> Path:
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"first")
    (root / "sub" / "b.txt").write_bytes(b"b" * 100_000)
    (root / "same.txt").write_bytes(b"first")
    return root


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def objects(depot: Path) -> list[Path]:
    return sorted(path for path in (depot / "objects").rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", ["folder", "store"])
async def test_a_hostile_tree_comes_back_as_it_was(tmp_path: Path, s3: S3, kind: str, disk_path: Path) -> None:
    hostile = hostile_trees.build(disk_path / "tree", owners=os.geteuid() == 0)
    to = "s3://bucket/back up" if kind == "store" else str(disk_path / "depot")
    (disk_path / "depot").mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        out = await back_up(library, hostile.root, to=to)
        refused = hostile.unreadable if os.geteuid() else frozenset()
        assert out.failed == (1 if refused else 0)
        restored, errors = await restore(library, to, disk_path / "out")
        assert errors == []
        assert restored.restored_count > 80
        seen = hostile_trees.compare(
            hostile.root, disk_path / "out" / "tree", leave_out=hostile.specials | refused, owners=os.geteuid() == 0
        )
        assert seen.problems == []
        assert seen.entries > 150
        again, _ = await restore(library, to, disk_path / "out")
        assert (again.restored_count, again.unchanged_count) == (0, restored.restored_count)
        checked, errors = await verify(library, to)
        assert (checked.damaged, checked.problems, errors) == (0, 0, [])
    if kind == "store":
        assert unfinished(s3) == []
    else:
        assert not list((disk_path / "depot").rglob("*.part"))


async def test_each_backup_stays_as_it_was(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    shutil.copytree(tree, tmp_path / "as it was")
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await back_up(library, tree, to=str(depot), library=False)
        assert first.files == 3
        assert len(objects(depot)) == 2, "the same bytes are kept once"
        (tree / "a.txt").write_bytes(b"second")
        (tree / "sub" / "b.txt").unlink()
        second = await back_up(library, tree, to=SdPath.local(depot), library=False)
        assert (second.files, second.sent) == (2, 1)
        await restore(library, str(depot), tmp_path / "newest")
        await restore(library, str(depot), tmp_path / "first", snapshot=first.snapshot)
    assert (tmp_path / "newest" / "tree" / "a.txt").read_bytes() == b"second"
    assert not (tmp_path / "newest" / "tree" / "sub" / "b.txt").exists()
    assert contents(tmp_path / "first" / "tree") == contents(tmp_path / "as it was")


async def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spacedrive_ops.backup import sending

    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    read: list[str] = []
    sent = sending.Sending._sent

    def watched(self: sending.Sending, fd: int, entry: Any) -> sending.Done:
        read.append(entry.path)
        return sent(self, fd, entry)

    monkeypatch.setattr(sending.Sending, "_sent", watched)
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, tree, to=str(depot), library=False)
        assert len(read) == 3
        read.clear()
        (tree / "new.txt").write_bytes(b"new")
        os.utime(tree / "a.txt", ns=(1, 1))
        await back_up(library, tree, to=str(depot), library=False)
        assert sorted(read) == ["a.txt", "new.txt"]
        read.clear()
        objects(depot)[0].unlink()  # what is missing is sent again, whatever the list before says
        await back_up(library, tree, to=str(depot), library=False)
        assert len(read) in (1, 2)
        assert (await verify(library, str(depot)))[0].problems == 0


async def test_nothing_is_overwritten_unless_it_is_said(tmp_path: Path) -> None:
    tree, depot, out = plain_tree(tmp_path / "tree"), tmp_path / "depot", tmp_path / "out"
    depot.mkdir()
    (tree / "link").symlink_to("a.txt")
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, tree, to=str(depot), library=False)
        (out / "tree").mkdir(parents=True)
        (out / "tree" / "a.txt").write_bytes(b"mine")
        (out / "tree" / "link").write_bytes(b"mine too")
        skipped, _ = await restore(library, str(depot), out)
        assert (skipped.skipped_count, skipped.restored_count) == (2, 2)
        assert (out / "tree" / "a.txt").read_bytes() == b"mine"
        both, _ = await restore(library, str(depot), out, on_conflict="rename")
        assert (both.restored_count, both.unchanged_count) == (2, 2)
        assert (out / "tree" / "a (2).txt").read_bytes() == b"first"
        assert (out / "tree" / "link (2)").readlink() == Path("a.txt")
        over, _ = await restore(library, str(depot), out, on_conflict="overwrite")
        assert (over.restored_count, over.failed_count) == (2, 0)
        assert (out / "tree" / "a.txt").read_bytes() == b"first"
        assert (out / "tree" / "link").readlink() == Path("a.txt")


async def test_no_link_in_the_destination_is_followed(tmp_path: Path) -> None:
    tree, depot, out = plain_tree(tmp_path / "tree"), tmp_path / "depot", tmp_path / "out"
    depot.mkdir()
    (tmp_path / "outside").mkdir()
    (out / "tree").mkdir(parents=True)
    (out / "tree" / "sub").symlink_to(tmp_path / "outside")
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, tree, to=str(depot), library=False)
        result, errors = await restore(library, str(depot), out)
        assert result.failed_count == len(errors) == 2
        assert list((tmp_path / "outside").iterdir()) == []


async def test_damage_is_found_named_and_never_restored(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    (tree / "gone.txt").write_bytes(b"will be missing")
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, tree, to=str(depot), library=False)
        rotten = next(path for path in objects(depot) if path.stat().st_size == 100_000)
        rotten.write_bytes(b"b" * 50_000 + b"B" + b"b" * 49_999)
        next(path for path in objects(depot) if path.read_bytes() == b"will be missing").unlink()
        found, errors = await verify(library, str(depot))
        assert (found.damaged, found.problems, found.objects) == (1, 2, 2)
        assert errors == sorted(
            [
                (rotten.name, "holds other bytes than were backed up"),
                ("b.txt", "holds other bytes than were backed up"),
                ("gone.txt", "is missing in the backup"),
            ]
        )
        result, errors = await restore(library, str(depot), tmp_path / "out")
        assert (result.failed_count, [name for name, _ in errors]) == (2, ["b.txt", "gone.txt"])
        assert sorted(path.name for path in (tmp_path / "out" / "tree").iterdir()) == ["a.txt", "same.txt", "sub"]
        assert list((tmp_path / "out" / "tree" / "sub").iterdir()) == []


async def test_what_failed_is_restored_alone_when_it_is_done_again(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, tree, to=str(depot), library=False)
        away = next(path for path in objects(depot) if path.stat().st_size == 100_000)
        away.rename(tmp_path / "away")
        handle = await library.jobs.dispatch(RestoreJob(source=str(depot), destination=tmp_path / "out"))
        assert (await handle.wait(timeout=30)).failed_count == 1
        (tmp_path / "away").rename(away)
        (tmp_path / "out" / "tree" / "a.txt").unlink()
        again = await (await handle.retry()).wait(timeout=30)
        assert (again.restored_count, again.failed_count) == (1, 0)
        assert not (tmp_path / "out" / "tree" / "a.txt").exists(), "it had not failed"


@pytest.mark.parametrize("part", ["snapshots", "lists"])
async def test_a_damaged_snapshot_or_list_is_said_and_the_others_stay(tmp_path: Path, part: str) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await back_up(library, tree, to=str(depot), library=False)
        (tree / "a.txt").write_bytes(b"second")
        known = set((depot / part).iterdir())
        second = await back_up(library, tree, to=str(depot), library=False)
        (new,) = set((depot / part).iterdir()) - known
        data = bytearray(new.read_bytes())
        data[len(data) // 2] ^= 1
        new.write_bytes(data)
        found, errors = await verify(library, str(depot))
        assert found.problems == len(errors) == 1
        handle = await library.jobs.dispatch(RestoreJob(source=str(depot), destination=tmp_path / "out"))
        with pytest.raises(JobFailed, match="damaged") as failed:
            await handle.wait(timeout=30)
        assert second.snapshot in str(failed.value)
        fine, _ = await restore(library, str(depot), tmp_path / "first", snapshot=first.snapshot)
        assert fine.restored_count == 3
        third = await back_up(library, tree, to=str(depot), library=False)
        assert third.failed == 0
        assert (await restore(library, str(depot), tmp_path / "third"))[0].restored_count == 3


async def test_the_library_comes_back_and_its_queue_is_paused(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        out = await back_up(library, tree, to=str(depot))
        assert (out.failed, out.files) == (0, 3)
        restored, errors = await restore(library, str(depot), tmp_path / "out", library=True)
        assert (restored.restored_count, errors) == (5, [])
        assert not list((library.path / "backup").iterdir())
    async with Library.open(tmp_path / "out" / "library", runs="none") as copy:
        assert list(await copy.jobs.paused_queues()) == [None]
        assert await copy.db.query("SELECT count(*) FROM ix_entry WHERE name = CAST('a.txt' AS BLOB)") == [(1,)]
        assert len((await copy.jobs.list(kind="indexer")).rows) == 1


async def test_what_is_asked_for_and_not_there_is_refused_in_words(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        for job, words in (
            (RestoreJob(source=str(depot), destination=tmp_path / "out"), "there is none"),
            (BackupVerifyJob(source=str(depot)), "there is none"),
            (RestoreJob(source=str(depot), destination=tmp_path / "out", snapshot="x"), "there is none"),
            (RestoreJob(source=str(depot), destination=library.path / "in"), "job library's own folder"),
            (BackupJob(locations=(tmp_path,), destination=str(depot)), "lies in the folder"),
        ):
            handle = await library.jobs.dispatch(job)
            try:
                await handle.wait(timeout=30)
                said = [item.reason for item in (await library.jobs.items(handle.id)).rows]
            except (JobFailed, JobError) as error:
                said = [str(error)]
            assert words in said[0], job
        await back_up(library, tree, to=str(depot), library=False)
        for options, words in (
            ({"snapshot": "x"}, "no snapshot 'x': the newest are 2"),
            ({"locations": ("music",)}, "it has tree"),
            ({"library": True}, "no library in it"),
        ):
            with pytest.raises(JobFailed, match=words):
                await restore(library, str(depot), tmp_path / "out", **options)


async def test_the_format_is_what_the_page_says(tmp_path: Path) -> None:
    """docs/backup.md: a backup can be read with nothing of ours."""
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    (tree / os.fsdecode(b"caf\xe9 100%")).write_bytes(b"odd")
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        out = await back_up(library, tree, to=str(depot), library=False)
    sealed = json.loads((depot / "snapshots" / f"{out.snapshot}.json").read_text())
    (location,) = sealed["snapshot"]["locations"]
    lines = gzip.decompress((depot / "lists" / f"{location['list']}.jsonl.gz").read_bytes()).splitlines()
    entries = {entry["path"]: entry for entry in map(json.loads, lines)}
    assert set(entries) == {"", "a.txt", "same.txt", "sub", "sub/b.txt", "caf%E9 100%25"}
    for path, entry in entries.items():
        if entry["kind"] == "file":
            held = (depot / "objects" / entry["digest"][:2] / entry["digest"]).read_bytes()
            name = path.replace("%E9", "\udce9").replace("%25", "%")
            assert held == (tree / name).read_bytes()


def forged(depot: Path, snapshot: str, *entries: dict[str, object]) -> None:
    """Another list for the only location of a snapshot, whole by all its sums."""
    path = depot / "snapshots" / f"{snapshot}.json"
    found = json.loads(path.read_text())["snapshot"]
    usual = {"mode": 0o644, "uid": 0, "gid": 0, "mtime_ns": 1, "atime_ns": 1}
    lines = gzip.compress(b"".join(json.dumps({**usual, **entry}).encode() + b"\n" for entry in entries))
    digest = digest_of(lines)
    (depot / "lists" / f"{digest}.jsonl.gz").write_bytes(lines)
    found["locations"][0]["list"] = digest
    text = json.dumps(found, separators=(",", ":"))
    path.write_text(f'{{"blake3":"{digest_of(text.encode())}","snapshot":{text}}}')


async def test_a_backup_that_somebody_forged_leads_nowhere_else(tmp_path: Path) -> None:
    tree, depot, out = plain_tree(tmp_path / "tree"), tmp_path / "depot", tmp_path / "out"
    depot.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await back_up(library, tree, to=str(depot), library=False)
        good = digest_of(b"first")
        forged(
            depot,
            first.snapshot,
            {"path": "../outside", "kind": "file", "size": 5, "digest": good},
            {"path": "%2E%2E/outside", "kind": "file", "size": 5, "digest": good},
            {"path": "a%2Foutside", "kind": "file", "size": 5, "digest": good},
            {"path": "stolen", "kind": "file", "size": 6, "digest": "../../secret"},
            {"path": "away", "kind": "link", "target": str(tmp_path)},
            {"path": "away/outside", "kind": "file", "size": 5, "digest": good},
            {"path": "fine", "kind": "file", "size": 5, "digest": good},
            {"path": "", "kind": "folder"},
        )
        result, errors = await restore(library, str(depot), out)
        assert (result.restored_count, result.failed_count + result.skipped_count) == (2, 5)
        assert len(errors) == result.failed_count >= 4
        assert sorted(path.name for path in (out / "tree").iterdir()) == ["away", "fine"]
        # Whichever of "away" came first, the other one failed, and nothing is outside.
        assert all(path.is_relative_to(out / "tree") for path in tmp_path.rglob("outside"))
        assert (await verify(library, str(depot)))[0].problems == 1


async def test_what_is_no_file_in_a_backup_is_not_waited_for(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, tree, to=str(depot), library=False)
        held = next(path for path in objects(depot) if path.stat().st_size == 100_000)
        held.unlink()
        os.mkfifo(held)
        result, errors = await restore(library, str(depot), tmp_path / "out")
        assert (result.failed_count, errors[0][0]) == (1, "b.txt")
        checked, _ = await verify(library, str(depot))
        assert (checked.damaged, checked.problems) == (1, 1)


async def test_a_list_that_does_not_end_is_damaged(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await back_up(library, tree, to=str(depot), library=False)
        forged(depot, first.snapshot, {"path": "x" * (64 << 20), "kind": "link"})
        with pytest.raises(JobFailed, match="does not end"):
            await restore(library, str(depot), tmp_path / "out")


async def test_a_damaged_list_of_the_backup_before_only_costs_reading(tmp_path: Path) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    job = BackupJob(locations=(tree,), destination=str(depot), thumbnails=False, library=False)
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await back_up(library, tree, to=str(depot), library=False)
        forged(depot, first.snapshot, {"path": "a.txt", "kind": "file"}, {"path": 5, "kind": "file"})
        planned, _ = await run(library, job.plan())
        assert planned.created == 3
        second = await back_up(library, tree, to=str(depot), library=False)
        assert (second.files, second.failed) == (3, 0)
        assert (await restore(library, str(depot), tmp_path / "out"))[0].restored_count == 3


@pytest.mark.parametrize("wrong", [{"uid": 1 << 40}, {"gid": -7}, {"mode": 1 << 30}, {"size": -1}])
async def test_a_number_that_no_entry_has_is_damage_and_said_by_the_check_too(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    tree, depot = plain_tree(tmp_path / "tree"), tmp_path / "depot"
    depot.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await back_up(library, tree, to=str(depot), library=False)
        forged(depot, first.snapshot, {"path": "a", "kind": "folder", **wrong})
        with pytest.raises(JobFailed, match="a line of its list is damaged"):
            await restore(library, str(depot), tmp_path / "out")
        assert (await verify(library, str(depot)))[0].problems == 1


async def test_of_several_locations_a_damaged_one_is_an_item_and_the_others_come_back(tmp_path: Path) -> None:
    one, other, depot = plain_tree(tmp_path / "one"), plain_tree(tmp_path / "other"), tmp_path / "depot"
    depot.mkdir()
    (other / "only here").write_bytes(b"so that the lists differ")
    async with Library.open(tmp_path / "library", create=True) as library:
        await back_up(library, one, to=str(depot), library=False)
        (damaged,) = (depot / "lists").iterdir()
        await back_up(library, one, other, to=str(depot), library=False)
        damaged.write_bytes(damaged.read_bytes()[:-20])
        result, errors = await restore(library, str(depot), tmp_path / "out")
        assert (result.restored_count, result.failed_count) == (4, 1)
        assert [(name, "damaged" in reason) for name, reason in errors] == [("one", True)]
        assert (tmp_path / "out" / "other" / "only here").is_file()
