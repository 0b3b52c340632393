"""The index is what is on the disk: at first, again, after changes, and after a kill."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import JobError, JobFailed, Library, LibraryDb, failpoint
from spacedrive_ops import IndexerJob, IndexOutput, LibraryIndex
from spacedrive_ops.indexer import job as indexer_job
from spacedrive_ops.indexer.turns import Turns
from spacedrive_ops.indexer.walker import LESS_URGENT
from spacedrive_ops.library_index import entries, schema
from tests import hostile_trees
from tests.abilities import without_dac_prefix
from tests.acceptance.ops.disk_and_index import in_index, on_disk, rows_of, totals_of
from tests.silent_disk import silent_disk
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    dice = random.Random(1)
    for folder in range(12):
        inside = root / f"folder {folder % 4}" / f"part {folder}"
        inside.mkdir(parents=True)
        for number in range(8):
            (inside / f"file {number}.txt").write_bytes(dice.randbytes(100 + 10 * number + folder))
    return root


async def index(library: Library, root: Path, **options: Any) -> IndexOutput:
    handle = await library.jobs.dispatch(IndexerJob(root=root, **options))
    return await handle.wait(timeout=60)


async def ids_by_name(library: Library) -> dict[Any, Any]:
    rows: list[Any] = await library.db.query("SELECT name, id FROM ix_entry")
    return dict(rows)


async def test_a_first_run_finds_all_and_a_second_writes_nothing(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await index(library, tree)
        assert (first.files, first.folders, first.new) == (96, 16, 112)
        assert await in_index(library, tree) == on_disk(tree)
        before = await rows_of(library)
        again = await index(library, tree)
        assert (again.new, again.modified, again.moved, again.deleted) == (0, 0, 0, 0)
        assert (again.files, again.size) == (first.files, first.size)
        assert await rows_of(library) == before


async def test_a_folder_that_is_as_it_was_is_not_compared_and_one_that_is_not_is(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    read = entries.read_children

    async def counted(db: LibraryDb, folders: Sequence[int]) -> Any:
        compared.extend(folders)
        return await read(db, folders)

    monkeypatch.setattr(entries, "read_children", counted)
    inside = tree / "folder 2" / "part 6"
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree)
        await index(library, tree)
        assert compared == []
        status = (inside / "file 3.txt").stat()
        (inside / "file 3.txt").write_bytes(b"x" * status.st_size)  # in place: the folder's own time stays
        os.utime(inside / "file 3.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
        out = await index(library, tree)
        assert [out.modified, len(compared)] == [1, 1]
        out = await index(library, tree, exclude=("file 1.*",))
        assert (out.deleted, len(compared)) == (12, 13), "the rules are part of what a folder is"
        assert (await index(library, tree, exclude=("file 1.*",))).deleted == 0
        assert len(compared) == 13
        assert (await index(library, tree)).new == 12
        assert await in_index(library, tree) == on_disk(tree)


async def test_a_quick_check_looks_only_into_folders_whose_own_time_has_changed(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        assert (await index(library, tree, quick=True)).new == 112, "the first run is whole"
        out = await index(library, tree, quick=True)
        assert (out.files, out.folders) == (0, 0)
        (tree / "folder 0" / "part 0" / "file 1.txt").rename(tree / "folder 1" / "moved.txt")
        (tree / "folder 2" / "new" / "deep").mkdir(parents=True)
        (tree / "folder 2" / "new" / "deep" / "file").write_text("1")
        shutil.rmtree(tree / "folder 3" / "part 3")
        out = await index(library, tree, quick=True)
        assert (out.new, out.moved, out.deleted) == (3, 1, 9)
        assert await in_index(library, tree) == on_disk(tree)
        before = await rows_of(library)
        assert (await index(library, tree, quick=True)).folders == 0
        assert await rows_of(library) == before
        with (tree / "folder 0" / "part 4" / "file 2.txt").open("r+b") as file:
            file.write(b"edited in place")
        assert (await index(library, tree, quick=True)).modified == 0
        assert (await index(library, tree)).modified == 1
        (tree / "folder 1" / "part 1" / "more").write_text("1")
        (tree / "folder 2" / "more").write_text("1")
        assert (await index(library, tree / "folder 1", quick=True)).new == 1
        assert (await index(library, tree, quick=True)).new == 1
        assert await in_index(library, tree) == on_disk(tree)


async def test_an_index_of_the_version_before_is_used_and_brought_up_to_date(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        monkeypatch.setattr(schema, "SCHEMA", 1)
        await schema.ensure_index(library.db)
        assert await library.db.query("SELECT version FROM ix_version") == [(1,)]
        monkeypatch.undo()
        await index(library, tree)
        assert await in_index(library, tree) == on_disk(tree)
        assert await library.db.query("SELECT version FROM ix_version") == [(schema.SCHEMA,)]


async def test_each_change_is_recognised_as_what_it_is(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree, mode="content")
        ids = {name: id_ for id_, name in await library.db.query("SELECT id, name FROM ix_entry")}
        (tree / "folder 0" / "part 0" / "file 0.txt").write_text("edited")
        (tree / "folder 0" / "part 4").rename(tree / "folder 1" / "moved part")
        (tree / "folder 1" / "moved part" / "put in").write_text("after the move")
        moved = tree / "folder 2" / "part 2" / "file 3.txt"
        moved.rename(tree / "renamed.txt")
        shutil.rmtree(tree / "folder 3" / "part 3")
        (tree / "folder 3" / "part 7" / "file 1.txt").unlink()
        (tree / "new").mkdir()
        (tree / "new" / "one").write_text("1")
        out = await index(library, tree)
        assert (out.new, out.modified, out.moved, out.deleted) == (3, 1, 2, 10)
        assert await in_index(library, tree) == on_disk(tree)
        now: dict[Any, Any] = {
            name: (id_, content)
            for id_, name, content in await library.db.query("SELECT id, name, content_id FROM ix_entry")
        }
        assert now[b"moved part"][0] == ids[b"part 4"]
        before = await rows_of(library)
        assert (await index(library, tree)).new == 0
        assert await rows_of(library) == before
        assert now[b"renamed.txt"][1] is not None, "what it holds is known still"
        assert await library.db.query("SELECT count(*) FROM ix_entry WHERE kind = 1 AND content_id IS NULL") == [(3,)]
        assert await library.db.query("SELECT rowid FROM ix_name WHERE ix_name MATCH 'moved'") == [(ids[b"part 4"],)]
        assert await library.db.query("SELECT count(*) FROM ix_arrival") == [(0,)]


async def test_totals_are_true_and_a_file_with_two_names_counts_once(tmp_path: Path, tree: Path) -> None:
    os.link(tree / "folder 0" / "part 0" / "file 0.txt", tree / "folder 1" / "twin")
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree)
        known = await totals_of(library)
        for folder in (b"", b"folder 0", b"folder 0/part 0", b"folder 3"):
            below = list((tree / os.fsdecode(folder)).rglob("*"))
            files = [path.stat() for path in below if path.is_file()]
            size = sum({status.st_ino: status.st_size for status in files}.values())
            assert known[folder] == (size, len(files), len(below) - len(files)), folder
        (tree / "folder 0" / "part 0" / "more").write_bytes(b"x" * 1000)
        await index(library, tree)
        assert (await totals_of(library))[b""][0] == known[b""][0] + 1000


async def test_a_folder_without_its_disk_is_offline_and_loses_nothing(tmp_path: Path, tree: Path) -> None:
    """Case I4."""
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree)
        before = await in_index(library, tree)
        tree.rename(tmp_path / "away")
        tree.mkdir()  # the empty mount point
        handle = await library.jobs.dispatch(IndexerJob(root=tree))
        out = await handle.wait(timeout=10)
        assert out.offline
        (told,) = (await library.jobs.items(handle.id, outcomes=["error"])).rows
        assert "is offline" in told.reason
        assert await in_index(library, tree) == before
        assert await library.db.query("SELECT state FROM ix_location") == [("offline",)]
        tree.rmdir()
        assert (await index(library, tree)).offline
        (tmp_path / "away").rename(tree)
        back = await index(library, tree)
        assert (back.offline, back.new, back.deleted) == (False, 0, 0)
        assert await library.db.query("SELECT state FROM ix_location") == [("online",)]
        tree.rename(tmp_path / "away")
        tree.mkdir()
        emptied = await index(library, tree, replaced=True)
        assert (emptied.offline, emptied.deleted) == (False, 112)


async def test_names_that_files_take_from_each_other_are_told_as_moves(tmp_path: Path) -> None:
    """A swap, a rename over another file, a rotation; a file that is saved anew beside itself is still that file."""
    root = tmp_path / "tree"
    root.mkdir()
    names = ["one", "two", "over", "under", "log 1", "log 2", "log 3", "saved", "left"]
    for number, name in enumerate(names):
        (root / name).write_bytes(b"x" * (number + 1))
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, root, mode="content")
        sizes: list[Any] = await library.db.query("SELECT size, id FROM ix_entry WHERE kind = 1")
        known = dict(sizes)
        os.rename(root / "one", root / "aside")
        os.rename(root / "two", root / "one")
        os.rename(root / "aside", root / "two")
        os.rename(root / "over", root / "under")
        for name, onto in (("log 2", "log 3"), ("log 1", "log 2")):
            os.rename(root / name, root / onto)
        (root / "saving").write_bytes(b"anew and longer")
        os.rename(root / "saving", root / "saved")
        out = await index(library, root)
        assert (out.new, out.modified, out.moved, out.deleted) == (0, 1, 5, 2)
        rows: list[Any] = await library.db.query("SELECT CAST(name AS TEXT), id FROM ix_entry WHERE kind = 1")
        assert dict(rows) == {
            "one": known[2], "two": known[1], "under": known[3], "log 2": known[5], "log 3": known[6],
            "saved": known[8], "left": known[9],
        }  # fmt: skip
        unread = await library.db.query("SELECT CAST(name AS TEXT) FROM ix_entry WHERE kind = 1 AND content_id IS NULL")
        assert unread == [("saved",)]
        assert await in_index(library, root) == on_disk(root)
        assert (await index(library, root, mode="content")).hashed == 1
        assert {entry.name for entry in await LibraryIndex(library.db).search("log")} == {"log 2", "log 3"}
        before = await rows_of(library)
        await index(library, root)
        assert await rows_of(library) == before


async def test_a_folder_that_never_was_is_refused(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        with pytest.raises(JobError, match="no such folder"):
            await index(library, tmp_path / "nothing")


async def test_a_hostile_tree_is_indexed_whole(tmp_path: Path) -> None:
    """Case I3. Names that are no text, links in a circle, FIFOs and sockets, paths beyond what the kernel takes."""
    root = tmp_path / "tree"
    hostile_trees.build(root, files=20, big=1 << 20, owners=False)
    (root / "to the root").symlink_to(root)
    async with Library.open(tmp_path / "library", create=True) as library:
        out = await index(library, root, mode="content")
        assert await in_index(library, root) == on_disk(root)
        assert await library.db.query("SELECT count(*) FROM ix_entry WHERE kind = 1 AND content_id IS NULL") == [
            (out.errors,)
        ]
        before = await rows_of(library)
        await index(library, root)
        assert await rows_of(library) == before


async def test_five_thousand_folders_deep(tmp_path: Path) -> None:
    """Case I1."""
    root = tmp_path / "tree"
    root.mkdir()
    fd = os.open(root, os.O_RDONLY)
    for _ in range(5_000):
        os.mkdir("deep", dir_fd=fd)
        inner = os.open("deep", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    try:
        async with Library.open(tmp_path / "library", create=True) as library:
            out = await index(library, root, mode="content")
            assert (out.files, out.folders, out.errors, out.hashed) == (1, 5_000, 0, 1)
            assert await library.db.query("SELECT total_bytes, files, folders FROM ix_folder WHERE path = x''") == [
                (0, 1, 5_000)
            ]
            assert (await index(library, root)).new == 0
    finally:
        subprocess.run(["rm", "-rf", root], check=True)


async def test_rules_leave_out_what_they_name_and_it_is_not_in_the_total(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    for name in ("src/a.py", "src/.hidden", "src/node_modules/x.js", "out/keep.log", "out/drop.log", "out/in/drop.log"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / ".gitignore").write_text("*.log\n!keep.log\n/src/b*\n")
    (root / "out" / "in" / ".gitignore").write_text("!drop.log\n")
    async with Library.open(tmp_path / "library", create=True) as library:
        out = await index(library, root, hidden=True, development=True, gitignore=True, exclude=("src/a.*",))
        names = {path for path, *_ in await in_index(library, root)}
        assert names == {b"src", b"out", b"out/keep.log", b"out/in", b"out/in/drop.log"}
        assert (out.files, out.folders) == (2, 3)
        everything = await index(library, root)
        assert everything.new == 7
        assert (await index(library, root, hidden=True, development=True)).deleted == 5


async def test_a_folder_inside_a_location_is_a_part_of_it(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree / "folder 1")
        await index(library, tree)
        assert await library.db.query("SELECT count(*) FROM ix_location") == [(1,)]
        (tree / "folder 1" / "fresh").write_text("1")
        (tree / "folder 2" / "fresh").write_text("1")
        out = await index(library, tree / "folder 1", scope="current")
        assert (out.new, out.files) == (1, 1)
        assert (await index(library, tree / "folder 2" / "part 2")).new == 0
        assert (await index(library, tree)).new == 1
        assert await in_index(library, tree) == on_disk(tree)


async def test_a_request_inside_one_that_waits_attaches_to_it(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        whole = await library.jobs.dispatch(IndexerJob(root=tree))
        for _ in range(50):
            assert (await library.jobs.dispatch(IndexerJob(root=tree / "folder 1"))).id == whole.id
        assert (await library.jobs.dispatch(IndexerJob(root=tree, mode="content"))).id != whole.id


async def test_the_librarys_own_folder_is_not_indexed(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tree / "library", create=True) as library:
        await index(library, tree)
        assert await in_index(library, tree) == on_disk(tree, frozenset({b"library"}))
        for own in (tree / "library", tree / "library" / "logs"):
            with pytest.raises(JobError, match="the library's own folder, or inside it"):
                await index(library, own)


@pytest.mark.timeout(90)
async def test_killed_again_and_again_it_ends_with_the_truth(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    standard_library = Path(os.__file__).parent
    left_out = shutil.ignore_patterns("*.so*", "*.a", "__pycache__", "site-packages", "config-*")
    shutil.copytree(standard_library, root, symlinks=True, ignore=left_out)
    library_path = tmp_path / "library"
    async with Library.open(library_path, create=True, runs="none") as library:
        handle = await library.jobs.dispatch(IndexerJob(root=root, mode="content"))
    program = (
        "import asyncio,sys\nfrom spacedrive_jobs import Library\n"
        "async def main():\n async with Library.open(sys.argv[1]) as library:\n"
        "  print('open', flush=True)\n  await asyncio.sleep(60)\nasyncio.run(main())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    dice = random.Random(7)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", program, library_path], env=environment, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        await asyncio.sleep(dice.uniform(0.3, 1.0))  # waits: for a random moment to kill at
        process.kill()
        process.wait()
        process.stdout.close()
    async with Library.open(library_path) as library:
        out = await (await library.jobs.get(handle.id, IndexerJob)).wait(timeout=60)
        there = on_disk(root)
        assert await in_index(library, root) == there
        assert out.errors == 0
        assert out.folders == sum(kind == "folder" for _, kind, *_ in there), "nothing is counted twice"
        assert out.files == len(there) - out.folders
        assert await library.db.query("SELECT count(*) FROM ix_entry WHERE kind = 1 AND content_id IS NULL") == [(0,)]
        names = await library.db.query("SELECT count(*) FROM ix_name_docsize")
        assert names == await library.db.query("SELECT count(*) FROM ix_entry WHERE parent_id <> 0")
        before = await rows_of(library)
        await index(library, root)
        assert await rows_of(library) == before


@pytest.mark.needs("root", "fuse")
async def test_a_folder_that_does_not_answer_is_left_alone_and_the_rest_goes_on(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a dead network mount: the call that asks for it never returns."""
    monkeypatch.setattr(indexer_job, "Turns", partial(Turns, patience=0.3))
    quiet = tree / "folder 0" / "part 0"
    async with Library.open(tmp_path / "library", create=True) as library:
        with silent_disk(quiet):
            handle = await library.jobs.dispatch(IndexerJob(root=tree))
            out = await handle.wait(timeout=15)
        problems = (await library.jobs.items(handle.id, outcomes=["error"])).rows
        assert [(Path(row.item), row.reason[:14]) for row in problems] == [(quiet, "did not answer")]
        assert out.errors == 1
        below = {place[0] for place in on_disk(tree) if not place[0].startswith(b"folder 0/part 0/")}
        assert {place[0] for place in await in_index(library, tree)} == below
        healed = await index(library, tree)
        assert healed.new == 8
        assert await in_index(library, tree) == on_disk(tree)


async def test_what_cannot_be_read_any_more_is_an_item_and_stays_as_it_was(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree)
        before = await in_index(library, tree)
    closed, shut = tree / "folder 1", tree / "folder 2" / "part 2" / "file 0.txt"
    closed.chmod(0)
    shut.chmod(0)  # its name can be read still; what it holds cannot
    prefix = without_dac_prefix()
    for path in (closed, shut):
        assert subprocess.run([*prefix, "cat", path], capture_output=True, check=False).returncode != 0
    arguments = repr({"root": os.fsencode(tree), "mode": "content"})
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.acceptance.ops.run_job", tmp_path / "library", "IndexerJob", arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
        timeout=15,
    )
    assert done.returncode == 0, done.stderr
    assert f"error {closed} cannot be read: permission denied" in done.stdout
    assert f"error {shut} cannot be read: permission denied" in done.stdout
    assert "deleted=0" in done.stdout
    closed.chmod(0o755)
    async with Library.open(tmp_path / "library") as library:
        assert {place[0] for place in await in_index(library, tree)} == {place[0] for place in before}


async def test_a_part_that_was_indexed_does_not_make_the_whole_complete(tmp_path: Path, tree: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree, scope="current")
        assert not (await LibraryIndex(library.db).locations())[0].complete
        await index(library, tree / "folder 0")
        (location,) = await LibraryIndex(library.db).locations()
        assert not location.complete
        await index(library, tree)
        (location,) = await LibraryIndex(library.db).locations()
        assert location.complete
        await index(library, tree / "folder 1", scope="current")
        assert (await LibraryIndex(library.db).locations())[0].complete
        assert await in_index(library, tree) == on_disk(tree)


async def test_a_run_whose_location_became_a_part_of_another_begins_anew_there(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It believed that the index has nothing of what it will find."""
    monkeypatch.setattr(entries, "FOLDERS_AHEAD", 1)
    monkeypatch.setattr(indexer_job, "SLICE_ROWS", 1)
    async with Library.open(tmp_path / "library", create=True) as library:
        failpoint.arm("index.slice", failpoint.at_nth(failpoint.ACTIONS["raise"], 4))
        first = await library.jobs.dispatch(IndexerJob(root=tree / "folder 1"))
        with pytest.raises(JobFailed):
            await first.wait(timeout=10)
        failpoint.disarm_all()
        await index(library, tree)
        again = await first.retry()
        await again.wait(timeout=10)
        assert await in_index(library, tree) == on_disk(tree)
        assert await library.db.query("SELECT count(DISTINCT location_id) FROM ix_entry") == [(1,)]
        assert await library.db.query("SELECT count(*) FROM ix_entry") == [(113,)]


async def test_a_folder_that_moved_may_hold_files_that_were_edited_replaced_and_removed(
    tmp_path: Path, tree: Path
) -> None:
    moved = tree / "folder 3" / "moved"
    inner = tree / "folder 0" / "part 0" / "inner"
    inner.mkdir()
    (inner / "alone.txt").write_text("as it was")
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, tree, mode="content")
        ids = await ids_by_name(library)
        (tree / "folder 0" / "part 0").rename(moved)
        (moved / "file 0.txt").write_text("edited")
        (moved / "inner" / "alone.txt").unlink()
        (moved / "inner" / "alone.txt").write_text("put in its place, as editors do")
        (moved / "file 1.txt").unlink()
        (moved / "file 2.txt").unlink()
        (moved / "file 2.txt").mkdir()
        (moved / "new").write_text("1")
        out = await index(library, tree)
        assert (out.moved, out.modified, out.new, out.deleted) == (1, 2, 2, 2)
        assert await in_index(library, tree) == on_disk(tree)
        known = await ids_by_name(library)
        assert [known[name] for name in (b"moved", b"inner", b"alone.txt")] == [
            ids[name] for name in (b"part 0", b"inner", b"alone.txt")
        ]
        unread = "SELECT name FROM ix_entry WHERE kind = 1 AND content_id IS NULL ORDER BY name"
        assert await library.db.query(unread) == [(b"alone.txt",), (b"file 0.txt",), (b"new",)]
        before = await rows_of(library)
        await index(library, tree)
        assert await rows_of(library) == before


async def test_a_run_that_broke_off_does_not_say_that_all_is_indexed(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case I8."""
    monkeypatch.setattr(indexer_job, "SLICE_ROWS", 10)
    async with Library.open(tmp_path / "library", create=True) as library:
        failpoint.arm("index.slice", failpoint.at_nth(failpoint.ACTIONS["raise"], 3))
        try:
            handle = await library.jobs.dispatch(IndexerJob(root=tree))
            with pytest.raises(JobFailed):
                await handle.wait(timeout=10)
        finally:
            failpoint.disarm_all()
        (location,) = await LibraryIndex(library.db).locations()
        assert (location.complete, location.indexed_ms) == (False, None)
        assert 0 < len(await in_index(library, tree)) < 112
        again = await handle.retry()
        out = await again.wait(timeout=10)
        assert (out.files, out.new, out.errors) == (96, 112, 0), "counted over both attempts"
        assert (await LibraryIndex(library.db).locations())[0].complete


async def test_a_library_is_open_while_its_locations_are_indexed_by_a_process_that_gives_way(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases I5 and I6."""
    path = tmp_path / "library"
    async with Library.open(path, create=True, runs="none") as library:
        handle = await library.jobs.dispatch(IndexerJob(root=tree))
    walkers: list[int] = []
    go_on, take = asyncio.Event(), Turns.take

    async def held(turns: Turns) -> Any:
        assert turns._child is not None
        walkers.append(turns._child.pid)
        await go_on.wait()
        return await take(turns)

    monkeypatch.setattr(Turns, "take", held)
    async with Library.open(path) as library:
        await aeventually(lambda: asyncio.sleep(0, walkers))
        assert not (await library.jobs.info(handle.id)).status.is_terminal
        assert not (await LibraryIndex(library.db).locations())[0].complete
        await aeventually(lambda: asyncio.sleep(0, os.getpriority(os.PRIO_PROCESS, walkers[0]) >= LESS_URGENT))
        group = Path(f"/proc/{walkers[0]}/autogroup")  # Linux shares processors among sessions before among processes
        await aeventually(lambda: asyncio.sleep(0, group.read_text().endswith(f"nice {LESS_URGENT}\n")))
        go_on.set()
        await (await library.jobs.get(handle.id)).wait(timeout=10)
    assert len(set(walkers)) == 1


@pytest.mark.needs("root", "fuse")
async def test_a_root_that_does_not_answer_ends_the_job(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer_job, "Turns", partial(Turns, patience=0.3))
    async with Library.open(tmp_path / "library", create=True) as library:
        with silent_disk(tree):
            handle = await library.jobs.dispatch(IndexerJob(root=tree))
            with pytest.raises(JobFailed, match="did not answer"):
                await handle.wait(timeout=10)
