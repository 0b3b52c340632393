"""A job that completed although items failed is done again for these alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from spacedrive_jobs import ItemInfo, JobContext, JobHandle, Library, TransitionRefused, job
from spacedrive_ops import FileCopyJob, FileMoveJob

bad: set[int] = set()


@job(name="test.some_fail", isolation="async")
async def some_fail(ctx: JobContext, count: int) -> list[int]:
    again: list[int] = []
    last: ItemInfo | None = None
    while page := await ctx.failed_before(last):
        again += [int(item.item) for item in page]
        last = page[-1]
    todo = again if ctx.retry_of is not None else list(range(count))
    for number in todo:
        if number in bad:
            ctx.item(str(number), "error", "is bad")
        else:
            ctx.item(str(number))
    return todo


async def items_of(library: Library, handle: JobHandle[object]) -> list[tuple[str, str]]:
    rows = (await library.jobs.items(handle.id, limit=10_000)).rows
    return sorted((Path(row.item).name, row.outcome) for row in rows)


async def test_a_retry_knows_which_items_failed_page_by_page(tmp_path: Path) -> None:
    bad.clear()
    bad.update(range(0, 3_000, 2))
    async with Library.open(tmp_path, create=True) as library:
        first = await library.jobs.dispatch(some_fail.new(3_000))
        assert len(await first.wait()) == 3_000
        bad.difference_update(range(10, 3_000))
        second = await first.retry()
        assert await second.wait() == list(range(0, 3_000, 2))
        third = await second.retry()
        assert await third.wait() == [0, 2, 4, 6, 8]
        bad.clear()
        fourth = await third.retry()
        assert await fourth.wait() == [0, 2, 4, 6, 8]
        with pytest.raises(TransitionRefused, match="no item failed"):
            await fourth.retry()


def planted(tmp_path: Path) -> tuple[Path, Path]:
    """A tree of which a file and a folder meet something else in the destination."""
    source, out = tmp_path / "tree", tmp_path / "out"
    for folder in ("one", "two"):
        (source / folder).mkdir(parents=True)
        for number in range(5):
            (source / folder / f"file {number}").write_text(f"{folder} {number}")
    (out / "tree" / "one" / "file 2").mkdir(parents=True)
    (out / "tree" / "two").write_text("no folder")
    return source, out


def mend(out: Path) -> None:
    (out / "tree" / "one" / "file 2").rmdir()
    (out / "tree" / "two").unlink()


async def test_a_copy_again_copies_only_what_failed(tmp_path: Path) -> None:
    source, out = planted(tmp_path)
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=out, on_conflict="overwrite"))
        done = await first.wait()
        assert (done.copied_count, done.failed_count) == (4, 2)
        mend(out)
        (out / "tree" / "one" / "file 0").unlink()  # what was copied before is no business of the second job
        second = await first.retry()
        again = await second.wait()
        assert (again.copied_count, again.skipped_count, again.failed_count) == (6, 0, 0)
        assert await items_of(library, second) == [(f"file {n}", "ok") for n in (0, 1, 2, 2, 3, 4)]
        assert not (out / "tree" / "one" / "file 0").exists()
        assert {path.name for path in (out / "tree" / "two").iterdir()} == {f"file {n}" for n in range(5)}
        view = (await library.jobs.info(second.id)).view
        assert view is not None
        assert (view.items_done, view.items_total, view.fraction) == (6, 6, 1.0)


async def test_a_cancelled_copy_again_goes_on_and_does_what_failed_before(tmp_path: Path) -> None:
    source, out = planted(tmp_path)
    big = source / "zz big"
    big.write_bytes(b"x" * (300 << 20))
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=out, on_conflict="overwrite"))
        async for _ in first.subscribe():
            if (await library.jobs.info(first.id)).metrics.items_error == 2:
                break
        await first.cancel()
        async for _ in first.subscribe():
            pass
        mend(out)
        second = await first.retry()
        again = await second.wait(timeout=15)
        assert again.failed_count == 0
        found = {path.relative_to(out / "tree") for path in (out / "tree").rglob("*") if path.is_file()}
        assert found == {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
        assert ("file 2", "ok") in await items_of(library, second)


async def test_a_move_again_moves_what_is_left(tmp_path: Path) -> None:
    source, out = planted(tmp_path)
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await library.jobs.dispatch(FileMoveJob(sources=(source,), destination=out, on_conflict="overwrite"))
        done = await first.wait()
        assert (done.moved_count, done.failed_count) == (4, 2)
        mend(out)
        second = await first.retry()
        again = await asyncio.wait_for(second.wait(), 15)
        assert (again.moved_count, again.failed_count) == (6, 0)
        assert not source.exists()
        assert len([path for path in (out / "tree").rglob("*") if path.is_file()]) == 10
