"""DeleteJob for good, on real trees."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from spacedrive_jobs import JobFailed, JobStatus, Library, failpoint
from spacedrive_ops import DeleteJob, DeleteOutput
from tests import hostile_trees
from tests.abilities import without_dac_prefix
from tests.mounts import Mounts, run

ROOT = Path(__file__).parents[3]


async def delete(folder: Path, *paths: Path, permanent: bool = True) -> tuple[DeleteOutput, list[tuple[str, str]]]:
    """The output, and each item that is not ok with its reason."""
    async with Library.open(folder / "library", create=True) as library:
        handle = await library.jobs.dispatch(DeleteJob(paths=paths, permanent=permanent))
        output = await handle.wait(timeout=20)
        items = (await library.jobs.items(handle.id)).rows
        return output, [(item.item, item.reason) for item in items if item.outcome != "ok"]


def elsewhere(
    folder: Path, *paths: Path, permanent: bool = True, prefix: list[str] | None = None, failpoints: str = ""
) -> tuple[int, str]:
    """Delete in another process: its exit code and what it printed."""
    arguments = repr({"paths": tuple(os.fsencode(path) for path in paths), "permanent": permanent})
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(folder / "library"), "DeleteJob", arguments]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": failpoints}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*(prefix or []), *command], capture_output=True, text=True, check=False, cwd=ROOT, env=environment, timeout=30
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(40)
async def test_a_hostile_tree_is_gone_and_what_its_links_lead_to_is_not(disk_path: Path) -> None:
    victim = disk_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("keep")
    tree = hostile_trees.build(disk_path / "tree", owners=os.geteuid() == 0).root
    (tree / "links" / "out").symlink_to(victim)
    (tree / "links" / "out too").symlink_to(victim / "precious")
    entries = sum(len(folders) + len(files) for _, folders, files, _ in os.fwalk(tree)) + 1
    output, problems = await delete(disk_path, tree)
    assert problems == []
    assert (output.deleted_count, output.failed_count) == (entries, 0)
    assert output.bytes_freed > 12 << 20
    assert not os.path.lexists(tree)
    assert (victim / "precious").read_text() == "keep"


async def test_a_link_is_removed_and_not_what_it_leads_to(disk_path: Path) -> None:
    target = disk_path / "target"
    target.mkdir()
    (target / "file").write_text("keep")
    link, broken = disk_path / "link", disk_path / "broken"
    link.symlink_to(target)
    broken.symlink_to("nowhere")
    output, problems = await delete(disk_path, link, broken)
    assert (output.deleted_count, problems) == (2, [])
    assert sorted(path.name for path in disk_path.iterdir()) == ["library", "target"]
    assert (target / "file").read_text() == "keep"


async def test_a_tree_deeper_than_any_path(disk_path: Path) -> None:
    here = os.open(disk_path, os.O_RDONLY)
    for level in range(3000):
        name = "tree" if level == 0 else f"level {level} of many"
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    output, problems = await delete(disk_path, disk_path / "tree")
    assert (output.deleted_count, problems) == (3000, [])
    assert not (disk_path / "tree").exists()


async def test_hard_links_free_their_bytes_once_at_the_last_name(disk_path: Path) -> None:
    tree = disk_path / "tree"
    tree.mkdir()
    (tree / "a").write_bytes(os.urandom(1 << 20))
    os.link(tree / "a", tree / "b")
    os.link(tree / "a", disk_path / "stays")
    first, _ = await delete(disk_path, tree)
    assert first.bytes_freed < 1 << 20
    second, _ = await delete(disk_path, disk_path / "stays")
    assert second.bytes_freed >= 1 << 20


async def test_what_is_not_there_is_an_item_and_the_rest_is_deleted(disk_path: Path) -> None:
    (disk_path / "there").write_text("x")
    (disk_path / "there too").mkdir()
    (disk_path / "there too" / "file").write_text("x")
    given = ("missing", "there", "there too", "there", "there too/file")
    output, problems = await delete(disk_path, *(disk_path / name for name in given))
    assert (output.deleted_count, output.failed_count) == (3, 1)
    assert problems == [(str(disk_path / "missing"), "there is no such file or folder")]
    assert not (disk_path / "there").exists()


@pytest.mark.parametrize("permanent", [True, False])
@pytest.mark.parametrize("which", ["root", "home", "above home", "library", "above library", "in library", "a link's"])
async def test_what_holds_everything_is_refused(
    disk_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, permanent: bool
) -> None:
    home = disk_path / "people" / "me"
    home.mkdir(parents=True)
    (disk_path / "elsewhere").symlink_to(disk_path / "people")
    (disk_path / "innocent").write_text("x")
    monkeypatch.setenv("HOME", str(home))
    path = {
        "root": Path("/"),
        "home": home,
        "above home": disk_path / "people",
        "library": disk_path / "library",
        "above library": disk_path,
        "in library": disk_path / "library" / "jobs.db",
        "a link's": disk_path / "elsewhere" / "me" / ".." / "me",
    }[which]
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(DeleteJob(paths=(disk_path / "innocent", path), permanent=permanent))
        with pytest.raises(JobFailed, match=r"will not delete .*: it (is|holds|belongs to)"):
            await handle.wait(timeout=20)
    assert home.exists()
    assert (disk_path / "innocent").exists()


async def test_a_folder_swapped_for_a_link_in_the_middle_leads_nowhere(disk_path: Path) -> None:
    victim, tree = disk_path / "victim", disk_path / "tree"
    victim.mkdir()
    for number in range(20):
        (victim / f"file-{number}").write_text("keep")
    (tree / "folder").mkdir(parents=True)
    for number in range(20):
        (tree / "folder" / f"file-{number}").write_text("x")

    def swap(_: str) -> None:
        (tree / "folder").rename(disk_path / "moved")
        (tree / "folder").symlink_to(victim)

    failpoint.arm("delete.unlink", failpoint.at_nth(swap, 5))
    output, problems = await delete(disk_path, tree)
    assert len(list(victim.iterdir())) == 20
    assert problems == [(str(tree / "folder"), "was replaced while it was being deleted")]
    assert output.failed_count == 1


async def test_a_folder_swapped_between_the_look_and_the_opening(disk_path: Path) -> None:
    victim, tree = disk_path / "victim", disk_path / "tree"
    victim.mkdir()
    (victim / "file").write_text("keep")
    (tree / "folder").mkdir(parents=True)

    def swap(_: str) -> None:
        (tree / "folder").rmdir()
        (tree / "folder").symlink_to(victim)

    failpoint.arm("delete.enter", failpoint.at_nth(swap, 4))  # twice by the scan, then the root, then this one
    _, problems = await delete(disk_path, tree)
    assert (victim / "file").read_text() == "keep"
    assert problems == [(str(tree / "folder"), "was replaced while it was being deleted")]


async def test_a_deep_folder_moved_elsewhere_does_not_take_the_deletion_along(disk_path: Path) -> None:
    """The folders above are closed by then; coming back through ".." would lead to where it was moved."""
    tree, other = disk_path / "tree", disk_path / "other"
    middle = tree / "/".join(f"{level}" for level in range(40))
    deep = middle / "/".join(f"deeper {level}" for level in range(40))
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    (middle / "precious").write_text("goes")
    (other / "deeper").mkdir(parents=True)
    (other / "precious").write_text("keep")

    def move(_: str) -> None:
        (middle / "deeper 0").rename(other / "deeper 0")

    failpoint.arm("delete.unlink", failpoint.at_nth(move, 1))
    output, problems = await delete(disk_path, tree)
    assert (other / "precious").read_text() == "keep"
    assert (other / "deeper").is_dir()
    assert output.deleted_count > 10
    assert all("was moved" in reason or "not empty" in reason for _, reason in problems), problems


@pytest.mark.needs("root", "drop_capabilities")
async def test_what_may_not_be_deleted_is_listed_and_the_rest_is_gone(disk_path: Path) -> None:
    tree = disk_path / "tree"
    for name in ("closed", "read only", "open"):
        (tree / name).mkdir(parents=True)
        (tree / name / "file").write_text("x")
    (tree / "empty and closed").mkdir(mode=0)
    (tree / "closed").chmod(0)
    (tree / "read only").chmod(0o555)
    code, said = elsewhere(disk_path, tree, prefix=without_dac_prefix())
    assert code == 0, said
    assert f"error {tree / 'closed'} cannot be read: permission denied" in said
    assert f"error {tree / 'read only' / 'file'} cannot be deleted: permission denied (its folder is read-only" in said
    assert "failed_count=2" in said
    assert sorted(path.name for path in tree.iterdir()) == ["closed", "read only"]


@pytest.mark.needs("mount")
async def test_another_disk_is_not_entered(disk_path: Path, mounts: Mounts) -> None:
    disk = mounts.tmpfs(size_mib=4).path
    (disk / "precious").write_text("keep")
    tree = disk.parent.parent / "tree"
    (tree / "bound").mkdir(parents=True)
    (tree / "file").write_text("x")
    inner = disk_path / "inner"
    inner.mkdir()
    (inner / "precious").write_text("keep")
    run("mount", "--bind", str(inner), str(tree / "bound"))  # the same device: only the mount tells
    try:
        output, problems = await delete(disk_path, tree, disk)
        trashed, refused = await delete(disk_path, tree, permanent=False)
    finally:
        run("umount", str(tree / "bound"))
    reason = "another disk is mounted there"
    assert problems == [(str(tree / "bound"), reason), (str(disk), reason)]
    assert (output.deleted_count, output.failed_count) == (1, 2)
    assert refused == [(str(tree), f"another disk is mounted in it, at {tree / 'bound'}")]
    assert trashed.failed_count == 1
    assert (disk / "precious").exists()
    assert (inner / "precious").exists()


@pytest.mark.needs("root", "drop_capabilities")
async def test_a_killed_deletion_goes_on_and_counts_right(disk_path: Path) -> None:
    tree = disk_path / "tree"
    for folder in range(20):
        (tree / f"folder-{folder:02}").mkdir(parents=True)
        for number in range(50):
            (tree / f"folder-{folder:02}" / f"file-{number:02}").write_text("x")
    (disk_path / "alone").write_text("x")
    (tree / "folder-03").chmod(0o555)
    failpoints = "delete.unlink=kill@700"
    code, said = elsewhere(disk_path, disk_path / "alone", tree, prefix=without_dac_prefix(), failpoints=failpoints)
    assert code == -signal.SIGKILL, said
    assert not (disk_path / "alone").exists()
    left = sum(len(files) for _, _, files in os.walk(tree))
    assert 300 < left < 400  # 699 tried, 50 of them in vain
    (tree / "folder-03").chmod(0o755)
    async with Library.open(disk_path / "library") as library:
        (info,) = (await library.jobs.list()).rows
        handle = await library.jobs.get(info.id, DeleteJob)
        output = await handle.wait(timeout=20)
        again = (await library.jobs.items(info.id)).rows
        assert [item.raw for item in again if item.outcome != "ok"] == []
        assert (await library.jobs.info(info.id)).status is JobStatus.COMPLETED
    assert (output.deleted_count, output.failed_count) == (20 * 50 + 20 + 1 + 1, 0)
    assert not tree.exists()


async def test_a_pause_keeps_what_failed_and_does_not_say_it_twice(disk_path: Path) -> None:
    """Stopped after a failure: the next attempt passes it over, and its folder stays without a word."""
    tree = disk_path / "tree"
    (tree / "a").mkdir(parents=True)
    for number in range(300):
        (tree / "a" / f"file-{number:03}").write_text("x")
    (tree / "b").mkdir()
    (tree / "b" / "file").write_text("x")
    loop, reached, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    hits = 0

    def refuse_then_hold(_: str) -> None:
        nonlocal hits
        hits += 1
        if hits == 100:
            raise PermissionError(1, "Operation not permitted")
        if hits == 200:
            loop.call_soon_threadsafe(reached.set)
            gate.wait(10)

    failpoint.arm("delete.unlink", refuse_then_hold)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(DeleteJob(paths=(tree,), permanent=True))
        await asyncio.wait_for(reached.wait(), 10)
        await handle.pause()
        gate.set()
        await handle.paused()
        assert 100 <= len(list((tree / "a").iterdir())) <= 101
        await handle.resume()
        output = await handle.wait(timeout=20)
        problems = [item for item in (await library.jobs.items(handle.id)).rows if item.outcome != "ok"]
    assert [Path(os.fsdecode(item.raw)) for item in problems] == [tree / "a" / "file-099"]
    assert (output.deleted_count, output.failed_count) == (299 + 1 + 1, 1)
    assert sorted(tree.rglob("*")) == [tree / "a", tree / "a" / "file-099"]


async def test_a_retry_does_not_complain_of_what_is_gone(disk_path: Path) -> None:
    for name in ("one", "two"):
        (disk_path / name).write_text("x")

    def refuse(_: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    failpoint.arm("delete.unlink", failpoint.at_nth(refuse, 2))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(DeleteJob(paths=(disk_path / "one", disk_path / "two"), permanent=True))
        assert (await handle.wait(timeout=20)).failed_count == 1
        again = await handle.retry()
        output = await again.wait(timeout=20)
    assert (output.deleted_count, output.failed_count) == (1, 0)
    assert not (disk_path / "two").exists()
