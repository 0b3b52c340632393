"""The index follows a folder that is watched."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import JobHandle, Library
from spacedrive_ops import IndexerJob, IndexOutput, keep_indexed
from tests.acceptance.ops.disk_and_index import in_index, on_disk, totals_of

inotify_simple: Any = import_module("inotify_simple")
Runs = AsyncGenerator[JobHandle[IndexOutput]]
OWN = frozenset({b"library"})


async def following(runs: Runs) -> IndexOutput:
    async with asyncio.timeout(30):
        return await (await anext(runs)).wait()


async def test_what_changes_is_indexed_as_what_it_is_and_nothing_else_is_looked_at(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("one", "two", "three/deep"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "file").write_text(folder)
    async with Library.open(tree / "library", create=True) as library:  # its own writes are no change
        async with aclosing(keep_indexed(library, IndexerJob(root=tree))) as runs:
            assert (await following(runs)).new == 7
            (tree / "one" / "file").rename(tree / "three" / "deep" / "moved")
            out = await following(runs)
            assert (out.moved, out.new, out.deleted) == (1, 0, 0), "both ends belong to one run"
            assert out.files == 2, "folders that have not changed were not read"
            (tree / "new" / "inside").mkdir(parents=True)
            (tree / "new" / "inside" / "file").write_text("new")
            assert (await following(runs)).new == 3
            (tree / "two" / "file").write_text("another text")
            shutil.rmtree(tree / "new")
            out = await following(runs)
            assert (out.modified, out.deleted) == (1, 3)
            assert await in_index(library, tree) == on_disk(tree, OWN)
            assert (await totals_of(library))[b""][1:] == (3, 4)


async def test_a_name_that_is_no_text_is_followed_too(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    strange = os.fsencode(tree) + b"/\xff\xfe folder"
    os.makedirs(strange)
    async with Library.open(tmp_path / "library", create=True) as library:
        async with aclosing(keep_indexed(library, IndexerJob(root=tree))) as runs:
            await following(runs)
            Path(os.fsdecode(strange + b"/\xe9")).write_text("é, as it was once written")
            assert (await following(runs)).new == 1
            assert await in_index(library, tree) == on_disk(tree)


async def test_folders_that_are_made_moved_and_filled_at_once_are_all_followed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        async with aclosing(keep_indexed(library, IndexerJob(root=tree))) as runs:
            await following(runs)
            (tree / "a" / "b" / "c").mkdir(parents=True)
            (tree / "a").rename(tree / "z")
            (tree / "z" / "b" / "c" / "one").write_text("1")
            await following(runs)
            assert await in_index(library, tree) == on_disk(tree)
            (tree / "z" / "b").rename(tree / "elsewhere")
            (tree / "elsewhere" / "c" / "two").write_text("2")
            await following(runs)
            assert await in_index(library, tree) == on_disk(tree)
            (tree / "elsewhere" / "c" / "three").write_text("3")
            await following(runs)
            assert await in_index(library, tree) == on_disk(tree)


async def test_when_the_kernel_could_not_keep_all_notices_all_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    (tree / "one").mkdir(parents=True)
    overflow = [inotify_simple.Event(-1, inotify_simple.flags.Q_OVERFLOW, 0, "")]
    read = inotify_simple.INotify.read

    def instead(self: Any, *arguments: Any, **options: Any) -> Any:
        return overflow if read(self, *arguments, **options) else []

    async with Library.open(tmp_path / "library", create=True) as library:
        async with aclosing(keep_indexed(library, IndexerJob(root=tree))) as runs:
            await following(runs)
            monkeypatch.setattr(inotify_simple.INotify, "read", instead)
            (tree / "one" / "file").write_text("1")
            out = await following(runs)
            assert (out.new, out.files, out.folders) == (1, 1, 1)


async def test_all_is_looked_at_again_after_a_while(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        job = IndexerJob(root=tmp_path / "tree")
        async with aclosing(keep_indexed(library, job, every=timedelta(milliseconds=1))) as runs:
            assert [(await following(runs)).new for _ in range(3)] == [0, 0, 0]


def no_more_watches(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_folder_that_cannot_be_watched_is_said_to_be_and_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inotify_simple.INotify, "add_watch", no_more_watches)
    (tmp_path / "tree").mkdir()
    said: list[str] = []
    async with Library.open(tmp_path / "library", create=True) as library:
        job = IndexerJob(root=tmp_path / "tree")
        every = timedelta(milliseconds=1)
        async with aclosing(keep_indexed(library, job, every=every, warn=said.append)) as runs:
            assert [(await following(runs)).files for _ in range(3)] == [0, 0, 0]
    assert "fs.inotify.max_user_watches" in said[0]
    assert len(set(said)) == 1


async def test_folders_are_looked_at_by_the_rules_of_those_above_them(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / ".gitignore").write_text("*.log\n")
    (tree / "src" / "kept").write_text("1")
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(IndexerJob(root=tree, gitignore=True))
        assert (await handle.wait(timeout=10)).files == 2
        (tree / "src" / "dropped.log").write_text("1")
        (tree / "src" / "more").write_text("1")
        handle = await library.jobs.dispatch(IndexerJob(root=tree, gitignore=True, only=(tree / "src",)))
        assert (await handle.wait(timeout=10)).new == 1
        handle = await library.jobs.dispatch(IndexerJob(root=tree / "src", gitignore=True))
        assert (await handle.wait(timeout=10)).new == 0
