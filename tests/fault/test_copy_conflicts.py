"""What is in the way of a copy: entries of the same name, and requests that cannot be right."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest

from spacedrive_jobs import JobFailed, JobHandle, Library, QuestionInfo
from spacedrive_ops import FileCopyJob, FileMoveJob
from tests.waiting import aeventually

Policy = Literal["skip", "overwrite", "rename", "newer"]
DAY = 86_400 * 10**9


def put(path: Path, text: str, *, mtime_ns: int = 1_700_000_000 * 10**9) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


async def outcomes(library: Library, handle: JobHandle[object]) -> dict[str, tuple[str, str]]:
    """By name: outcome and reason of each item."""
    rows = (await library.jobs.items(handle.id)).rows
    return {os.path.basename(row.raw).decode(): (row.outcome, row.reason) for row in rows}


async def copy_over(disk_path: Path, policy: Policy, *, age: int) -> tuple[dict[str, str], tuple[str, str]]:
    """Copy one file where another of its name is that is `age` older; the texts there are then, and the outcome."""
    base = 1_700_000_000 * 10**9
    put(disk_path / "source" / "a.tar.gz", "new", mtime_ns=base)
    put(disk_path / "out" / "source" / "a.tar.gz", "old", mtime_ns=base - age)
    async with Library.open(disk_path / "library", create=True) as library:
        job = FileCopyJob(sources=(disk_path / "source",), destination=disk_path / "out", on_conflict=policy)
        handle = await library.jobs.dispatch(job)
        await handle.wait(timeout=20)
        told = (await outcomes(library, handle))["a.tar.gz"]
    return {path.name: path.read_text() for path in (disk_path / "out" / "source").iterdir()}, told


@pytest.mark.parametrize(
    ("policy", "age", "texts", "outcome"),
    [
        ("skip", DAY, {"a.tar.gz": "old"}, "skipped"),
        ("overwrite", -DAY, {"a.tar.gz": "new"}, "ok"),
        ("rename", DAY, {"a.tar.gz": "old", "a (2).tar.gz": "new"}, "ok"),
        ("newer", DAY, {"a.tar.gz": "new"}, "ok"),
        ("newer", -DAY, {"a.tar.gz": "old"}, "skipped"),
        ("newer", 0, {"a.tar.gz": "old"}, "skipped"),
    ],
)
async def test_a_file_of_the_same_name_is_treated_as_asked(
    disk_path: Path, policy: Policy, age: int, texts: dict[str, str], outcome: str
) -> None:
    found, told = await copy_over(disk_path, policy, age=age)
    assert found == texts
    assert told[0] == outcome


async def test_what_is_replaced_is_whole_at_every_moment(disk_path: Path) -> None:
    """Who has the old file open goes on reading the old one: it was exchanged, not written over."""
    put(disk_path / "source", "new")
    out = put(disk_path / "out", "old")
    with out.open() as reader:
        async with Library.open(disk_path / "library", create=True) as library:
            job = FileCopyJob(sources=(disk_path / "source",), destination=out, on_conflict="overwrite")
            await (await library.jobs.dispatch(job)).wait(timeout=20)
        assert reader.read() == "old"
    assert out.read_text() == "new"


async def test_what_is_replaced_may_be_a_link_and_its_goal_is_not_touched(disk_path: Path) -> None:
    outside = put(disk_path / "outside", "precious")
    put(disk_path / "source" / "file", "new")
    (disk_path / "out" / "source").mkdir(parents=True)
    (disk_path / "out" / "source" / "file").symlink_to(outside)
    async with Library.open(disk_path / "library", create=True) as library:
        job = FileCopyJob(sources=(disk_path / "source",), destination=disk_path / "out", on_conflict="overwrite")
        await (await library.jobs.dispatch(job)).wait(timeout=20)
    assert outside.read_text() == "precious"
    copied = disk_path / "out" / "source" / "file"
    assert (copied.is_symlink(), copied.read_text()) == (False, "new")


async def test_a_folder_in_the_destination_that_is_a_link_is_not_entered(disk_path: Path) -> None:
    outside = disk_path / "outside"
    outside.mkdir()
    put(disk_path / "source" / "folder" / "file", "text")
    put(disk_path / "source" / "other", "text")
    (disk_path / "out" / "source").mkdir(parents=True)
    (disk_path / "out" / "source" / "folder").symlink_to(outside)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(
            FileCopyJob(sources=(disk_path / "source",), destination=disk_path / "out")
        )
        output = await handle.wait(timeout=20)
        told = await outcomes(library, handle)
    assert list(outside.iterdir()) == []
    assert (output.copied_count, output.failed_count) == (1, 1)
    assert told["folder"] == ("error", "cannot copy this folder: the destination has a file of that name")


async def test_a_file_and_a_folder_of_one_name_are_an_item_and_no_end(disk_path: Path) -> None:
    put(disk_path / "source" / "one", "file")
    put(disk_path / "source" / "two" / "inside", "in a folder")
    put(disk_path / "source" / "zzz", "goes on")
    put(disk_path / "out" / "source" / "one" / "inside", "a folder")
    put(disk_path / "out" / "source" / "two", "a file")
    async with Library.open(disk_path / "library", create=True) as library:
        job = FileCopyJob(sources=(disk_path / "source",), destination=disk_path / "out", on_conflict="overwrite")
        handle = await library.jobs.dispatch(job)
        output = await handle.wait(timeout=20)
        told = await outcomes(library, handle)
    assert (output.copied_count, output.failed_count) == (1, 2)
    assert told["one"] == ("error", "the destination has a folder of that name")
    assert told["two"][0] == "error"
    assert (disk_path / "out" / "source" / "zzz").read_text() == "goes on"


@pytest.mark.parametrize("kind", [FileCopyJob, FileMoveJob])
@pytest.mark.parametrize(
    ("source", "destination", "says"),
    [
        ("tree", ".", "source and destination are the same"),
        ("tree/file", "tree/file", "source and destination are the same"),
        ("tree", "tree/below", "the destination is inside the source"),
        ("tree", "link/below", "the destination is inside the source"),
        ("library", "out", "it belongs to the job library itself"),
        ("tree", "library/logs", "the destination is inside the job library's own folder"),
        ("nothing", "out", "there is no such file or folder"),
        ("tree", "missing/folder/out", "there is no folder"),
    ],
)
async def test_what_cannot_be_right_is_refused_and_nothing_touched(
    disk_path: Path, kind: type[FileCopyJob | FileMoveJob], source: str, destination: str, says: str
) -> None:
    put(disk_path / "tree" / "file", "text")
    (disk_path / "tree" / "below").mkdir()
    (disk_path / "link").symlink_to("tree")
    async with Library.open(disk_path / "library", create=True) as library:
        (disk_path / "library" / "logs").mkdir(exist_ok=True)
        job = kind(sources=(disk_path / source,), destination=disk_path / destination)
        handle = await library.jobs.dispatch(job)
        with pytest.raises(JobFailed, match=says):
            await handle.wait(timeout=20)
    assert sorted(path.name for path in (disk_path / "tree").rglob("*")) == ["below", "file"]
    assert sorted(path.name for path in disk_path.iterdir()) == ["library", "link", "tree"]


async def _open_questions(library: Library, count: int) -> list[QuestionInfo]:
    async def asked() -> bool:
        return len((await library.jobs.questions()).rows) == count

    await aeventually(asked)
    return list((await library.jobs.questions()).rows)


def _thousand(disk_path: Path) -> tuple[Path, Path, list[str]]:
    source, target = disk_path / "source", disk_path / "out"
    for number in range(1_000):
        put(source / f"{number % 7}" / f"{number}.txt", f"new {number}")
    conflicts = [f"{number % 7}/{number}.txt" for number in (3, 102, 997)]
    for name in conflicts:
        put(target / "source" / name, "old", mtime_ns=1_600_000_000 * 10**9)
    put(target / "source" / "5" / "5.txt", "new 5")  # equal already: nothing to ask
    return source, target, conflicts


@pytest.mark.timeout(60)
async def test_the_rest_is_copied_while_conflicts_wait_and_one_answer_serves_all(disk_path: Path) -> None:
    """cases.md F6: one conflict must not hold up all other files overnight."""
    source, target, conflicts = _thousand(disk_path)
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=target, on_conflict="ask"))
        questions = await _open_questions(library, 3)
        assert questions[0].choices == ("skip", "overwrite", "rename", "newer")
        assert sorted(question.question for question in questions) == sorted(
            f"{target / 'source' / name} exists already. Replace it?" for name in conflicts
        )
        assert sum(1 for _ in target.rglob("*.txt")) == 1_000
        assert all((target / "source" / name).read_text() == "old" for name in conflicts)
        await handle.pause()
        await handle.paused()
        await handle.resume()
        await library.jobs.answer(questions[0].id, "overwrite", for_all=True)
        output = await handle.wait(timeout=30)
        assert (output.copied_count, output.skipped_count, output.warning_count, output.failed_count) == (999, 1, 0, 0)
        assert len((await library.jobs.items(handle.id, limit=2_000)).rows) == 1_000
    for file in source.rglob("*.txt"):
        assert (target / "source" / file.relative_to(source)).read_text() == file.read_text()


@pytest.mark.timeout(60)
async def test_each_conflict_may_have_its_own_answer_and_a_killed_copy_does_not_ask_again(disk_path: Path) -> None:
    source, target, conflicts = _thousand(disk_path)
    job = FileMoveJob(sources=(source,), destination=target, on_conflict="ask")
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(job)
        for question in await _open_questions(library, 3):
            if conflicts[0] in question.question:
                await library.jobs.answer(question.id, "rename")
            if conflicts[1] in question.question:
                await library.jobs.answer(question.id, "skip")
    async with Library.open(disk_path / "library") as library:
        (question,) = await _open_questions(library, 1)
        await library.jobs.answer(question.id, "newer")
        moved = await library.jobs.get(handle.id, FileMoveJob)
        output = await moved.wait(timeout=30)
        assert output.failed_count == 0
        assert {info.kind for info in await library.jobs.children(handle.id)} == {"file_move"}
    placed = target / "source"
    assert (placed / conflicts[0]).read_text() == "old"
    assert (placed / "3" / "3 (2).txt").read_text() == "new 3"
    assert (placed / conflicts[1]).read_text() == "old"
    assert (source / conflicts[1]).read_text() == "new 102"
    assert (placed / conflicts[2]).read_text() == "new 997"
    assert sorted(path.name for path in source.rglob("*.txt")) == ["102.txt", "5.txt"]
